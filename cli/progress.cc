#include "cli/progress.h"

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "cli/terminal.h"
#include "fmt/format.h"

namespace qbench::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr std::chrono::milliseconds kRedrawEvery{100};

std::string Bar(double fraction) {
  // Eighths of a cell, so that the bar moves while a slow step runs.
  constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBarWidth * 8);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  const int cells = (eighths + 7) / 8;
  bar.append(static_cast<size_t>(kBarWidth - cells), ' ');
  return bar;
}

}  // namespace

std::string FormatDuration(double seconds) {
  const int64_t whole = std::llround(std::max(0.0, seconds));
  if (whole < 90) return fmt::format("{} s", whole);
  const int64_t minutes = (whole + 30) / 60;
  if (minutes < 90) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

void ProgressDisplay::Update(double fraction, std::string_view doing, double seconds_left,
                             std::string_view detail) {
  if (style_ == Style::kQuiet) return;
  const bool changed = doing != last_doing_;
  last_doing_ = doing;
  if (style_ == Style::kLines) {
    if (!changed) return;
    const std::string left =
        seconds_left < 0 ? "" : fmt::format(" ({} left)", FormatDuration(seconds_left));
    PrintError(fmt::format("[{:3.0f} %] {}{}\n", fraction * 100, doing, left));
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (!changed && now - last_draw_ < kRedrawEvery) return;
  last_draw_ = now;
  Draw(fraction, fmt::format("{}{}{}", doing, detail.empty() ? "" : ": ", detail), seconds_left);
}

void ProgressDisplay::Draw(double fraction, std::string_view text, double seconds_left) {
  const std::string left =
      seconds_left < 0 ? std::string() : fmt::format("  {} left", FormatDuration(seconds_left));
  const int fixed = kBarWidth + 10 + static_cast<int>(left.size());
  const int room = std::max(0, TerminalWidth() - fixed);
  ClearErrorLine();
  PrintError(fmt::format("▕{}▏{:3.0f} %{}  {}", Bar(fraction), fraction * 100, left,
                         FitColumns(text, room)));
  drawn_ = true;
}

void ProgressDisplay::Message(std::string_view line) {
  if (style_ == Style::kQuiet) return;
  Clear();
  PrintError(fmt::format("{}\n", line));
}

void ProgressDisplay::Clear() {
  if (drawn_) ClearErrorLine();
  drawn_ = false;
}

}  // namespace qbench::cli
