#include "cli/requirements.h"

#include <boost/program_options/value_semantic.hpp>

#include "base/one_line.h"
#include "cli/units.h"

namespace qbench::cli {
namespace po = boost::program_options;

void AddRequirementOptions(po::options_description& options) {
  options.add_options()(
      "max-accuracy-drop", po::value<std::string>()->value_name("POINTS"),
      "what the recommended variant may lose of top-1 against float, shown image by image (95 %; "
      "default: 0.5, as accurate as float)")("max-latency",
                                             po::value<std::string>()->value_name("TIME"),
                                             "its median at most: 50ms, 800us, 1.5s")(
      "max-size", po::value<std::string>()->value_name("SIZE"), "its file at most: 4MB, 500kB");
}

Result<results::Requirements> RequirementsOf(const Arguments& arguments) {
  results::Requirements requirements;
  const auto text = [&](const char* option) { return arguments.Get<std::string>(option); };
  if (arguments.Has("max-accuracy-drop")) {
    const auto points = ParseWithUnit(text("max-accuracy-drop"), {{"", 1}});
    if (!points || *points >= 100) {
      return Error(StatusCode::kInvalidArgument,
                   "--max-accuracy-drop takes percentage points from 0 below 100, as in 1 or 0.5; "
                   "not \"{}\"",
                   SafeName(text("max-accuracy-drop")));
    }
    requirements.max_accuracy_drop = *points / 100;
  }
  if (arguments.Has("max-latency")) {
    const auto ms =
        ParseWithUnit(text("max-latency"), {{"ms", 1}, {"us", 1e-3}, {"µs", 1e-3}, {"s", 1e3}});
    if (!ms || !(*ms > 0)) {
      return Error(StatusCode::kInvalidArgument,
                   "--max-latency takes a number above 0 with ms, us or s behind it, as in 50ms; "
                   "not \"{}\"",
                   SafeName(text("max-latency")));
    }
    requirements.max_latency_ms = ms;
  }
  if (arguments.Has("max-size")) {
    const auto bytes =
        ParseWithUnit(text("max-size"), {{"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}});
    if (!bytes || *bytes < 1) {
      return Error(StatusCode::kInvalidArgument,
                   "--max-size takes a number above 0 with B, kB, MB or GB behind it, as in 4MB; "
                   "not \"{}\"",
                   SafeName(text("max-size")));
    }
    requirements.max_bytes = static_cast<int64_t>(*bytes);
  }
  return requirements;
}

}  // namespace qbench::cli
