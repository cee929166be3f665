// The names of a model's outputs, where nobody has written them into a sidecar yet.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "datasets/dataset.h"
#include "harness/plan/model_source.h"

namespace qbench::plan {

struct LabelSource {
  std::vector<std::string> labels;  // in the order of the outputs; empty: nobody names them
  std::string source;               // for people: "the file names.txt"
  bool guess = false;               // nothing says that this is the order
};

// A label a line, in the order of the outputs; blanks around it and empty lines at the end do not
// count. The errors of ReadTextFile; kInvalidArgument where a line is empty, a label stands there
// twice, or there are not `classes`, naming file and lines.
Result<LabelSource> ReadLabelFile(const std::filesystem::path& file, size_t classes);

// Of a classifier with `classes` classes: those of `file`; else of the model's metadata (unless
// `without_metadata`), else the class folders of the data set in their order, which is a guess.
// Where there is a data set, the labels are its classes. kInvalidArgument where they are not, or
// not as many as there are classes; kUnsupported where the data set has more or fewer classes.
Result<LabelSource> FindLabels(const PlannedModel& model, size_t classes,
                               const std::optional<std::filesystem::path>& file,
                               const datasets::Dataset* dataset, bool without_metadata = false);

// A list of the same labels in another order.
struct LabelOrder {
  std::string name;  // for people: "sorted"
  std::vector<std::string> labels;
};

// "as given", which is `labels` itself, then those that people use beside it and that differ from
// it: "sorted" by bytes, as Keras and torchvision do it; "by number", where names are numbers.
std::vector<LabelOrder> UsualOrders(const std::vector<std::string>& labels);

}  // namespace qbench::plan
