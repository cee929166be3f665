#include "datasets/tensor_cache.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/last_use.h"
#include "base/sha256.h"
#include "datasets/tensor_file.h"
#include "fmt/ranges.h"

namespace qbench::datasets {
namespace {

Status Damaged(const std::filesystem::path& file, std::string_view what) {
  return Error(StatusCode::kCorrupt, "the tensor cache {} is damaged ({}); delete it",
               file.string(), what);
}

}  // namespace

NormalizationTable::NormalizationTable(std::span<const float> mean, std::span<const float> std)
    : values_(mean.size()) {
  for (size_t c = 0; c < values_.size(); ++c) {
    for (size_t pixel = 0; pixel < 256; ++pixel) {
      values_[c][pixel] = (static_cast<float>(pixel) - mean[c]) / std[c];
    }
  }
}

Result<TensorCache> TensorCache::Open(const std::filesystem::path& file) {
  QB_ASSIGN_OR_RETURN(MappedFile mapping, MappedFile::Open(file));
  TensorCache cache(std::move(mapping));
  cache.file_ = file;
  QB_RETURN_IF_ERROR(cache.Parse());
  MarkUsed(file);
  return cache;
}

size_t TensorCache::pixel_bytes() const {
  return static_cast<size_t>(width_) * static_cast<size_t>(height_) *
         static_cast<size_t>(channels_);
}

Status TensorCache::Parse() {
  const ByteSpan bytes = mapping_.bytes();
  if (bytes.size() < sizeof(TensorFileHeader)) return Damaged(file_, "no header");
  const auto header = LoadUnaligned<TensorFileHeader>(bytes);
  if (header.magic != kTensorMagic || header.version != kTensorVersion) {
    return Damaged(file_, "of another version");
  }
  const Result<TensorFileLayout> layout = LayOutTensorFile(header);
  if (!layout.ok()) return Damaged(file_, layout.status().message());
  if (layout->total_bytes != bytes.size()) return Damaged(file_, "wrong length");
  count_ = header.count;
  width_ = static_cast<int>(header.width);
  height_ = static_cast<int>(header.height);
  channels_ = static_cast<int>(header.channels);
  key_.assign(header.key.begin(), header.key.end());
  content_sha256_.assign(header.content_sha256.begin(), header.content_sha256.end());
  status_ = bytes.subspan(layout->status, count_);
  labels_ = bytes.subspan(layout->labels, count_ * sizeof(int32_t));
  pixels_ = bytes.subspan(layout->pixels, count_ * pixel_bytes());
  const ByteSpan reasons = bytes.subspan(layout->reasons);
  return ParseReasons({reinterpret_cast<const char*>(reasons.data()), reasons.size()});
}

// One line for each image that is not kOk, in their order: "<index> <reason>".
Status TensorCache::ParseReasons(std::string_view text) {
  for (size_t i = 0; i < count_; ++i) {
    if (status_[i] == static_cast<uint8_t>(ImageStatus::kOk)) continue;
    if (status_[i] > static_cast<uint8_t>(ImageStatus::kFailed)) return Damaged(file_, "a status");
    const std::string prefix = fmt::format("{} ", i);
    const size_t end = text.find('\n');
    if (!text.starts_with(prefix) || end == std::string_view::npos) {
      return Damaged(file_, "a reason is missing");
    }
    broken_.push_back({i, status(i), std::string(text.substr(prefix.size(), end - prefix.size()))});
    text.remove_prefix(end + 1);
  }
  return text.empty() ? OkStatus() : Damaged(file_, "reasons");
}

std::span<const uint8_t> TensorCache::pixels(size_t i) const {
  return pixels_.subspan(i * pixel_bytes(), pixel_bytes());
}

void TensorCache::NormalizedInto(size_t i, const NormalizationTable& table, float* out) const {
  const size_t channels = table.channels();
  const std::span<const uint8_t> source = pixels(i);
  for (size_t k = 0; k < source.size(); k += channels) {
    for (size_t c = 0; c < channels; ++c) out[k + c] = table.Value(c, source[k + c]);
  }
  // All of them: the kernel may have mapped much more than this one's pages.
  mapping_.Release(pixels_);
}

Status TensorCache::CheckContent() const {
  QB_ASSIGN_OR_RETURN(const std::string sha256, HashTensorFileContent(mapping_));
  if (sha256 == content_sha256_) return OkStatus();
  return Damaged(file_, "its checksum differs");
}

std::string TensorKey(const Split& split, const Preprocessing& preprocessing) {
  Sha256 hash;
  hash.Update(fmt::format("qbench tensors {}\nsplit {}\npixels {}\n", kTensorVersion, split.sha256,
                          PixelKey(preprocessing)));
  for (const Image& image : split.images) hash.Update(fmt::format("{}\n", image.label));
  return hash.HexDigest();
}

std::string DescribeBroken(const Split& split, const TensorCache& tensors) {
  constexpr size_t kNamed = 3;
  if (tensors.broken().empty()) return "";
  std::vector<std::string> names;
  for (const BrokenImage& image : tensors.broken()) {
    if (names.size() == kNamed) {
      names.emplace_back("…");
      break;
    }
    names.push_back(fmt::format("{} ({})", split.images[image.index].path, image.reason));
  }
  return fmt::format("{} of {} images of the {} split in {} cannot be decoded and are left out: {}",
                     tensors.broken().size(), tensors.size(), split.name, split.folder.string(),
                     fmt::join(names, ", "));
}

}  // namespace qbench::datasets
