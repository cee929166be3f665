// The pictures of the images on which two sides differ, from where the runs found them.
#pragma once

#include <string>

#include "cli/command.h"
#include "reports/comparison/comparison_reports.h"

namespace qbench::cli {

// Opens the data set `named`, or, where that is empty, those that the runs' command lines name, and
// makes pictures of the images that a page would show. A split counts only where it has the hash
// that was measured. Pictures that there are not, and why, are said in the result. kCancelled.
Result<reports::Pictures> CollectPictures(const results::Comparison& comparison,
                                          const std::string& named, const plan::Folders& folders);

}  // namespace qbench::cli
