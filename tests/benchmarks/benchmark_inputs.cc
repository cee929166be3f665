#include "tests/benchmarks/benchmark_inputs.h"

#include <map>

#include "graph/import/keras/keras_model.h"
#include "graph/passes/passes.h"
#include "graph/random.h"
#include "graph/tflite/tflite_writer.h"

namespace qbench::benchmarks {
namespace {

bool any_failed = false;

Result<ShippedModel> Make(const std::string& stem) {
  ShippedModel model;
  model.path = ShareFolder() / "models" / (stem + ".h5");
  QB_ASSIGN_OR_RETURN(model.imported, graph::import::ReadKerasModel(model.path));
  model.optimized = model.imported;
  QB_RETURN_IF_ERROR(graph::Optimize(model.optimized));
  QB_ASSIGN_OR_RETURN(Bytes file, graph::WriteTflite(model.optimized));
  model.tflite = std::make_shared<const Bytes>(std::move(file));
  return model;
}

}  // namespace

void Fail(benchmark::State& state, const Status& status) {
  any_failed = true;
  state.SkipWithError(status.message().c_str());
}

bool AnyFailed() { return any_failed; }

const Result<ShippedModel>& Shipped(const std::string& stem) {
  static std::map<std::string, Result<ShippedModel>> models;
  const auto found = models.find(stem);
  return found != models.end() ? found->second : models.emplace(stem, Make(stem)).first->second;
}

const Result<TempDir>& ScratchFolder() {
  static const Result<TempDir> folder = TempDir::Create("qbench-benchmarks");
  return folder;
}

std::filesystem::path ShareFolder() { return QBENCH_BINARY_DIR "/share/qbench"; }
std::filesystem::path ProgramFolder() { return QBENCH_BINARY_DIR "/bin"; }

std::vector<float> Activations(size_t count, uint32_t seed, bool relu) {
  graph::Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    // The sum of four even numbers is close to normal; its cube has the tail.
    float sum = 0;
    for (int i = 0; i < 4; ++i) sum += random.Real(-1, 1);
    value = sum + sum * sum * sum / 4;
    if (relu && value < 0) value = 0;
  }
  return values;
}

void SetItems(benchmark::State& state, int64_t items) {
  state.SetItemsProcessed(state.iterations() * items);
}

void SetBytes(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}

}  // namespace qbench::benchmarks
