// Manifests of data sets (datasets/manifest.h).
#include "datasets/manifest.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_text.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  return {BytesOf(R"(name = "scenes"
title = "Six classes of drawn scenes"
licence = "Apache-2.0"
source = "drawn"
labels = ["buildings", "forest"]
default_models = ["intel-cnn"]
[splits.test]
path = "test"
images = 600
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
[splits.train]
path = "deep/train"
images = 1
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)")};
}

bool Run(ByteSpan input) {
  const Result<datasets::Manifest> manifest =
      datasets::ReadManifest(ScratchFile("manifest.toml", input));
  if (!manifest.ok()) return !Refused(manifest.status());
  for (const auto& [name, split] : manifest->splits) {
    const std::filesystem::path path = split.path;
    if (path.is_absolute() || path.lexically_normal().string().starts_with("..")) {
      Fail("a split outside of the folder was accepted: " + split.path);
    }
  }
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"manifest", Seeds, Run, MutateText};
  return target;
}

}  // namespace qbench::fuzz
