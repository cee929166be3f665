#include "reports/latency_svg.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "harness/results/summary.h"
#include "harness/stats/descriptive.h"

namespace qbench::reports {
namespace {

// The scales are -10 to +30 % and multiples of it; the first that leaves out no more than this
// share of the samples is taken.
constexpr std::array kWidenings = {1.0, 3.0, 10.0};
constexpr double kMaxBeyond = 0.02;
constexpr int kBins = 80;
constexpr int kBinWidth = 3;  // pixels
constexpr int kWidth = kBins * kBinWidth;
constexpr int kRowHeight = 15;
constexpr int kMargin = 46;  // right of the scale, for the count of what lies beyond

double Position(double relative, const LatencyScale& scale) {
  return (relative - scale.low) / (scale.high - scale.low) * kWidth;
}

double MedianOf(const std::vector<const store::Measurement*>& processes) {
  std::vector<double> medians;
  for (const auto* process : processes) medians.push_back(stats::Median(process->samples_ns));
  return stats::Median(medians);
}

// The silhouette of a histogram with square-root heights, so that a few slow samples stay visible.
std::string Ridge(const std::vector<double>& samples_ns, double median_ns,
                  const LatencyScale& scale, int bottom, int* beyond) {
  std::array<int, kBins> counts{};
  for (double sample : samples_ns) {
    const double bin = std::floor(Position(sample / median_ns - 1, scale) / kBinWidth);
    if (bin >= kBins) {
      ++*beyond;
    } else {
      ++counts[static_cast<size_t>(std::max(bin, 0.0))];
    }
  }
  const int highest = *std::max_element(counts.begin(), counts.end());
  if (highest == 0) return "";
  std::string path = fmt::format("M0 {}", bottom);
  int drawn = bottom;
  for (int i = 0; i <= kBins; ++i) {
    const int count = i < kBins ? counts[static_cast<size_t>(i)] : 0;
    const double share = std::sqrt(static_cast<double>(count) / highest);
    const int top = bottom - static_cast<int>(std::lround(share * (kRowHeight - 2)));
    if (top == drawn) continue;
    path += fmt::format("H{}V{}", i * kBinWidth, top);
    drawn = top;
  }
  return path + "Z";
}

}  // namespace

LatencyScale ScaleFor(const std::vector<const store::CellData*>& cells) {
  LatencyScale scale;
  for (const double widening : kWidenings) {
    scale = {LatencyScale().low * widening, LatencyScale().high * widening};
    size_t samples = 0;
    size_t beyond = 0;
    for (const store::CellData* cell : cells) {
      const auto processes = results::LatencyOf(*cell);
      const double limit = processes.empty() ? 0 : MedianOf(processes) * (1 + scale.high);
      for (const store::Measurement* process : processes) {
        samples += process->samples_ns.size();
        beyond += static_cast<size_t>(std::count_if(process->samples_ns.begin(),
                                                    process->samples_ns.end(),
                                                    [&](double sample) { return sample > limit; }));
      }
    }
    if (static_cast<double>(beyond) <= kMaxBeyond * static_cast<double>(samples)) break;
  }
  return scale;
}

std::string LatencySvg(const store::CellData& cell, double median_ms, const LatencyScale& scale) {
  const auto processes = results::LatencyOf(cell);
  if (processes.empty() || !(median_ms > 0)) return "";
  const int height = static_cast<int>(processes.size()) * kRowHeight + 1;
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" aria-label=\"Latency "
      "samples of each process relative to the median\">",
      kWidth + kMargin, height, kWidth + kMargin, height);
  svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1}\"/>",
                     Position(0, scale), height);
  int bottom = 0;
  for (const store::Measurement* process : processes) {
    bottom += kRowHeight;
    int beyond = 0;
    svg += fmt::format("<path class=\"ridge\" d=\"{}\"/>",
                       Ridge(process->samples_ns, median_ms * 1e6, scale, bottom, &beyond));
    const double own = stats::Median(process->samples_ns) / (median_ms * 1e6) - 1;
    const double x = std::clamp(Position(own, scale), 0.0, static_cast<double>(kWidth));
    svg += fmt::format("<line class=\"mid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>",
                       x, bottom - kRowHeight + 2, bottom);
    if (beyond > 0) {
      svg += fmt::format("<text x=\"{}\" y=\"{}\">+{}</text>", kWidth + 4, bottom - 3, beyond);
    }
  }
  return svg + "</svg>";
}

}  // namespace qbench::reports
