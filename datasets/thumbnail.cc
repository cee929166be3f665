#include "datasets/thumbnail.h"

#include <utility>

#include "base/base64.h"
#include "base/files.h"
#include "base/sha256.h"
#include "datasets/image_header.h"

namespace qbench::datasets {
namespace {

constexpr size_t kBmpHeader = 54;

void PutLittle(uint32_t value, int bytes, Bytes* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// A bitmap of 24 bits a pixel, which every browser shows: BITMAPFILEHEADER and BITMAPINFOHEADER,
// then rows of B, G, R from the bottom up, each filled up to a multiple of four bytes.
Bytes Bmp(ByteSpan rgb, int side) {
  const auto width = static_cast<size_t>(side);
  const size_t row = (3 * width + 3) / 4 * 4;
  const auto size = static_cast<uint32_t>(kBmpHeader + row * width);
  Bytes out = {'B', 'M'};
  out.reserve(size);
  PutLittle(size, 4, &out);
  PutLittle(0, 4, &out);
  PutLittle(kBmpHeader, 4, &out);
  PutLittle(40, 4, &out);  // of the second header
  PutLittle(static_cast<uint32_t>(side), 4, &out);
  PutLittle(static_cast<uint32_t>(side), 4, &out);
  PutLittle(1, 2, &out);   // planes
  PutLittle(24, 2, &out);  // bits a pixel
  for (int i = 0; i < 6; ++i) PutLittle(0, 4, &out);
  for (size_t y = width; y-- > 0;) {
    for (size_t x = 0; x < width; ++x) {
      const ByteSpan pixel = rgb.subspan(3 * (y * width + x), 3);
      out.insert(out.end(), {pixel[2], pixel[1], pixel[0]});
    }
    out.resize(out.size() + row - 3 * width);
  }
  return out;
}

// The file as it is, where it is a small JPEG or PNG with the right bytes; else empty.
std::string WholeFile(const ImageFile& file, const ThumbnailSettings& settings) {
  const Result<Bytes> bytes = ReadFile(file.path, settings.whole_bytes);
  if (!bytes.ok() || (!file.sha256.empty() && Sha256Hex(*bytes) != file.sha256)) return {};
  const Result<ImageHeader> header = ReadImageHeader(*bytes);
  if (!header.ok() || header->format == ImageFormat::kBmp) return {};
  const char* type = header->format == ImageFormat::kPng ? "image/png" : "image/jpeg";
  return fmt::format("data:{};base64,{}", type, Base64(*bytes));
}

// Decodes the files at `places` and sets their thumbnails.
Status DecodeSmall(const std::vector<ImageFile>& files, const std::vector<size_t>& places,
                   const ThumbnailSettings& settings, const DecodeOptions& options,
                   std::vector<Thumbnail>* thumbnails) {
  Preprocessing small;
  small.width = small.height = settings.side;
  small.mean = {0, 0, 0};
  small.std = {1, 1, 1};
  small.exif_rotation = true;
  QB_ASSIGN_OR_RETURN(const TempDir folder, TempDir::Create("qbench-thumbnails"));
  const std::filesystem::path pixels = folder.path() / "pixels";
  QB_RETURN_IF_ERROR(WriteFile(pixels, Bytes(places.size() * small.pixel_bytes())));
  std::vector<ImageFile> chosen;
  for (const size_t place : places) chosen.push_back(files[place]);
  QB_ASSIGN_OR_RETURN(const std::vector<DecodedImage> decoded,
                      DecodeImages(chosen, small, pixels, 0, options));
  QB_ASSIGN_OR_RETURN(const Bytes all, ReadFile(pixels));
  for (size_t i = 0; i < places.size(); ++i) {
    Thumbnail& thumbnail = (*thumbnails)[places[i]];
    thumbnail.reason = decoded[i].reason;
    if (decoded[i].status != ImageStatus::kOk) continue;
    const ByteSpan rgb = ByteSpan(all).subspan(i * small.pixel_bytes(), small.pixel_bytes());
    thumbnail.source = "data:image/bmp;base64," + Base64(Bmp(rgb, settings.side));
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<Thumbnail>> MakeThumbnails(const std::vector<ImageFile>& files,
                                              const ThumbnailSettings& settings,
                                              const DecodeOptions& options) {
  std::vector<Thumbnail> thumbnails(files.size());
  std::vector<size_t> to_decode;
  uint64_t chars = 0;
  const auto side = static_cast<uint64_t>(settings.side);
  const uint64_t small_chars = 22 + (kBmpHeader + (3 * side + 3) / 4 * 4 * side + 2) / 3 * 4;
  for (size_t i = 0; i < files.size(); ++i) {
    std::string whole = WholeFile(files[i], settings);
    const uint64_t size = whole.empty() ? small_chars : whole.size();
    if (chars + size > settings.total_chars) continue;
    chars += size;
    if (whole.empty()) {
      to_decode.push_back(i);
    } else {
      thumbnails[i].source = std::move(whole);
    }
  }
  if (!to_decode.empty()) {
    QB_RETURN_IF_ERROR(DecodeSmall(files, to_decode, settings, options, &thumbnails));
  }
  return thumbnails;
}

}  // namespace qbench::datasets
