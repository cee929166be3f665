// What comes after HDF5: the configuration of a Keras model, which is JSON, with the weights of a
// sound file (graph/import/keras/keras_import.h). Runs in this process, so coverage is seen.
#include "graph/import/keras/keras_import.h"

#include "tests/fuzz/keras_target.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

const graph::import::KerasFile& Original() {
  static const auto file = graph::import::ReadKerasFile(KerasSeed(kKerasSeeds[1]));
  if (!file.ok()) Fail(file.status().message());
  return *file;
}

std::vector<Bytes> Seeds() { return {BytesOf(Original().model_config)}; }

bool Run(ByteSpan input) {
  graph::import::KerasFile file = Original();
  file.model_config = TextOf(input);
  return Judge(graph::import::ImportKeras(file));
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"keras_config", Seeds, Run, MutateJson};
  return target;
}

}  // namespace qbench::fuzz
