// The configuration of a Keras model whose layers stand in the wrappers of quantization-aware
// training, pruning or clustering, with the file's weights (graph/import/keras/keras_wrappers.h).
#include "graph/import/keras/keras_import.h"
#include "tests/fuzz/keras_target.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

using graph::import::KerasFile;

const std::vector<KerasFile>& Originals() {
  static const auto files = [] {
    std::vector<KerasFile> read;
    for (const char* name : {"qat.h5", "pruned.h5", "clustered.h5"}) {
      auto file = graph::import::ReadKerasFile(KerasSeed(name));
      if (!file.ok()) Fail(file.status().message());
      read.push_back(std::move(*file));
    }
    return read;
  }();
  return files;
}

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const KerasFile& file : Originals()) seeds.push_back(BytesOf(file.model_config));
  return seeds;
}

// With the weights of each file: those that do not fit are refused.
bool Run(ByteSpan input) {
  bool accepted = false;
  for (KerasFile file : Originals()) {
    file.model_config = TextOf(input);
    accepted |= Judge(graph::import::ImportKeras(file));
  }
  return accepted;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"keras_wrapped", Seeds, Run, MutateJson};
  return target;
}

}  // namespace qbench::fuzz
