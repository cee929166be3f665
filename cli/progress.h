// Shows how far a run is: a bar that redraws itself on a terminal, lines in a log.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace qbench::cli {

class ProgressDisplay {
 public:
  enum class Style { kBar, kLines, kQuiet };

  explicit ProgressDisplay(Style style) : style_(style) {}
  ~ProgressDisplay() { Clear(); }
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  // `fraction` of the whole is done; `doing` says what is going on, `detail` how far that is ("12
  // of 100"); `seconds_left` below 0 is unknown. The bar is drawn anew at most ten times a second;
  // lines appear when `doing` changes, without the detail.
  void Update(double fraction, std::string_view doing, double seconds_left,
              std::string_view detail = "");
  // A line above the bar ("warning: …").
  void Message(std::string_view line);
  // Removes the bar.
  void Clear();

 private:
  void Draw(double fraction, std::string_view text, double seconds_left);

  Style style_;
  bool drawn_ = false;
  std::string last_doing_;
  std::chrono::steady_clock::time_point last_draw_;
};

// "45 s", "3 min", "1 h 20 min".
std::string FormatDuration(double seconds);

}  // namespace qbench::cli
