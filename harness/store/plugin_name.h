// How a plugin is named together with its options, as on the command line.
#pragma once

#include <string>

namespace qbench::store {

// "int8:calibration=percentile"; "int8" without options.
inline std::string WithOptions(const std::string& name, const std::string& options) {
  return options.empty() ? name : name + ":" + options;
}

}  // namespace qbench::store
