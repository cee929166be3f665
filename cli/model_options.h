// --signature, --inputs and --outputs: what of a SavedModel or a frozen graph is the model.
#pragma once

#include <boost/program_options/options_description.hpp>

#include "base/status.h"
#include "cli/arguments.h"
#include "harness/jobs/jobs.h"

namespace qbench::cli {

void AddModelOptions(boost::program_options::options_description& options);

// kInvalidArgument where a list holds an empty name.
Result<jobs::ImportChoice> ChoiceOf(const Arguments& arguments);

}  // namespace qbench::cli
