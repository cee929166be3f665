// Does the latency that qbench reports for `litert` equal what an application sees? Measures each
// model in pairs of fresh processes, one thread: qbench's own latency job, and bare_litert_loop on
// the same library and model, in random order. Prints the ratio with its 99 % interval; exit status
// 1 where an interval lies above 1.02 as a whole.
//
//     litert_overhead LIBRARY PAIRS SECONDS MODEL.tflite…
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/files.h"
#include "base/process.h"
#include "tests/benchmarks/paired_latency.h"

namespace qbench {
namespace {

namespace fs = std::filesystem;

constexpr double kAllowedRatio = 1.02;

Result<double> MeasureBare(const std::string& library, const fs::path& model, const fs::path& input,
                           const fs::path& scratch, double seconds) {
  ChildOptions options;
  options.argv = {BuildDir() / "benchmarks/bare_litert_loop", library, model, input,
                  fmt::format("{}", seconds)};
  options.out = Redirect::File(scratch / "median.txt");
  options.err = Redirect::File(scratch / "stderr.txt");
  QB_ASSIGN_OR_RETURN(const ChildEnd end, RunChild(options, {}));
  QB_RETURN_IF_ERROR(end.ToStatus("bare_litert_loop"));
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(scratch / "median.txt"));
  return std::strtod(text.c_str(), nullptr);
}

// Prints the model's line; false where the interval lies above kAllowedRatio.
Result<bool> Compare(const std::string& library, size_t pairs, double seconds,
                     const fs::path& model) {
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("litert-overhead"));
  QB_ASSIGN_OR_RETURN(const ModelInputs inputs, MakeInputs(model, scratch.path()));
  QB_ASSIGN_OR_RETURN(
      const PairedLatency measured,
      MeasurePairs(
          pairs, [&] { return MeasureBare(library, model, inputs.first, scratch.path(), seconds); },
          [&] { return MeasureQbench("litert", model, inputs, seconds); }));
  PrintPairs(model, "bare", "qbench", measured);
  return measured.ratio.interval.low <= kAllowedRatio;
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fputs("usage: litert_overhead LIBRARY PAIRS SECONDS MODEL.tflite...\n", stderr);
    return 2;
  }
  setenv("QBENCH_LITERT_LIBRARY", argv[1], 1);
  const size_t pairs = std::strtoul(argv[2], nullptr, 10);
  const double seconds = std::strtod(argv[3], nullptr);
  return qbench::ForEachModel(argc - 4, argv + 4, [&](const std::filesystem::path& model) {
    return qbench::Compare(argv[1], pairs, seconds, model);
  });
}
