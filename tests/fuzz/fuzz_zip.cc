// Zips that data sets come in (base/archive/unzip.h): nothing gets out of the folder, and the
// limits hold. Mutations keep the checksums of entries right.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <filesystem>

#include "base/archive/unzip.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr UnzipLimits kLimits = {.entries = 64, .file_bytes = 4096, .total_bytes = 16384};

void AddEntry(archive* writer, const char* path, unsigned type, std::string_view content) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, path);
  archive_entry_set_filetype(entry, type);
  archive_entry_set_perm(entry, 0644);
  if (type == AE_IFLNK) archive_entry_set_symlink(entry, "/etc");
  archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
  archive_write_header(writer, entry);
  archive_write_data(writer, content.data(), content.size());
  archive_entry_free(entry);
}

// `hostile`: with a link, and a path that leads outside.
Bytes MakeZip(const char* compression, bool hostile) {
  Bytes file(1 << 16);
  size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  archive_write_set_format_option(writer, "zip", "compression", compression);
  archive_write_open_memory(writer, file.data(), file.size(), &used);
  AddEntry(writer, "seg_test/sea/1.jpg", AE_IFREG, std::string(3000, 'x'));
  AddEntry(writer, "seg_test/sea/2.jpg", AE_IFREG, "short");
  if (hostile) {
    AddEntry(writer, "link", AE_IFLNK, "");
    AddEntry(writer, "../outside.txt", AE_IFREG, "out");
  }
  const bool closed = archive_write_close(writer) == ARCHIVE_OK;
  archive_write_free(writer);
  if (!closed) Fail("the seed cannot be written");
  file.resize(used);
  return file;
}

std::vector<Bytes> Seeds() {
  return {MakeZip("store", false), MakeZip("deflate", false), MakeZip("store", true)};
}

uint32_t Crc32(ByteSpan bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

// The checksum of every stored entry, in its local header ("PK\3\4"; APPNOTE.TXT 4.3.7): 14 bytes
// in, before the sizes; name and extra field lie between header and content.
void SetChecksums(Bytes& file) {
  constexpr size_t kHeader = 30;
  for (size_t at = 0; at + kHeader <= file.size(); ++at) {
    const ByteSpan header = ByteSpan(file).subspan(at);
    if (LoadUnaligned<uint32_t>(header) != 0x04034B50) continue;
    const auto size = LoadUnaligned<uint32_t>(header.subspan(18));
    const size_t content = kHeader + LoadUnaligned<uint16_t>(header.subspan(26)) +
                           LoadUnaligned<uint16_t>(header.subspan(28));
    if (LoadUnaligned<uint16_t>(header.subspan(8)) != 0 || content + size > header.size()) continue;
    const uint32_t crc = Crc32(header.subspan(content, size));
    std::memcpy(file.data() + at + 14, &crc, sizeof(crc));
  }
}

Bytes Mutate(const Bytes& input, uint64_t seed) {
  Bytes file = Mutator(seed).Mutate(input);
  if (seed % 4 != 0) SetChecksums(file);
  return file;
}

// Everything below `folder`, links not followed.
uint64_t BytesBelow(const fs::path& folder) {
  uint64_t total = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) Fail("a link was unpacked");
    if (entry.is_regular_file()) total += entry.file_size();
  }
  return total;
}

bool Run(ByteSpan input) {
  const fs::path zip = ScratchFile("input.zip", input);
  const fs::path around = ScratchFolder() / "around";
  fs::remove_all(around);
  fs::create_directories(around / "in" / "target");
  const Status unzipped =
      Unzip(zip, around / "in" / "target", kLimits, [](std::string_view) { return true; });
  if (BytesBelow(around / "in" / "target") > kLimits.total_bytes) Fail("more than the limit");
  if (BytesBelow(around) != BytesBelow(around / "in" / "target")) Fail("written outside");
  return unzipped.ok() || !Refused(unzipped);
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"zip", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
