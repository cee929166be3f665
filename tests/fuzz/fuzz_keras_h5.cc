// Keras .h5 files (graph/import/keras/keras_model.h).
#include "graph/import/keras/keras_model.h"

#include "tests/fuzz/keras_target.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const char* name : kKerasSeeds) {
    Result<Bytes> file = ReadFile(KerasSeed(name));
    if (!file.ok()) Fail(file.status().message());
    seeds.push_back(std::move(*file));
  }
  return seeds;
}

bool Run(ByteSpan input) {
  return Judge(graph::import::ReadKerasModel(ScratchFile("m.h5", input)));
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"keras_h5", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
