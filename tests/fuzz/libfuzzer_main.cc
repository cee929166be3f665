// A fuzz target as a libFuzzer program: scripts/fuzz.sh --libfuzzer. libFuzzer's own mutations are
// guided by coverage; the target's, where it has one, get past checksums and parsers.
//
// With QBENCH_FUZZ_SEEDS=FOLDER in the environment the target's seeds are written there first.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/fuzz/fuzz_target.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("QBENCH_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  size_t index = 0;
  for (const qbench::Bytes& seed : qbench::fuzz::Target().seeds()) {
    std::ofstream file(std::string(folder) + "/seed" + std::to_string(index++), std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.data()),
               static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) qbench::fuzz::Fail("cannot write a seed");
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  qbench::fuzz::Target().run({data, size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  const auto mutate = qbench::fuzz::Target().mutate;
  if (mutate == nullptr || size == 0 || seed % 2 == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const qbench::Bytes mutated = mutate(qbench::Bytes(data, data + size), seed);
  const size_t length = std::min(mutated.size(), max_size);
  std::copy_n(mutated.data(), length, data);
  return length;
}
