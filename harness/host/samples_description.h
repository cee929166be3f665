// How a job names its samples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace qbench::host {

// The images of a split as tensors, and what makes a model's input and the class of an output of
// them. jobs::MakeSamplesRef fills it.
struct SamplesRef {
  std::filesystem::path tensor_cache;  // a file of datasets/tensor_cache.h
  std::string tensor_key;              // the key that it must have
  std::vector<float> mean;             // (pixel - mean) / std, one number a channel
  std::vector<float> std;
  std::vector<int32_t> label_outputs;  // the model's output for each label of the data set
  // Calibration and training: the order in which images are offered (indices; class after class in
  // turn, so that the first n are a fair choice).
  std::vector<uint64_t> order;
};

}  // namespace qbench::host
