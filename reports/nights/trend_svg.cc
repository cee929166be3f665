#include "reports/nights/trend_svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "fmt/format.h"
#include "reports/nights/nights_words.h"

namespace qbench::reports {
namespace {

using results::CellTrend;
using results::Judgement;
using results::LevelChange;
using results::TrendPoint;
using results::Watch;

constexpr double kWidth = 900;
constexpr double kLeft = 52;
constexpr double kRight = 880;
constexpr double kTop = 22;   // above it stand the changes
constexpr double kAxis = 18;  // below the plot stand the days

// A chart of nights: time to the right, a value upwards.
class Chart {
 public:
  Chart(const Watch& watch, double height, double low, double high)
      : watch_(watch), height_(height), bottom_(height - kAxis), low_(low), high_(high) {
    begin_ = watch.started.front();
    end_ = std::max(watch.overdue() ? watch.at : watch.started.back(), begin_ + 1);
  }

  double X(size_t night) const { return XOf(watch_.started[night]); }
  double Y(double value) const {
    const double share = (std::clamp(value, low_, high_) - low_) / (high_ - low_);
    return bottom_ - share * (bottom_ - kTop);
  }
  double bottom() const { return bottom_; }

  void Add(std::string text) { svg_ += std::move(text); }
  void Line(const char* kind, double x1, double y1, double x2, double y2) {
    svg_ += fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)",
                        kind, x1, y1, x2, y2);
  }
  void Text(const char* kind, double x, double y, const char* anchor, const std::string& text) {
    svg_ += fmt::format(R"(<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)",
                        kind, x, y, anchor, text);
  }

  // The bands of the nights that did not run, the grid and the days.
  void AddFrame(double step, int digits, const char* unit) {
    for (const results::MissingNights& missing : watch_.missing) {
      const double half = static_cast<double>(watch_.rules.every_seconds) / 2;
      const double x1 = XOf(static_cast<double>(missing.first) - half);
      const double until = static_cast<double>(missing.first) +
                           static_cast<double>((missing.count - 1) * watch_.rules.every_seconds);
      const double x2 = std::max(x1 + 2, XOf(until + half));
      svg_ += fmt::format(
          R"(<rect class="missing" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>)",
          x1, kTop, x2 - x1, bottom_ - kTop, MissingText(missing));
    }
    for (double value = std::ceil(low_ / step) * step; value <= high_ + step / 100; value += step) {
      Line("grid", kLeft, Y(value), kRight, Y(value));
      Text("tick", kLeft - 6, Y(value) + 4, "end", fmt::format("{:.{}f}{}", value, digits, unit));
    }
    const size_t nights = watch_.started.size();
    const size_t stride = std::max<size_t>(1, (nights + 7) / 8);
    for (size_t i = 0; i < nights; i += stride) {
      Text("tick", X(i), height_ - 4, "middle", Day(watch_.started[i]).substr(5));
    }
    for (const size_t night : watch_.pinned_anew) {
      Line("pinned", X(night) - 3, kTop, X(night) - 3, bottom_);
    }
  }

  std::string Finished(const std::string& label) const {
    return fmt::format(
               R"(<svg class="trend" viewBox="0 0 {0:.0f} {1:.0f}" role="img" aria-label="{2}">)",
               kWidth, height_, label) +
           svg_ + "</svg>";
  }

 private:
  double XOf(int64_t seconds) const { return XOf(static_cast<double>(seconds)); }
  double XOf(double seconds) const {
    const double share =
        (seconds - static_cast<double>(begin_)) / static_cast<double>(end_ - begin_);
    // Half a dot of room at either end.
    return std::clamp(kLeft + 8 + share * (kRight - kLeft - 16), kLeft, kRight);
  }

  const Watch& watch_;
  double height_;
  double bottom_;
  double low_;
  double high_;
  int64_t begin_ = 0;
  int64_t end_ = 1;
  std::string svg_;
};

double NiceStep(double range) {
  constexpr std::array kSteps = {0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0};
  for (const double step : kSteps) {
    if (range / step <= 5) return step;
  }
  return 100;
}

std::string PointTitle(const Watch& watch, const TrendPoint& point, size_t night) {
  return fmt::format("<title>{}, run {}: {:.3f} ({:.3f} to {:.3f}){}</title>",
                     Day(watch.started[night]), watch.nights()[night].run.id, *point.ratio,
                     point.low, point.high,
                     point.judgement == Judgement::kInvalid ? ", says nothing"
                     : point.judgement == Judgement::kWorse ? ", slower"
                                                            : "");
}

