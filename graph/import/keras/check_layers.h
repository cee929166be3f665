// What of a model cannot be imported, all of it: a user who replaces one layer wants to know of the
// next.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/import/keras/keras_config.h"

namespace qbench::graph::import {

class MissingParts {
 public:
  // A layer, by its name below the outermost model. Those of one class and one reason are counted.
  void Add(const std::string& name, const std::string& class_name, std::string_view reason);
  // The same of an error that names a layer; false where it does not begin as those do.
  bool AddError(const Status& error);

  bool empty() const { return parts_.empty(); }
  // A line for each class and reason: "layer "a" (Lambda) and 2 more: …".
  std::vector<std::string> List() const;
  // kUnsupported with the first of them, the number of the others, and what helps.
  Status ToStatus() const;

 private:
  struct Part {
    std::string class_name;
    std::string reason;
    std::string first;  // a layer's name
    size_t count = 0;
  };
  std::vector<Part> parts_;  // as they were found
};

// As far as the configuration alone tells: classes, operators, activations, types, paddings.
MissingParts CheckLayers(const KerasModel& model);

}  // namespace qbench::graph::import
