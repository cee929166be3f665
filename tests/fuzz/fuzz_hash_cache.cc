// The cache of images' hashes (datasets/hash_cache.h): whatever stands in it, the hash of a file
// that it does not know is right, and nothing fails.
#include "datasets/hash_cache.h"

#include "base/sha256.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

constexpr std::string_view kContent = "an image";

Bytes Seal(const Json& content) {
  return BytesOf(DumpJson({{"content", content}, {"sha256", Sha256Hex(DumpJson(content))}}));
}

std::vector<Bytes> Seeds() {
  const std::string hash(64, 'a');
  return {Seal({{"image_hashes", 4},
                {"files",
                 {{"/images/sea/1.jpg", hash, 8, 1700000000000000000, 7},
                  {"/images/a name with blanks.png", hash, 0, -1, UINT64_MAX}}}})};
}

// Mostly another content under a seal that fits.
Bytes Mutate(const Bytes& input, uint64_t seed) {
  const Result<Json> sealed = ParseJson(TextOf(input));
  if (seed % 8 == 0 || !sealed.ok() || !sealed->is_object() || !sealed->contains("content")) {
    return MutateJson(input, seed);
  }
  return Seal(JsonMutator(seed).Mutate((*sealed)["content"]));
}

bool Run(ByteSpan input) {
  static const std::filesystem::path image = ScratchFile("image", AsBytes(kContent));
  datasets::HashCache cache(ScratchFile("hashes", input));
  const Result<std::string> hash = cache.Hash(image);
  if (!hash.ok()) Fail(hash.status().message());
  if (*hash != Sha256Hex(kContent)) Fail("a wrong hash");
  cache.Save();
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"hash_cache", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
