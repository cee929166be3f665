// Making the file of a tensor cache: layout, decoding into place, renaming.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "datasets/tensor_cache.h"
#include "datasets/tensor_file.h"

namespace qbench::datasets {

namespace fs = std::filesystem;

Result<std::string> HashTensorFileContent(const MappedFile& file) {
  constexpr size_t kPiece = size_t{1} << 20;
  Sha256 hash;
  ByteSpan left = file.bytes().subspan(sizeof(TensorFileHeader));
  while (!left.empty()) {
    const ByteSpan piece = left.first(std::min(kPiece, left.size()));
    hash.Update(piece);
    file.Release(piece);
    left = left.subspan(piece.size());
    if (InterruptRequested()) return InterruptStatus("reading decoded images");
  }
  return hash.HexDigest();
}

Result<TensorFileLayout> LayOutTensorFile(const TensorFileHeader& header) {
  const auto side_is_wrong = [](uint32_t side) { return side < 1 || side > kMaxInputSide; };
  if (side_is_wrong(header.width) || side_is_wrong(header.height) ||
      (header.channels != 1 && header.channels != 3) || header.count > uint64_t{1} << 31 ||
      header.reason_bytes > uint64_t{1} << 40) {
    return Error(StatusCode::kCorrupt, "impossible sizes");
  }
  const auto align = [](uint64_t offset, uint64_t to) { return (offset + to - 1) / to * to; };
  TensorFileLayout layout{};
  layout.status = sizeof(TensorFileHeader);
  layout.labels = align(layout.status + header.count, sizeof(int32_t));
  layout.pixels = align(layout.labels + header.count * sizeof(int32_t), 64);
  layout.reasons = layout.pixels + header.count * header.width * header.height * header.channels;
  layout.total_bytes = layout.reasons + header.reason_bytes;
  return layout;
}

namespace {

Status IoError(std::string_view doing, const fs::path& file) {
  return Error(IsFull(errno) ? StatusCode::kNoSpace : StatusCode::kIo,
               "cannot {} {}: {}; name another folder with --cache", doing, file.string(),
               std::generic_category().message(errno));
}

// The unfinished file, locked, so that of two processes that want the same tensors one makes them.
// What a killed process left is taken over.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(fs::path path) : path_(std::move(path)) {}
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;
  ~UnfinishedFile() {
    if (fd_ < 0) return;
    if (!finished_) unlink(path_.c_str());
    close(fd_);
  }

  // Waits for its turn. False: another process has just finished this file.
  Result<bool> Lock(const DecodeProgress& progress, size_t total) {
    fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) return IoError("write", path_);
    while (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) return IoError("lock", path_);
      if (progress && !progress(0, total)) {
        finished_ = true;  // it is another's
        return Error(StatusCode::kCancelled, "waiting for the tensors was cancelled");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    struct stat mine {
    }, there{};
    const bool same = fstat(fd_, &mine) == 0 && stat(path_.c_str(), &there) == 0 &&
                      mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
    if (!same) finished_ = true;
    return same;
  }

  // Makes it `bytes` zeros on the disk, so that a full disk is noticed now. The space is asked for
  // first: an allocation that fails may fill the disk for a moment, to the harm of others.
  Status Allocate(uint64_t bytes) {
    if (ftruncate(fd_, 0) != 0) return IoError("write", path_);
    std::error_code error;
    const fs::space_info space = fs::space(path_, error);
    if (!error && space.available < bytes) error = make_error_code(std::errc::no_space_on_device);
    if (!error && fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) != 0) {
      error = std::error_code(errno, std::generic_category());
      if (error == std::errc::operation_not_supported) {  // by this file system
        error.clear();
        if (ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return IoError("write", path_);
      }
    }
    if (!error) return OkStatus();
    return Error(
        error == std::errc::no_space_on_device ? StatusCode::kNoSpace : StatusCode::kIo,
        "cannot keep {} bytes of tensors in {}: {}; make room, or name another folder with "
        "--cache",
        bytes, path_.parent_path().string(), error.message());
  }

