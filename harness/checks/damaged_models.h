// Bytes that are no model, or no longer one. Internal to harness/checks.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace qbench::checks {

// With what they are: "a text file". None is a .tflite file.
std::vector<std::pair<std::string, Bytes>> NotModels(uint32_t seed);

struct DamagedModel {
  std::string name;  // "a model cut off after 120 of 900 bytes"
  Bytes bytes;
  bool truncated = false;  // else a few bytes were changed, which may have left it sound
};
// Twelve that are cut off, and `changed` others.
std::vector<DamagedModel> DamagedModels(ByteSpan sound, uint32_t seed, int changed);

}  // namespace qbench::checks
