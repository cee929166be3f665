// How many times as slow is one file as another, on the same runtime? Measures BASE and each
// VARIANT in pairs of fresh processes by qbench's own latency job, one thread, in random order.
// Prints the ratio to BASE with its 99 % interval; exit status 1 where an interval does not lie
// below LIMIT as a whole (0: no limit).
//
//     model_ratio RUNTIME LIMIT PAIRS SECONDS BASE.tflite VARIANT.tflite…
#include <cstdio>
#include <cstdlib>

#include "base/files.h"
#include "tests/benchmarks/paired_latency.h"

namespace qbench {
namespace {

struct Settings {
  std::string runtime;
  double limit = 0;
  size_t pairs = 20;
  double seconds = 2;
  std::filesystem::path base;
};

// Prints the variant's line; false where the interval reaches beyond the limit.
Result<bool> Compare(const Settings& settings, const std::filesystem::path& variant) {
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("model-ratio"));
  QB_ASSIGN_OR_RETURN(const ModelInputs inputs, MakeInputs(settings.base, scratch.path()));
  const auto measure = [&](const std::filesystem::path& model) {
    return [&settings, &inputs, model] {
      return MeasureQbench(settings.runtime, model, inputs, settings.seconds);
    };
  };
  QB_ASSIGN_OR_RETURN(const PairedLatency measured,
                      MeasurePairs(settings.pairs, measure(settings.base), measure(variant)));
  PrintPairs(variant, settings.base.filename().string(), "this", measured);
  return settings.limit <= 0 || measured.ratio.interval.high <= settings.limit;
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fputs("usage: model_ratio RUNTIME LIMIT PAIRS SECONDS BASE.tflite VARIANT.tflite...\n",
               stderr);
    return 2;
  }
  const qbench::Settings settings{argv[1], std::strtod(argv[2], nullptr),
                                  std::strtoul(argv[3], nullptr, 10), std::strtod(argv[4], nullptr),
                                  argv[5]};
  return qbench::ForEachModel(argc - 6, argv + 6, [&](const std::filesystem::path& variant) {
    return qbench::Compare(settings, variant);
  });
}