  Status WriteAt(ByteSpan bytes, uint64_t offset) {
    const int error = WriteAllAt(fd_, bytes, offset);
    return error == 0 ? OkStatus() : WriteError(path_.string(), error);
  }

  Status RenameTo(const fs::path& file) {
    if (fsync(fd_) != 0 || rename(path_.c_str(), file.c_str()) != 0) return IoError("write", file);
    finished_ = true;
    return OkStatus();
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  int fd_ = -1;
  bool finished_ = false;
};

// What is written once the images are decoded.
struct Outcome {
  Bytes status;
  std::vector<int32_t> labels;
  std::string reasons;
  size_t whole = 0;
};

Outcome Summarize(const Split& split, const std::vector<DecodedImage>& images) {
  Outcome outcome;
  for (size_t i = 0; i < images.size(); ++i) {
    outcome.status.push_back(static_cast<uint8_t>(images[i].status));
    outcome.labels.push_back(split.images[i].label);
    if (images[i].status == ImageStatus::kOk) {
      ++outcome.whole;
    } else {
      outcome.reasons += fmt::format("{} {}\n", i, images[i].reason);
    }
  }
  return outcome;
}

// The images are the ones that were hashed, and what is calibrated or trained with is never quietly
// less than that: another artifact would be kept under the same key.
Status CheckComplete(const Split& split, const std::vector<DecodedImage>& images) {
  const bool quantizes = split.name != "test";
  size_t missing = 0;
  size_t first = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    const bool gone = images[i].status == ImageStatus::kGone ||
                      (quantizes && images[i].status == ImageStatus::kFailed);
    if (gone && missing++ == 0) first = i;
  }
  if (missing == 0) return OkStatus();
  return Error(StatusCode::kIo,
               "{} of the {} images of the {} split in {} could not be had as they were when the "
               "data set was opened: {}: {}; run again",
               missing, images.size(), split.name, split.folder.string(), split.images[first].path,
               images[first].reason);
}

// Of a file without reasons; the sums are not there yet.
TensorFileHeader HeaderOf(const Split& split, const Preprocessing& preprocessing,
                          const std::string& key) {
  TensorFileHeader header{};
  header.magic = kTensorMagic;
  header.version = kTensorVersion;
  header.width = static_cast<uint32_t>(preprocessing.width);
  header.height = static_cast<uint32_t>(preprocessing.height);
  header.channels = static_cast<uint32_t>(preprocessing.channel_count());
  header.count = split.images.size();
  std::copy(key.begin(), key.end(), header.key.begin());
  return header;
}

fs::path TensorFile(const fs::path& cache_dir, const std::string& key) {
  return cache_dir / "tensors" / (key.substr(0, 32) + ".tensors");
}

Status Build(const Split& split, const Preprocessing& preprocessing, const std::string& key,
             const DecodeOptions& options, UnfinishedFile& unfinished) {
  TensorFileHeader header = HeaderOf(split, preprocessing, key);
  QB_ASSIGN_OR_RETURN(const TensorFileLayout layout, LayOutTensorFile(header));
  QB_RETURN_IF_ERROR(unfinished.Allocate(layout.total_bytes));

  std::vector<ImageFile> files;
  files.reserve(split.images.size());
  for (const Image& image : split.images) files.push_back({image.file, image.sha256});
  QB_ASSIGN_OR_RETURN(
      const std::vector<DecodedImage> images,
      DecodeImages(files, preprocessing, unfinished.path(), layout.pixels, options));
  QB_RETURN_IF_ERROR(CheckComplete(split, images));
  const Outcome outcome = Summarize(split, images);
  if (outcome.whole == 0) {
    return Error(StatusCode::kCorrupt,
                 "none of the {} images of the {} split in {} can be decoded: {} {}", images.size(),
                 split.name, split.folder.string(), split.images[0].path, images[0].reason);
  }
  QB_RETURN_IF_ERROR(unfinished.WriteAt(outcome.status, layout.status));
  QB_RETURN_IF_ERROR(unfinished.WriteAt(AsBytes(outcome.labels), layout.labels));
  QB_RETURN_IF_ERROR(unfinished.WriteAt(AsBytes(outcome.reasons), layout.reasons));
  header.reason_bytes = outcome.reasons.size();
  QB_ASSIGN_OR_RETURN(const MappedFile mapping, MappedFile::Open(unfinished.path()));
  QB_ASSIGN_OR_RETURN(const std::string sha256, HashTensorFileContent(mapping));
  std::copy(sha256.begin(), sha256.end(), header.content_sha256.begin());
  return unfinished.WriteAt({reinterpret_cast<const uint8_t*>(&header), sizeof(header)}, 0);
}

// The finished file, if it is whole and nothing in it is worth another try.
Result<TensorCache> OpenFinished(const fs::path& file, const std::string& key, size_t images,
                                 const Preprocessing& preprocessing) {
  QB_ASSIGN_OR_RETURN(TensorCache cache, TensorCache::Open(file));
  // The sizes stand in the header, which the content's hash does not cover.
  const bool same =
      cache.key() == key && cache.size() == images && cache.width() == preprocessing.width &&
      cache.height() == preprocessing.height && cache.channels() == preprocessing.channel_count();
  if (!same) return Error(StatusCode::kCorrupt, "{} holds other tensors", file.string());
  QB_RETURN_IF_ERROR(cache.CheckContent());
  for (const BrokenImage& image : cache.broken()) {
    if (image.status == ImageStatus::kFailed) {
      return Error(StatusCode::kNotFound, "{} lacks images", file.string());
    }
  }
  return cache;
}

}  // namespace

