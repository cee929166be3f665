// --litert-library: which file the runtime `litert` takes for LiteRT. The plugin ABI knows of no
// such thing: the option reaches the plugin, in every worker, as the environment variable that it
// reads anyway.
#pragma once

#include <boost/program_options/options_description.hpp>

#include "cli/arguments.h"

namespace qbench::cli {

void AddLitertOption(boost::program_options::options_description& options);

// Sets QBENCH_LITERT_LIBRARY for this process and those it starts, where the option is given. Call
// it before any other thread runs. kNotFound where there is no such file.
Status SetLitertLibrary(const Arguments& arguments);

// The same, and has the runtime try the library: whoever names one means it, so that it is an error
// and no warning if it does not work. The message says what is wrong with it.
Status RequireLitertLibrary(const Arguments& arguments);

}  // namespace qbench::cli
