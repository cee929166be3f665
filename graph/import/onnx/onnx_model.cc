#include "graph/import/onnx/onnx_model.h"

#include "graph/import/onnx/onnx_file.h"
#include "graph/import/onnx/onnx_import.h"

namespace qbench::graph::import {

Result<Model> ReadOnnxModel(const std::filesystem::path& path, std::vector<std::string>* notes) {
  auto file = onnx::ReadOnnxFile(path);
  if (!file.ok()) return file.status().WithContext(path.string());
  auto model = onnx::ImportOnnx(*file, notes);
  if (!model.ok()) return model.status().WithContext(path.string());
  return model;
}

}  // namespace qbench::graph::import
