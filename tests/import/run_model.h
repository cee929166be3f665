// What the importer's tests share: arrays from .npy files, and a model run on the reference
// kernels.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "graph/ir.h"
#include "kernels/interpreter.h"

namespace qbench::graph::import {

// A float32 array in C order. The header of a .npy file (format version 1) is a Python literal:
// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 8, 8, 3), }
struct Array {
  int32_t batch = 0;
  std::vector<float> values;

  size_t sample_size() const { return values.size() / static_cast<size_t>(batch); }
  std::vector<float> Sample(int32_t index) const {
    const auto begin = values.begin() + static_cast<ptrdiff_t>(sample_size()) * index;
    return {begin, begin + static_cast<ptrdiff_t>(sample_size())};
  }
};

inline Result<Array> ReadNpy(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path));
  constexpr size_t kPrefix = 10;
  if (bytes.size() < kPrefix) return Error(StatusCode::kCorrupt, "{}", path.string());
  const size_t start = kPrefix + bytes[8] + 256U * bytes[9];
  const std::string header(bytes.begin() + kPrefix, bytes.begin() + static_cast<ptrdiff_t>(start));
  const size_t shape = header.find("'shape': (");
  if (header.find("'<f4'") == std::string::npos || shape == std::string::npos) {
    return Error(StatusCode::kUnsupported, "{}: {}", path.string(), header);
  }
  Array array;
  array.batch = std::stoi(header.substr(shape + 10));
  array.values.resize((bytes.size() - start) / sizeof(float));
  std::memcpy(array.values.data(), bytes.data() + start, array.values.size() * sizeof(float));
  return array;
}

// The model's outputs for one sample of each input.
inline Result<std::vector<std::vector<float>>> Run(const Model& model,
                                                   const std::vector<std::vector<float>>& inputs) {
  QB_ASSIGN_OR_RETURN(auto interpreter,
                      kernels::Interpreter::Create(std::make_shared<const Model>(model)));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto data = interpreter.TensorData(model.graph.inputs[i]);
    if (data.size() != inputs[i].size() * sizeof(float)) {
      return Error(StatusCode::kInvalidArgument, "input {} has {} bytes", i, data.size());
    }
    std::memcpy(data.data(), inputs[i].data(), data.size());
  }
  QB_RETURN_IF_ERROR(interpreter.Invoke());
  std::vector<std::vector<float>> outputs;
  for (const TensorId output : model.graph.outputs) {
    const auto data = interpreter.TensorData(output);
    std::vector<float>& values = outputs.emplace_back(data.size() / sizeof(float));
    std::memcpy(values.data(), data.data(), data.size());
  }
  return outputs;
}

// The largest absolute difference between the model's outputs and `expected`, over all samples.
inline double LargestDifference(const Model& model, const std::vector<Array>& inputs,
                                const std::vector<Array>& expected) {
  double largest = 0.0;
  for (int32_t sample = 0; sample < inputs.at(0).batch; ++sample) {
    std::vector<std::vector<float>> arguments;
    for (const Array& input : inputs) arguments.push_back(input.Sample(sample));
    const auto outputs = Run(model, arguments);
    if (!outputs.ok() || outputs->size() != expected.size()) {
      ADD_FAILURE() << outputs.status().message();
      return HUGE_VAL;
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      const std::vector<float> wanted = expected[i].Sample(sample);
      EXPECT_EQ((*outputs)[i].size(), wanted.size());
      if ((*outputs)[i].size() != wanted.size()) return HUGE_VAL;
      for (size_t j = 0; j < wanted.size(); ++j) {
        const double difference = std::abs(double{(*outputs)[i][j]} - double{wanted[j]});
        largest = std::isnan(difference) ? HUGE_VAL : std::max(largest, difference);
      }
    }
  }
  return largest;
}

}  // namespace qbench::graph::import