void AddPoint(const Watch& watch, const TrendPoint& point, size_t night, Chart* chart) {
  const double x = chart->X(night);
  const double y = chart->Y(*point.ratio);
  if (point.high > point.low) {
    chart->Line("interval", x, chart->Y(point.low), x, chart->Y(point.high));
  }
  const std::string title = PointTitle(watch, point, night);
  if (point.judgement == Judgement::kWorse) {
    chart->Add(fmt::format(R"(<path class="worse" d="M{:.1f} {:.1f}l6 6l-6 6l-6-6z">{}</path>)", x,
                           y - 6, title));
    return;
  }
  chart->Add(fmt::format(R"(<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="3.6">{}</circle>)",
                         point.judgement == Judgement::kInvalid      ? "invalid"
                         : point.judgement == Judgement::kMaybeWorse ? "maybe"
                                                                     : "good",
                         x, y, title));
}

// A line for each level from its first night to its last, of the cells that changed theirs.
void AddLevels(const Watch& watch, const CellTrend& trend, Chart* chart) {
  double label_end = 0;
  double label_y = 12;
  for (size_t i = 0; i < trend.changes.size(); ++i) {
    const LevelChange& change = trend.changes[i];
    const size_t from = i == 0 ? 0 : trend.changes[i - 1].night;
    const size_t to =
        i + 1 < trend.changes.size() ? trend.changes[i + 1].night : trend.points.size();
    const double x = chart->X(change.night);
    const double y = chart->Y(change.before);
    chart->Line("level", chart->X(from), y, chart->X(change.night - 1), y);
    chart->Line("level", x, chart->Y(change.after), chart->X(to - 1), chart->Y(change.after));
    chart->Line("change", x - 3, kTop, x - 3, chart->bottom());
    const std::string label = fmt::format("{} {}", Day(watch.started[change.night]).substr(5),
                                          SignedPercent(change.percent()));
    const bool at_end = x > kRight - 90;
    // Two labels side by side, or one above the other.
    label_y = x - 3 < label_end ? (label_y > 15 ? 12 : 22) : 12;
    chart->Text("change-label", x - 3, label_y, at_end ? "end" : "start", label);
    label_end = x + 90;
  }
}

}  // namespace

std::string TrendSvg(const Watch& watch, const CellTrend& trend) {
  double low = 0.98;
  double high = 1.02;
  size_t measured = 0;
  for (const TrendPoint& point : trend.points) {
    if (!point.ratio) continue;
    ++measured;
    // Intervals that say nothing may be of any width.
    low = std::min(low, point.counts() ? point.low : *point.ratio);
    high = std::max(high, point.counts() ? point.high : *point.ratio);
  }
  low = std::max(low, 0.2);
  high = std::min(high, 5.0);
  const double margin = (high - low) * 0.06;
  Chart chart(watch, 170, low - margin, high + margin);
  chart.AddFrame(NiceStep(high - low), high - low < 0.05 ? 3 : 2, "");
  chart.Line("one", kLeft, chart.Y(1), kRight, chart.Y(1));
  AddLevels(watch, trend, &chart);
  for (size_t i = 0; i < trend.points.size(); ++i) {
    if (trend.points[i].ratio) {
      AddPoint(watch, trend.points[i], i, &chart);
    } else if (trend.points[i].judgement == Judgement::kInvalid) {
      chart.Add(fmt::format(
          R"(<circle class="invalid" cx="{:.1f}" cy="{:.1f}" r="3.6"><title>{}, run {}: says nothing</title></circle>)",
          chart.X(i), chart.bottom() - 6, Day(watch.started[i]), watch.nights()[i].run.id));
    }
  }
  return chart.Finished(fmt::format(
      "Ratio of the latency to the baseline's over {} nights, {} with a figure, {} changes of the "
      "level",
      trend.points.size(), measured, trend.changes.size()));
}

std::string TemperatureSvg(const Watch& watch) {
  std::vector<double> all;
  for (const results::JudgedNight& night : watch.nights()) {
    if (!night.temperatures) continue;
    all.push_back(night.temperatures->low);
    all.push_back(night.temperatures->high);
  }
  if (all.empty()) return "";
  const auto [least, most] = std::ranges::minmax(all);
  const double low = std::floor(least - 2);
  const double high = std::ceil(most + 2);
  Chart chart(watch, 130, low, high);
  chart.AddFrame(NiceStep(high - low), 0, " °C");
  for (size_t i = 0; i < watch.nights().size(); ++i) {
    const auto& heat = watch.nights()[i].temperatures;
    if (!heat) continue;
    const double x = chart.X(i);
    chart.Line("interval", x, chart.Y(heat->low), x, chart.Y(heat->high));
    chart.Add(fmt::format(
        R"(<circle class="good" cx="{:.1f}" cy="{:.1f}" r="3.6"><title>{}: {:.0f} °C ({:.0f} to {:.0f})</title></circle>)",
        x, chart.Y(heat->median), Day(watch.started[i]), heat->median, heat->low, heat->high));
  }
  return chart.Finished("The board's temperature while latencies were measured, over the nights");
}

}  // namespace qbench::reports
