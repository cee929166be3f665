#include "reports/latency_svg.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "harness/stats/descriptive.h"
#include "harness/store/summary.h"

namespace qbench::reports {
namespace {

constexpr double kLow = -0.10;  // of the median
constexpr double kHigh = 0.30;
constexpr int kBins = 80;
constexpr int kBinWidth = 3;  // pixels
constexpr int kWidth = kBins * kBinWidth;
constexpr int kRowHeight = 15;
constexpr int kMargin = 34;  // right of the scale, for the count of what lies beyond

double Position(double relative) { return (relative - kLow) / (kHigh - kLow) * kWidth; }

// The silhouette of a histogram with square-root heights, so that a few slow samples stay visible.
std::string Ridge(const std::vector<double>& samples_ns, double median_ns, int bottom,
                  int* beyond) {
  std::array<int, kBins> counts{};
  for (double sample : samples_ns) {
    const double bin = std::floor(Position(sample / median_ns - 1) / kBinWidth);
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

std::string LatencySvg(const store::CellData& cell, double median_ms) {
  const auto processes = store::LatencyOf(cell);
  if (processes.empty() || !(median_ms > 0)) return "";
  const int height = static_cast<int>(processes.size()) * kRowHeight + 1;
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" aria-label=\"Latency "
      "samples of each process relative to the median\">",
      kWidth + kMargin, height, kWidth + kMargin, height);
  svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1}\"/>",
                     Position(0), height);
  int bottom = 0;
  for (const store::Measurement* process : processes) {
    bottom += kRowHeight;
    int beyond = 0;
    svg += fmt::format("<path class=\"ridge\" d=\"{}\"/>",
                       Ridge(process->samples_ns, median_ms * 1e6, bottom, &beyond));
    const double own = stats::Median(process->samples_ns) / (median_ms * 1e6) - 1;
    const double x = std::clamp(Position(own), 0.0, static_cast<double>(kWidth));
    svg += fmt::format("<line class=\"mid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>",
                       x, bottom - kRowHeight + 2, bottom);
    if (beyond > 0) {
      svg += fmt::format("<text x=\"{}\" y=\"{}\">+{}</text>", kWidth + 4, bottom - 3, beyond);
    }
  }
  return svg + "</svg>";
}

}  // namespace qbench::reports
