// The pictures of images that changed their class, from where the runs found them.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "harness/store/store.h"
#include "reports/pictures.h"

namespace qbench::cli {

// Opens the data set `named`, or, where that is empty, those that the runs' command lines name (the
// first runs first), and makes pictures of the `wanted` images. A split counts only where it has
// the hash that was measured. Pictures that there are not, and why, are said in the result.
// kCancelled.
Result<reports::Pictures> CollectPictures(const std::vector<reports::PictureKey>& wanted,
                                          const std::vector<const store::RunData*>& runs,
                                          const std::string& named, const plan::Folders& folders);

}  // namespace qbench::cli
