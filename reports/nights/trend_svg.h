// Charts over nights, as inline SVG without colours of its own (classes, which nights.css paints)
// and without any text that came from outside. Internal to reports.
#pragma once

#include <string>

#include "harness/results/night_watch.h"

namespace qbench::reports {

// A cell's ratio to the baseline with its interval: filled dots on nights that count, diamonds
// where the gate says slower, hollow dots on nights that say nothing (at the bottom where there is
// no figure at all); the levels as lines, their changes with date and size; nights that did not run
// as shaded bands.
std::string TrendSvg(const results::Watch& watch, const results::CellTrend& trend);

// The board's temperature, from the lowest to the highest of the night with its median. Empty where
// no night has one.
std::string TemperatureSvg(const results::Watch& watch);

}  // namespace qbench::reports
