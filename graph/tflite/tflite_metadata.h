// What a .tflite file's author wrote into it for applications (the metadata of TensorFlow Lite's
// Task Library and Model Maker): how pixels become the input, and which file has the labels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::graph {

// What is not there is empty.
struct TfliteMetadata {
  std::string name;
  std::string description;
  std::string version;
  std::string author;
  std::string license;
  // Of the first input, (pixel - mean) / std: one number each, or one a channel; finite, std not 0.
  std::vector<float> mean;
  std::vector<float> std;
  bool gray = false;  // the first input is said to be a gray image
  // Of the first output: the name of a file in the zip behind the flatbuffer, a label a line.
  std::string label_file;
};

// Nothing where the file has none. kCorrupt: not a sound .tflite file, or its metadata do not
// verify or are beyond all bounds.
Result<std::optional<TfliteMetadata>> ReadTfliteMetadata(ByteSpan tflite);

// The lines of a label file: without carriage returns and empty lines at the end. kCorrupt where
// there are more than 100,000 or one is longer than 1,000 bytes.
Result<std::vector<std::string>> ParseLabels(std::string_view text);

}  // namespace qbench::graph
