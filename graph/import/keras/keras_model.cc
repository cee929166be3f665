#include "graph/import/keras/keras_model.h"

#include "graph/import/keras/keras_file.h"
#include "graph/import/keras/keras_import.h"

namespace qbench::graph::import {

Result<Model> ReadKerasModel(const std::filesystem::path& path, std::vector<std::string>* notes,
                             std::vector<std::string>* missing) {
  QB_ASSIGN_OR_RETURN(const KerasFile file, ReadKerasFile(path));
  auto model = ImportKeras(file, notes, missing);
  if (!model.ok()) return model.status().WithContext(path.string());
  return model;
}

}  // namespace qbench::graph::import
