#include "reports/board_history.h"

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <utility>

#include "base/utc_time.h"
#include "fmt/format.h"
#include "harness/results/reduced_run.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

constexpr double kWidth = 1000;
constexpr double kLeft = 96;   // of the lanes, for their names
constexpr double kRight = 64;  // for their values
constexpr double kLane = 58;
constexpr double kLaneGap = 12;
constexpr double kSpans = 26;  // the height of the processes' lane
constexpr double kAxis = 22;

BoardReading ReadingOf(const Json& conditions, const char* end) {
  BoardReading reading;
  reading.temperature_c = results::ReadingIn(conditions, end, "temperature_c");
  if (const auto khz = results::ReadingIn(conditions, end, "frequency_khz")) {
    reading.mhz = *khz / 1000;
  }
  reading.load = results::ReadingIn(conditions, end, "load_1min");
  if (!conditions.is_object() || !conditions.contains(end)) return reading;
  const Json& readings = conditions.at(end);
  if (!readings.is_object()) return reading;
  // The low four bits are about now, the others about since boot.
  const auto bits = readings.find("throttled");
  const auto voltage = readings.find("under_voltage");
  if (bits != readings.end() && bits->is_number_unsigned()) {
    reading.throttled = (bits->get<uint64_t>() & 0xFU) != 0;
  } else if (voltage != readings.end() && voltage->is_boolean()) {
    reading.throttled = voltage->get<bool>();
  }
  return reading;
}

// Every n-th, so that no more are left than can be seen.
std::vector<BoardSpan> Thinned(const std::vector<BoardSpan>& history) {
  const size_t step = (history.size() + kMostSpans - 1) / kMostSpans;
  if (step <= 1) return history;
  std::vector<BoardSpan> kept;
  for (size_t i = 0; i < history.size(); i += step) kept.push_back(history[i]);
  return kept;
}

class Drawing {
 public:
  explicit Drawing(const std::vector<BoardSpan>& history)
      : spans_(Thinned(history)), seconds_(std::max(1.0, history.back().end)) {}

  std::string Draw() {
    AddLane("temperature", "°C", 0, &BoardReading::temperature_c);
    AddLane("clock", "MHz", 0, &BoardReading::mhz);
    AddLane("load", "", 1, &BoardReading::load);
    AddThrottling();
    AddSpans();
    AddAxis();
    return fmt::format(
               "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"Temperature, clock, "
               "load and throttling of the board during the run; the figures are listed "
               "below\">",
               kWidth, top_) +
           body_ + "</svg>";
  }

 private:
  double X(double seconds) const {
    return kLeft + (kWidth - kLeft - kRight) * std::clamp(seconds / seconds_, 0.0, 1.0);
  }

