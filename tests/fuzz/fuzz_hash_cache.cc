// The cache of images' hashes (datasets/hash_cache.h): whatever stands in it, the hash of a file
// that it does not know is right, and nothing fails.
#include "datasets/hash_cache.h"

#include "base/sha256.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_text.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

constexpr std::string_view kContent = "an image";

std::vector<Bytes> Seeds() {
  const std::string hash(64, 'a');
  return {BytesOf("qbench image hashes 1\n" + hash +
                  " 8 1700000000000000000 7 /images/sea/1.jpg\n" + hash +
                  " 0 -1 18446744073709551615 /images/a name with blanks.png\n")};
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
  static const FuzzTarget target = {"hash_cache", Seeds, Run, MutateText};
  return target;
}

}  // namespace qbench::fuzz
