#include "datasets/image_header.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace qbench::datasets {
namespace {

constexpr std::string_view kPngMagic("\x89PNG\r\n\x1a\n", 8);

bool StartsWith(ByteSpan file, std::string_view magic) {
  return file.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), file.begin(),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

uint32_t BigEndian16(ByteSpan bytes) { return static_cast<uint32_t>(bytes[0] << 8 | bytes[1]); }
uint32_t BigEndian32(ByteSpan bytes) {
  return BigEndian16(bytes) << 16 | BigEndian16(bytes.subspan(2));
}

Status Truncated(std::string_view format, size_t bytes) {
  return Error(StatusCode::kCorrupt, "truncated {}: it ends after {} bytes, before its end marker",
               format, bytes);
}

Status CheckSize(const ImageHeader& header) {
  if (header.width > 0 && header.height > 0) return OkStatus();
  return Error(StatusCode::kCorrupt, "an image of {} x {} pixels", header.width, header.height);
}

// JPEG markers (ITU-T T.81, table B.1), the byte after 0xFF.
constexpr uint8_t kEndOfImage = 0xD9, kStartOfScan = 0xDA, kTem = 0x01;
bool IsRestart(uint8_t marker) { return marker >= 0xD0 && marker <= 0xD7; }
bool IsStartOfFrame(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// The position of the next marker's code at or after `at`, skipping entropy-coded data: stuffed
// zeros, restart markers and fill bytes. file.size() where there is none.
size_t NextMarker(ByteSpan file, size_t at) {
  while (at + 1 < file.size()) {
    const uint8_t* found =
        static_cast<const uint8_t*>(std::memchr(file.data() + at, 0xFF, file.size() - at - 1));
    if (found == nullptr) break;
    at = static_cast<size_t>(found - file.data()) + 1;
    const uint8_t code = file[at];
    if (code != 0x00 && code != 0xFF && code != kTem && !IsRestart(code)) return at;
  }
  return file.size();
}

Result<ImageHeader> ReadJpeg(ByteSpan file) {
  ImageHeader header;
  bool scanned = false;
  for (size_t at = NextMarker(file, 2); at < file.size(); at = NextMarker(file, at)) {
    const uint8_t marker = file[at];
    if (marker == kEndOfImage) {
      if (!scanned) return Error(StatusCode::kCorrupt, "a JPEG without image data");
      QB_RETURN_IF_ERROR(CheckSize(header));
      if (header.components != 1 && header.components != 3) {
        return Error(StatusCode::kUnsupported,
                     "a JPEG with {} colour components (CMYK?); convert it to RGB",
                     header.components);
      }
      return header;
    }
    if (file.size() - at < 3) break;
    const size_t length = BigEndian16(file.subspan(at + 1));
    if (length < 2 || length > file.size() - at - 1) break;
    if (IsStartOfFrame(marker)) {
      if (length < 8) return Error(StatusCode::kCorrupt, "a JPEG with a damaged frame header");
      header.height = BigEndian16(file.subspan(at + 4));
      header.width = BigEndian16(file.subspan(at + 6));
      header.components = file[at + 8];
    }
    scanned = scanned || marker == kStartOfScan;
    at += 1 + length;
  }
  return Truncated("JPEG", file.size());
}

// Chunks (PNG specification, section 5): length, type, data, checksum; IHDR first, IEND last.
Result<ImageHeader> ReadPng(ByteSpan file) {
  ImageHeader header;
  header.format = ImageFormat::kPng;
  size_t at = kPngMagic.size();
  while (file.size() - at >= 12) {
    const uint32_t length = BigEndian32(file.subspan(at));
    if (length > file.size() - at - 12) break;
    const ByteSpan type = file.subspan(at + 4, 4);
    if (StartsWith(type, "IHDR") && length >= 8) {
      header.width = BigEndian32(file.subspan(at + 8));
      header.height = BigEndian32(file.subspan(at + 12));
    }
    if (StartsWith(type, "IEND")) {
      QB_RETURN_IF_ERROR(CheckSize(header));
      return header;
    }
    at += 12 + length;
  }
  return Truncated("PNG", file.size());
}

Result<ImageHeader> ReadBmp(ByteSpan file) {
  ImageHeader header;
  header.format = ImageFormat::kBmp;
  // The file header (14 bytes), then an info header of at least 40 (older ones are not read).
  if (file.size() < 54) return Truncated("BMP", file.size());
  const auto file_bytes = LoadUnaligned<uint32_t>(file.subspan(2));
  const auto info_bytes = LoadUnaligned<uint32_t>(file.subspan(14));
  if (info_bytes < 40) return Error(StatusCode::kUnsupported, "a BMP of an old kind; use PNG");
  if (file_bytes > file.size()) return Truncated("BMP", file.size());
  const auto width = LoadUnaligned<int32_t>(file.subspan(18));
  const auto height = LoadUnaligned<int32_t>(file.subspan(22));  // negative: top row first
  header.width = width > 0 ? static_cast<uint32_t>(width) : 0;
  header.height = height < 0 ? 0U - static_cast<uint32_t>(height) : static_cast<uint32_t>(height);
  QB_RETURN_IF_ERROR(CheckSize(header));
  return header;
}

struct OtherFormat {
  std::string_view magic;
  std::string_view name;
};
constexpr std::array<OtherFormat, 6> kOtherFormats = {{
    {"RIFF", "WebP"},
    {"GIF8", "GIF"},
    {"II*", "TIFF"},
    {"MM", "TIFF"},
    {"<", "HTML or SVG"},
    {"%PDF", "PDF"},
}};

}  // namespace

Result<ImageHeader> ReadImageHeader(ByteSpan file) {
  if (file.empty()) return Error(StatusCode::kCorrupt, "an empty file");
  if (StartsWith(file, "\xFF\xD8\xFF")) return ReadJpeg(file);
  if (StartsWith(file, kPngMagic)) return ReadPng(file);
  if (StartsWith(file, "BM")) return ReadBmp(file);
  for (const OtherFormat& format : kOtherFormats) {
    if (StartsWith(file, format.magic)) {
      return Error(StatusCode::kUnsupported,
                   "a {} file, which qbench does not read; use JPEG or PNG", format.name);
    }
  }
  return Error(StatusCode::kCorrupt, "not an image: it begins like no JPEG, PNG or BMP file");
}

}  // namespace qbench::datasets
