// The model files and samples that plugins are checked with, made from a seed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/checks/check_list.h"
#include "harness/checks/random_operator.h"
#include "harness/host/samples_description.h"

namespace qbench::conformance {

// A model of one operator.
struct OperatorModel {
  graph::OpKind kind = graph::OpKind::kAdd;
  const graph::OperatorType* type = nullptr;
  uint32_t seed = 0;  // of the model and of its inputs
  graph::DataType output = graph::DataType::kFloat32;
  std::filesystem::path file;
};

// Writes `count` models for each operator and type, with the seeds from `seed` on. `only`: of this
// operator alone ("CONV_2D"); empty: of all. kInvalidArgument, listing the operators, where there
// is none of that name.
Result<std::vector<OperatorModel>> WriteOperatorModels(const std::filesystem::path& folder,
                                                       uint32_t seed, int count,
                                                       const std::string& only);

// A small float classifier of several operators, and the other files of CheckFiles that a runtime
// (`large` in activations) or a quantizer (`large` in weights) is checked with; `other` stays
// empty.
Result<checks::CheckFiles> WriteCheckFiles(const std::filesystem::path& folder,
                                           host::PluginKind kind, uint32_t seed);

// Random images in the size of the classifier's input.
Result<host::SamplesRef> WriteSamples(const std::filesystem::path& folder, uint32_t seed);

}  // namespace qbench::conformance