  void Text(double x, double y, const char* anchor, const std::string& text) {
    body_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y,
                         anchor, text);
  }

  void BeginLane(const char* name) {
    Text(kLeft - 12, top_ + kLane / 2 + 4, "end", name);
    body_ += fmt::format(
        "<line class=\"lane\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>", kLeft,
        kWidth - kRight, top_ + kLane);
  }

  void AddLane(const char* name, const char* unit, int decimals,
               std::optional<double> BoardReading::*member) {
    std::vector<std::pair<double, double>> points;
    for (const BoardSpan& span : spans_) {
      if (const auto& value = span.before.*member) points.emplace_back(span.start, *value);
      if (const auto& value = span.after.*member) points.emplace_back(span.end, *value);
    }
    BeginLane(name);
    if (points.empty()) {
      Text(kLeft + 8, top_ + kLane / 2 + 4, "start", "not measured");
    } else {
      AddLine(points, unit, decimals);
    }
    top_ += kLane + kLaneGap;
  }

  void AddLine(const std::vector<std::pair<double, double>>& points, const char* unit,
               int decimals) {
    const auto [low, high] = std::ranges::minmax_element(
        points, {}, [](const std::pair<double, double>& point) { return point.second; });
    const double range = high->second - low->second;
    std::string path;
    for (const auto& [seconds, value] : points) {
      const double share = range > 0 ? (value - low->second) / range : 0.5;
      path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", X(seconds),
                          top_ + kLane - 6 - share * (kLane - 14));
    }
    body_ += fmt::format("<polyline class=\"reading\" points=\"{}\"/>", path);
    const auto label = [&](double value) {
      return fmt::format("{:.{}f}{}{}", value, decimals, *unit == '\0' ? "" : " ", unit);
    };
    const std::string above = label(high->second);
    const std::string below = label(low->second);
    const double right = kWidth - kRight + 8;
    if (above == below) {
      Text(right, top_ + kLane / 2 + 4, "start", above);
      return;
    }
    Text(right, top_ + 14, "start", above);
    Text(right, top_ + kLane - 4, "start", below);
  }

  // A cross and a bar where the board throttled: a sign that needs no colour.
  void AddThrottling() {
    BeginLane("throttling");
    bool known = false;
    size_t bad = 0;
    for (const BoardSpan& span : spans_) {
      known = known || span.before.throttled || span.after.throttled;
      if (!span.before.throttled.value_or(false) && !span.after.throttled.value_or(false)) continue;
      ++bad;
      body_ += fmt::format(
          "<rect class=\"bad\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
          X(span.start), top_ + 22, std::max(2.0, X(span.end) - X(span.start)), kLane - 28);
      Text((X(span.start) + X(span.end)) / 2, top_ + 16, "middle", "×");
    }
    if (!known) {
      Text(kLeft + 8, top_ + kLane / 2 + 4, "start", "not measured");
    } else if (bad == 0) {
      Text(kLeft + 8, top_ + kLane / 2 + 4, "start", "none");
    }
    top_ += kLane + kLaneGap;
  }

  void AddSpans() {
    Text(kLeft - 12, top_ + kSpans / 2 + 4, "end", "cells");
    for (const BoardSpan& span : spans_) {
      body_ += fmt::format(
          "<rect class=\"span{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
          "height=\"{:.0f}\"><title>{}, process {}</title></rect>",
          span.repetition % 2 == 0 ? "" : " odd", X(span.start), top_,
          std::max(1.0, X(span.end) - X(span.start) - 1), kSpans,
          kainjow::mustache::html_escape(span.variant->name), span.repetition + 1);
    }
    top_ += kSpans + 4;
  }

  void AddAxis() {
    constexpr int kMarks = 5;
    for (int i = 0; i < kMarks; ++i) {
      const double seconds = seconds_ * i / (kMarks - 1);
      const char* anchor = i == 0 ? "start" : i == kMarks - 1 ? "end" : "middle";
      Text(X(seconds), top_ + 14, anchor,
           seconds_ < 180 ? fmt::format("{:.0f} s", seconds)
                          : fmt::format("{:.0f} min", seconds / 60));
    }
    top_ += kAxis;
  }

  std::vector<BoardSpan> spans_;
  double seconds_;
  double top_ = 4;
  std::string body_;
};

}  // namespace

std::vector<BoardSpan> BoardHistory(const RunView& run) {
  std::vector<BoardSpan> history;
  std::optional<int64_t> first;
  for (const Variant& variant : run.variants) {
    for (const store::Measurement* process : results::LatencyOf(*variant.cell)) {
      const auto start = UtcSeconds(process->started_at);
      const auto end = UtcSeconds(process->finished_at);
      if (!start || !end || *end < *start) continue;
      if (!first || *start < *first) first = start;
      history.push_back({&variant, process->repetition, static_cast<double>(*start),
                         static_cast<double>(*end), ReadingOf(process->conditions, "before"),
                         ReadingOf(process->conditions, "after")});
    }
  }
  for (BoardSpan& span : history) {
    span.start -= static_cast<double>(*first);
    span.end -= static_cast<double>(*first);
  }
  std::ranges::stable_sort(history, {}, &BoardSpan::start);
  return history;
}

std::string BoardSvg(const std::vector<BoardSpan>& history) {
  return history.size() < 2 ? "" : Drawing(history).Draw();
}

std::string BeforeAndAfter(const std::optional<double>& before, const std::optional<double>& after,
                           int decimals) {
  if (!before && !after) return std::string(kMissing);
  const auto text = [&](const std::optional<double>& value) {
    return value ? fmt::format("{:.{}f}", *value, decimals) : std::string(kMissing);
  };
  const std::string from = text(before);
  const std::string to = text(after);
  return from == to ? from : from + " → " + to;
}

}  // namespace qbench::reports
