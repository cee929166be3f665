// What the two Keras targets share.
#pragma once

#include <filesystem>

#include "base/files.h"
#include "graph/import/keras/keras_file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/judge_model.h"

namespace qbench::fuzz {

inline std::filesystem::path KerasSeed(const char* name) {
  return std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data" / name;
}

inline constexpr const char* kKerasSeeds[] = {"nested.keras2.h5", "nested.keras3.h5", "qat.h5"};

}  // namespace qbench::fuzz