uint64_t MissingTensorBytes(const Split& split, const Preprocessing& preprocessing,
                            const fs::path& cache_dir) {
  const std::string key = TensorKey(split, preprocessing);
  const Result<TensorFileLayout> layout = LayOutTensorFile(HeaderOf(split, preprocessing, key));
  std::error_code error;
  const uintmax_t there = fs::file_size(TensorFile(cache_dir, key), error);
  // Reasons of broken images make it longer.
  if (!layout.ok() || (!error && there >= layout->total_bytes)) return 0;
  return layout->total_bytes;
}

Result<TensorCache> EnsureTensors(const Split& split, const Preprocessing& preprocessing,
                                  const fs::path& cache_dir, const DecodeOptions& options) {
  QB_RETURN_IF_ERROR(CheckPreprocessing(preprocessing));
  if (split.images.empty()) {
    return Error(StatusCode::kInvalidArgument, "the {} split in {} has no images", split.name,
                 split.folder.string());
  }
  const std::string key = TensorKey(split, preprocessing);
  const fs::path file = TensorFile(cache_dir, key);
  const fs::path folder = file.parent_path();
  fs::path unfinished_path = file;
  unfinished_path += ".unfinished";
  while (true) {
    Result<TensorCache> cache = OpenFinished(file, key, split.images.size(), preprocessing);
    if (cache.ok() || cache.status().code() == StatusCode::kCancelled) return cache;
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      return Error(StatusCode::kIo, "cannot create {}: {}; name another folder with --cache",
                   folder.string(), error.message());
    }
    UnfinishedFile unfinished(unfinished_path);
    QB_ASSIGN_OR_RETURN(const bool my_turn, unfinished.Lock(options.progress, split.images.size()));
    if (!my_turn) continue;
    QB_RETURN_IF_ERROR(Build(split, preprocessing, key, options, unfinished));
    QB_RETURN_IF_ERROR(unfinished.RenameTo(file));
    return TensorCache::Open(file);
  }
}

}  // namespace qbench::datasets
