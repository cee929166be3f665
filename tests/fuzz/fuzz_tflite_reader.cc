// Feeds mutated copies of a .tflite file to the reader, and what it accepts to everything behind
// it. Built with sanitizers, which stop the program where something is wrong: scripts/fuzz.sh.
//
// fuzz_tflite_reader FILE SEED COUNT      FILE "-" is a small model that has every operator
//
// Prints how many mutations each step took. A failure names its seed: the same command with that
// seed and count 1 repeats it.
#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>

#include "base/files.h"
#include "graph/model_summary.h"
#include "graph/passes.h"
#include "graph/tflite_reader.h"
#include "graph/tflite_writer.h"
#include "tests/fuzz/mutate.h"
#include "tests/graph/model_builder.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace qbench {
namespace {

uint64_t current_seed = 0;

// Called when a sanitizer ends the program.
[[maybe_unused]] void NameSeed() {
  std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(current_seed));
}

struct Counts {
  uint64_t inspected = 0;
  uint64_t read = 0;
  uint64_t optimized = 0;
};

bool Fail(uint64_t seed, std::string_view what, const Status& status) {
  std::fprintf(stderr, "seed %llu: %.*s: %s\n", static_cast<unsigned long long>(seed),
               static_cast<int>(what.size()), what.data(), status.message().c_str());
  return false;
}

// False where something that was accepted does not hold what that promises.
bool TryOne(const Bytes& original, uint64_t seed, Counts& counts) {
  const auto bytes = std::make_shared<const Bytes>(fuzz::Mutator(seed).Mutate(original));
  const Result<graph::TfliteInfo> info = graph::InspectTflite(*bytes);
  if (info.ok()) ++counts.inspected;
  Result<graph::Model> model = graph::ReadTflite(bytes);
  if (!model.ok()) return true;
  if (!info.ok()) return Fail(seed, "read, but not inspected", info.status());
  ++counts.read;
  graph::Summarize(*model);
  const Result<Bytes> written = graph::WriteTflite(*model);
  if (!written.ok()) return Fail(seed, "not written", written.status());
  const Result<graph::Model> again = graph::ReadTflite(std::make_shared<const Bytes>(*written));
  if (!again.ok()) return Fail(seed, "not read again", again.status());
  if (!graph::LacksABias(model->graph) && again->graph != model->graph) {
    return Fail(seed, "changed by writing", OkStatus());
  }
  const Status optimized = graph::Optimize(*model);
  if (!optimized.ok()) return Fail(seed, "not optimized", optimized);
  ++counts.optimized;
  return true;
}

bool ParseNumber(std::string_view text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

int Run(int argc, char** argv) {
  uint64_t seed = 0;
  uint64_t count = 0;
  if (argc != 4 || !ParseNumber(argv[2], seed) || !ParseNumber(argv[3], count)) {
    std::fprintf(stderr, "usage: fuzz_tflite_reader FILE SEED COUNT\n");
    return 2;
  }
  const Result<Bytes> original = std::string_view(argv[1]) == "-"
                                     ? graph::WriteTflite(graph::EveryFloatOperator())
                                     : ReadFile(argv[1]);
  if (!original.ok() || original->empty()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], original.status().message().c_str());
    return 2;
  }
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback(NameSeed);
#endif
  Counts counts;
  for (uint64_t i = 0; i < count; ++i) {
    current_seed = seed + i;
    if (!TryOne(*original, current_seed, counts)) return 1;
  }
  std::printf("%s: %llu mutations, %llu inspected, %llu read, %llu optimized\n", argv[1],
              static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(counts.inspected),
              static_cast<unsigned long long>(counts.read),
              static_cast<unsigned long long>(counts.optimized));
  return 0;
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) { return qbench::Run(argc, argv); }
