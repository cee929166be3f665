// A plugin's report as text and as JSON.
#pragma once

#include <string>

#include "base/json.h"
#include "harness/conformance/plugin_check.h"

namespace qbench::conformance {

// The table of operators x types, what is wrong in it, the checks, and one closing line.
std::string FormatReport(const PluginReport& report);

Json ReportToJson(const PluginReport& report);

}  // namespace qbench::conformance
