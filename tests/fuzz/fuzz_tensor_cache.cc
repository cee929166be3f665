// The cache of decoded images (datasets/tensor_cache.h). Mutations keep the checksum right, or
// nothing behind it would be reached.
#include "datasets/tensor_cache.h"

#include <algorithm>

#include "base/sha256.h"
#include "datasets/tensor_file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

using datasets::TensorFileHeader;

void SetChecksum(Bytes& file) {
  if (file.size() < sizeof(TensorFileHeader)) return;
  auto header = LoadUnaligned<TensorFileHeader>(file);
  const std::string sha256 = Sha256Hex(TextOf(ByteSpan(file).subspan(sizeof(TensorFileHeader))));
  std::ranges::copy(sha256, header.content_sha256.begin());
  std::memcpy(file.data(), &header, sizeof(header));
}

// Three images of 4 x 3 pixels, the second broken.
std::vector<Bytes> Seeds() {
  TensorFileHeader header = {};
  header.magic = datasets::kTensorMagic;
  header.version = datasets::kTensorVersion;
  header.width = 4;
  header.height = 3;
  header.channels = 3;
  header.count = 3;
  const std::string reason = "1 truncated\n";
  header.reason_bytes = reason.size();
  header.key.fill('a');
  const Result<datasets::TensorFileLayout> layout = datasets::LayOutTensorFile(header);
  if (!layout.ok()) Fail(layout.status().message());
  Bytes file(layout->total_bytes);
  std::memcpy(file.data(), &header, sizeof(header));
  file[layout->status + 1] = static_cast<uint8_t>(datasets::ImageStatus::kBroken);
  std::ranges::copy(reason, file.begin() + static_cast<std::ptrdiff_t>(layout->reasons));
  SetChecksum(file);
  return {file};
}

Bytes Mutate(const Bytes& input, uint64_t seed) {
  Bytes file = Mutator(seed).Mutate(input);
  if (seed % 8 != 0) SetChecksum(file);
  return file;
}

bool Run(ByteSpan input) {
  const Result<datasets::TensorCache> cache =
      datasets::TensorCache::Open(ScratchFile("tensors", input));
  if (!cache.ok()) return !Refused(cache.status());
  const Status content = cache->CheckContent();
  if (!content.ok()) return !Refused(content);
  uint64_t sum = 0;
  for (size_t i = 0; i < cache->size(); ++i) {
    sum += static_cast<uint64_t>(cache->label(i)) + static_cast<uint64_t>(cache->status(i));
    for (const uint8_t pixel : cache->pixels(i)) sum += pixel;
  }
  for (const datasets::BrokenImage& image : cache->broken()) {
    if (image.index >= cache->size()) Fail("a broken image beyond the last");
  }
  [[maybe_unused]] volatile const uint64_t used = sum;  // so that nothing above is left out
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"tensor_cache", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
