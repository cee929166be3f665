// Which folders of a data set are splits, and what each is used for. The rule:
//
//   there are                 tested on   calibrated on (without a folder calibration)
//   train, test               test        the images of train with h < 0.10
//   train, val                val         the same
//   train, val, test          test        the same; val is not used, and a warning says so
//   val, test                 test        val
//   val                       val         nothing
//   test                      test        nothing
//   train                     nothing     the images of train with h < 0.10
//
// A folder calibration is calibrated on wherever it is (val beside test is then not used). Training
// images are never tested on. h is that of SplitRule() (datasets/dataset.h).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace qbench::datasets {

struct SplitFolder {
  std::filesystem::path folder;   // as the user called it
  std::filesystem::path classes;  // what holds its class folders: `folder`, or one inside it
};

struct SplitFolders {
  std::map<std::string, SplitFolder> found;  // "train", "validation", "test", "calibration"
  std::vector<std::string> unused;           // what lies beside them, a line a kind
};

// "train", "validation", "test" or "calibration" where a folder's name, in any case, means that:
// train, training, seg_train; val, valid, validation; test, testing, seg_test; calibration. Else
// empty.
std::string_view SplitOfName(std::string_view name);

// The split folders below `folder`. One holds class folders, itself or, as Kaggle nests them, in
// the only folder in it, which has the same name; one without is in `unused`. Nothing is found in
// a folder of classes (one of which may be called train, if its images lie in it).
// kInvalidArgument where two folders mean the same split, or where all folders are called like
// splits and hold images in the place of class folders.
Result<SplitFolders> FindSplitFolders(const std::filesystem::path& folder);

// What is used for what.
struct SplitChoice {
  // Folders of class folders.
  std::optional<std::filesystem::path> train;
  std::optional<std::filesystem::path> test;
  std::optional<std::filesystem::path> calibration;
  bool calibrate_on_train = false;    // on its images with h < 0.10, which leave `train`
  std::string rule;                   // in words for the user
  std::vector<std::string> warnings;  // split folders that are not used
};

// `folders` has at least one.
SplitChoice ChooseSplits(const SplitFolders& folders);

}  // namespace qbench::datasets
