// The index of a TensorFlow checkpoint (graph/import/tensorflow/tensor_bundle.h), beside values
// that are as they were.
#include "graph/import/tensorflow/tensor_bundle.h"

#include "tests/fuzz/keras_target.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

constexpr const char* kVariables = "tf_module/variables/variables";
// Keys that the seed has.
constexpr const char* kKeys[] = {"layers/0/.ATTRIBUTES/VARIABLE_VALUE",
                                 "layers/1/.ATTRIBUTES/VARIABLE_VALUE",
                                 "layers/2/.ATTRIBUTES/VARIABLE_VALUE"};

Bytes ReadPart(const char* ending) {
  std::filesystem::path path = KerasSeed(kVariables);
  path += ending;
  Result<Bytes> file = ReadFile(path);
  if (!file.ok()) Fail(file.status().message());
  return std::move(*file);
}

std::vector<Bytes> Seeds() { return {ReadPart(".index")}; }

bool Run(ByteSpan input) {
  static const std::filesystem::path data =
      ScratchFile("v.data-00000-of-00001", ReadPart(".data-00000-of-00001"));
  ScratchFile("v.index", input);
  auto bundle = graph::import::TensorBundle::Open(data.parent_path() / "v");
  if (!bundle.ok()) return !Refused(bundle.status());
  bool all = true;
  for (const char* key : kKeys) {
    const auto array = bundle->Read(key);
    if (!array.ok()) {
      all = all && !Refused(array.status());
      continue;
    }
    if (array->kind == graph::import::TfArray::Kind::kFloats &&
        array->floats.bytes().size() != static_cast<size_t>(array->count()) * sizeof(float)) {
      Fail("an array that is not of its shape");
    }
  }
  return all;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"tensor_bundle", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
