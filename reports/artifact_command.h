// The command that writes what was measured. Internal to reports.
#pragma once

#include <string>
#include <vector>

#include "harness/store/store.h"
#include "reports/variants.h"

namespace qbench::reports {

// {"qbench", "quantize", "models/my.h5", "--plugins", "int8:io=int8", "--dataset", "scenes", "-o",
// "my-int8_io_int8.tflite"}, with the data set and the calibration of the run; relative paths are
// those of the run's command. Empty where a word of it holds a control character.
std::vector<std::string> QuantizeCommand(const store::RunData& run, const Variant& variant);

}  // namespace qbench::reports
