// How many times as slow is one runtime as another? Measures each model in pairs of fresh processes
// by qbench's own latency job, one thread, in random order. Prints the ratio of VARIANT to BASE
// with its 99 % interval; exit status 1 where an interval lies above LIMIT as a whole (0: no
// limit).
//
//     runtime_ratio BASE VARIANT LIMIT PAIRS SECONDS MODEL.tflite…
#include <cstdio>
#include <cstdlib>

#include "base/files.h"
#include "tests/benchmarks/paired_latency.h"

namespace qbench {
namespace {

struct Settings {
  std::string base;
  std::string variant;
  double limit = 0;
  size_t pairs = 20;
  double seconds = 2;
};

// Prints the model's line; false where the interval lies above the limit.
Result<bool> Compare(const Settings& settings, const std::filesystem::path& model) {
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("runtime-ratio"));
  QB_ASSIGN_OR_RETURN(const ModelInputs inputs, MakeInputs(model, scratch.path()));
  const auto measure = [&](const std::string& runtime) {
    return [&settings, &model, &inputs, runtime] {
      return MeasureQbench(runtime, model, inputs, settings.seconds);
    };
  };
  QB_ASSIGN_OR_RETURN(
      const PairedLatency measured,
      MeasurePairs(settings.pairs, measure(settings.base), measure(settings.variant)));
  PrintPairs(model, settings.base, settings.variant, measured);
  return settings.limit <= 0 || measured.ratio.interval.low <= settings.limit;
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fputs("usage: runtime_ratio BASE VARIANT LIMIT PAIRS SECONDS MODEL.tflite...\n", stderr);
    return 2;
  }
  const qbench::Settings settings{argv[1], argv[2], std::strtod(argv[3], nullptr),
                                  std::strtoul(argv[4], nullptr, 10),
                                  std::strtod(argv[5], nullptr)};
  return qbench::ForEachModel(argc - 6, argv + 6, [&](const std::filesystem::path& model) {
    return qbench::Compare(settings, model);
  });
}
