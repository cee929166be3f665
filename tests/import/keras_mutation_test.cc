// A small seeded part of what tests/fuzz/fuzz_keras_h5.cc does at length under sanitizers.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/fuzz/mutate_keras.h"

namespace qbench::fuzz {
namespace {

constexpr char kFiles[][32] = {"nested.keras2.h5", "nested.keras3.h5"};

TEST(KerasMutations, DamagedFilesAreRefusedOrHold) {
  for (const char* file : kFiles) {
    const auto mutations =
        KerasMutations::Open(std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data" / file);
    ASSERT_TRUE(mutations.ok()) << mutations.status().message();
    for (uint64_t seed = 0; seed < 150; ++seed) {
      const auto outcome = mutations->TryFile(seed);
      EXPECT_TRUE(outcome.ok()) << file << ", seed " << seed << ": " << outcome.status().message();
    }
  }
}

TEST(KerasMutations, DamagedConfigurationsAreRefusedOrHold) {
  for (const char* file : kFiles) {
    const auto mutations =
        KerasMutations::Open(std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data" / file);
    ASSERT_TRUE(mutations.ok()) << mutations.status().message();
    for (uint64_t seed = 0; seed < 1000; ++seed) {
      const auto outcome = mutations->TryConfig(seed);
      EXPECT_TRUE(outcome.ok()) << file << ", seed " << seed << ": " << outcome.status().message();
    }
  }
}

}  // namespace
}  // namespace qbench::fuzz
