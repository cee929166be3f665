// Which of the groups of a .keras file holds the weights of which layer. Keras names a group by its
// layer's class and its place among the model's layers of that class ("conv2d", "conv2d_1", …).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/import/keras/keras_config.h"
#include "graph/import/keras/keras_file.h"

namespace qbench::graph::import {

class LayerGroups {
 public:
  // `file`, whose weights are in order, outlives this.
  explicit LayerGroups(const KerasFile& file);

  // The group of each of the model's layers, null where there is none that is surely its own.
  // `path` is that of the model's own group with a '/' behind it; of the outermost model it is
  // empty.
  const std::vector<const KerasWeightGroup*>& Of(const KerasModel& model, const std::string& path);

 private:
  // By the path of the model; then by the groups' names without their number; by that number.
  std::map<std::string, std::map<std::string, std::map<uint64_t, const KerasWeightGroup*>>> groups_;
  std::map<std::string, std::vector<const KerasWeightGroup*>> found_;
};

// "Conv2DTranspose" -> "conv2d_transpose", as Keras names groups and layers by their class. Without
// the package of a registered class ("Custom>LayerScale").
std::string SnakeCase(const std::string& class_name);

}  // namespace qbench::graph::import
