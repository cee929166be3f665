// --max-accuracy-drop, --max-latency, --max-size: what the recommended variant has to fulfil.
#pragma once

#include <boost/program_options/options_description.hpp>

#include "base/status.h"
#include "cli/arguments.h"
#include "harness/results/recommendation.h"

namespace qbench::cli {

void AddRequirementOptions(boost::program_options::options_description& options);
// kInvalidArgument naming the option and how it is written.
Result<results::Requirements> RequirementsOf(const Arguments& arguments);

}  // namespace qbench::cli
