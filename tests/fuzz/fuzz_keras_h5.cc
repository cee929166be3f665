// Feeds mutated copies of a Keras .h5 file to the reader, and what it accepts to everything behind
// it. Built with sanitizers, which stop the program where something is wrong: scripts/fuzz.sh. Each
// seed makes two mutations, one of the file and one of the model's configuration.
//
// fuzz_keras_h5 FILE SEED COUNT
//
// Prints how many mutations were accepted. A failure names its seed: the same command with that
// seed and count 1 repeats it.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "tests/fuzz/mutate_keras.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace qbench {
namespace {

unsigned long long current_seed = 0;

// Called when a sanitizer ends the program.
[[maybe_unused]] void NameSeed() { std::fprintf(stderr, "seed %llu\n", current_seed); }

bool ParseNumber(std::string_view text, unsigned long long& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Counts what was accepted. False on a failure.
bool Count(const Result<bool>& outcome, unsigned long long& accepted) {
  if (!outcome.ok()) {
    std::fprintf(stderr, "seed %llu: %s\n", current_seed, outcome.status().message().c_str());
    return false;
  }
  accepted += *outcome ? 1 : 0;
  return true;
}

int Run(int argc, char** argv) {
  unsigned long long seed = 0;
  unsigned long long count = 0;
  if (argc != 4 || !ParseNumber(argv[2], seed) || !ParseNumber(argv[3], count)) {
    std::fprintf(stderr, "usage: fuzz_keras_h5 FILE SEED COUNT\n");
    return 2;
  }
  const auto mutations = fuzz::KerasMutations::Open(argv[1]);
  if (!mutations.ok()) {
    std::fprintf(stderr, "%s\n", mutations.status().message().c_str());
    return 2;
  }
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback(NameSeed);
#endif
  unsigned long long files = 0;
  unsigned long long configs = 0;
  for (unsigned long long i = 0; i < count; ++i) {
    current_seed = seed + i;
    if (!Count(mutations->TryFile(current_seed), files)) return 1;
    if (!Count(mutations->TryConfig(current_seed), configs)) return 1;
  }
  std::printf("%s: of %llu mutated files %llu were accepted, of as many configurations %llu\n",
              argv[1], count, files, configs);
  return 0;
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) { return qbench::Run(argc, argv); }
