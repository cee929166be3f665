#include "datasets/import/intel_import.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

#include "base/archive/unzip.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "datasets/dataset.h"
#include "datasets/file_names.h"
#include "datasets/folder_layout.h"
#include "datasets/split_folders.h"
#include "fmt/ranges.h"

namespace qbench::datasets {
namespace {

constexpr const char* kName = "intel";
constexpr const char* kTitle = "Intel Image Classification";

namespace fs = std::filesystem;

const std::vector<std::string> kLabels = {"buildings", "forest", "glacier",
                                          "mountain",  "sea",    "street"};
constexpr size_t kFullTrain = 14034, kFullTest = 3000;
constexpr int kUsualSide = 150;
constexpr char kTempPrefix[] = ".import";

Status IoError(std::string_view doing, const fs::path& path, const std::error_code& error) {
  return Error(StatusCode::kIo, "cannot {} {}: {}", doing, path.string(), error.message());
}

// Held while an import runs, so that two do not get in each other's way.
class ImportLock {
 public:
  explicit ImportLock(const fs::path& folder)
      : fd_(open((folder / ".import.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {}
  ImportLock(const ImportLock&) = delete;
  ImportLock& operator=(const ImportLock&) = delete;
  ~ImportLock() {
    if (fd_ >= 0) close(fd_);
  }
  Status Take(const fs::path& folder) const {
    if (fd_ < 0) return IoError("write in", folder, {errno, std::generic_category()});
    if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return OkStatus();
    return Error(StatusCode::kIo, "another import into {} is running; wait for it",
                 folder.string());
  }

 private:
  int fd_;
};

// What imports that were killed left behind; the lock is held.
void RemoveLeftovers(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().filename().string().starts_with(fmt::format("{}-", kTempPrefix))) {
      fs::remove_all(entry->path(), ignored);
    }
  }
}

// The name of the copy of an image: one that needs no escapes.
std::string PlainName(std::string_view name) {
  std::string plain = EscapeName(name);
  std::ranges::replace(plain, '\\', '_');
  return plain;
}

// An image on its way; image.path is "<label>/<name>", image.file where it lies now.
struct Candidate {
  std::string split;
  Image image;
};

class Importer {
 public:
  explicit Importer(const ImportOptions& options) : options_(options) {}

  Result<ImportReport> Run() {
    const fs::path home = options_.data_home / "datasets";
    std::error_code error;
    fs::create_directories(home, error);
    if (error) return IoError("create", home, error);
    const ImportLock lock(home);
    QB_RETURN_IF_ERROR(lock.Take(home));
    RemoveLeftovers(home);
    QB_ASSIGN_OR_RETURN(const TempDir temp, TempDir::Create(kTempPrefix, home));
    QB_ASSIGN_OR_RETURN(const fs::path source, Source(temp.path()));
    QB_RETURN_IF_ERROR(Collect(source));
    NoteCounts();
    QB_RETURN_IF_ERROR(HashAll());
    QB_RETURN_IF_ERROR(LeaveOutBroken());
    DropOverlaps();
    AssignCalibration();
    QB_RETURN_IF_ERROR(Place(temp.path() / "new"));
    report_.folder = home / kName;
    QB_RETURN_IF_ERROR(Swap(temp.path(), report_.folder));
    return std::move(report_);
  }

 private:
  bool Progress(std::string_view stage, size_t done, size_t total) const {
    return !options_.progress || options_.progress(stage, done, total);
  }

  static Status Cancelled() { return Error(StatusCode::kCancelled, "the import was cancelled"); }

  // The folder to take images from: the source, or what is in the zip.
  Result<fs::path> Source(const fs::path& temp) {
    std::error_code error;
    const fs::file_status status = fs::status(options_.source, error);
    if (!fs::exists(status)) {
      return Error(StatusCode::kNotFound, "no file or folder {}", options_.source.string());
    }
    if (fs::is_directory(status)) return options_.source;
    if (!LooksLikeZip(options_.source)) {
      return Error(StatusCode::kInvalidArgument,
                   "{} is neither a folder nor a zip; give the zip from Kaggle or the folder that "
                   "it unpacks to",
                   options_.source.string());
    }
    from_zip_ = true;
    const fs::path unzipped = temp / "unzipped";
    fs::create_directory(unzipped, error);
    if (error) return IoError("create", unzipped, error);
    const auto wanted = [](std::string_view path) {
      return path.find("seg_pred/") == std::string_view::npos && IsImageName(path);
    };
    const auto progress = [&](uint64_t done, uint64_t total) {
      return Progress("extract", done, total);
    };
    QB_RETURN_IF_ERROR(Unzip(options_.source, unzipped, {}, wanted, progress));
    return unzipped;
  }

  // Finds both splits, at the top or in the only folder there is, and lists their images.
  Status Collect(const fs::path& source) {
    QB_ASSIGN_OR_RETURN(SplitFolders splits, FindSplitFolders(source));
    if (splits.found.empty()) {
      QB_ASSIGN_OR_RETURN(const FolderEntries entries, ListFolder(source));
      if (entries.folders.size() == 1) {
        QB_ASSIGN_OR_RETURN(splits, FindSplitFolders(source / entries.folders[0]));
      }
    }
    if (!splits.found.contains("train") || !splits.found.contains("test")) {
      return Error(StatusCode::kInvalidArgument,
                   "{} does not hold the Intel set: seg_train and seg_test with one folder a class "
                   "are expected",
                   options_.source.string());
    }
    for (const char* split : {"train", "test"}) {
      const fs::path& folder = splits.found.at(split).classes;
      QB_ASSIGN_OR_RETURN(const ClassFolders scan, ScanClassFolders(folder));
      if (scan.classes != kLabels) {
        return Error(StatusCode::kInvalidArgument,
                     "the class folders in {} are {}, not those of the Intel set: {}",
                     folder.string(), fmt::join(scan.classes, ", "), fmt::join(kLabels, ", "));
      }
      for (size_t label = 0; label < kLabels.size(); ++label) {
        for (const std::string& name : scan.files.at(kLabels[label])) {
          candidates_.push_back({split,
                                 {fmt::format("{}/{}", kLabels[label], PlainName(name)),
                                  folder / kLabels[label] / name,
                                  static_cast<int>(label),
                                  {}}});
        }
      }
    }
    return OkStatus();
  }

  void NoteCounts() {
    const auto test = static_cast<size_t>(
        std::count_if(candidates_.begin(), candidates_.end(),
                      [](const Candidate& candidate) { return candidate.split == "test"; }));
    const size_t train = candidates_.size() - test;
    if (train == kFullTrain && test == kFullTest) return;
    report_.notes.push_back(fmt::format(
        "this is not the full set: it has {} training and {} test images, the full one {} and {}; "
        "figures are not comparable with published ones",
        train, test, kFullTrain, kFullTest));
  }

  Status HashAll() {
    for (size_t i = 0; i < candidates_.size(); ++i) {
      if (i % 64 == 0 && !Progress("hash", i, candidates_.size())) return Cancelled();
      Image& image = candidates_[i].image;
      QB_ASSIGN_OR_RETURN(image.sha256, Sha256HexOfFile(image.file));
    }
    return OkStatus();
  }

  static std::string PathOf(const Candidate& candidate) {
    return fmt::format("{}/{}", candidate.split, candidate.image.path);
  }

  Status LeaveOutBroken() {
    std::vector<ImageFile> files;
    files.reserve(candidates_.size());
    for (const Candidate& candidate : candidates_) files.push_back({candidate.image.file, {}});
    DecodeOptions decode = options_.decode;
    decode.progress = [&](size_t done, size_t total) { return Progress("decode", done, total); };
    QB_ASSIGN_OR_RETURN(const std::vector<DecodedImage> decoded, ProbeImages(files, decode));
    std::vector<Candidate> whole;
    for (size_t i = 0; i < decoded.size(); ++i) {
      const DecodedImage& image = decoded[i];
      if (image.status != ImageStatus::kOk) {
        report_.broken.push_back({PathOf(candidates_[i]), image.reason});
        continue;
      }
      if (image.width != kUsualSide || image.height != kUsualSide) {
        report_.odd_sized.push_back({PathOf(candidates_[i]), image.width, image.height});
      }
      whole.push_back(std::move(candidates_[i]));
    }
    candidates_ = std::move(whole);
    return OkStatus();
  }

  // No training image may be a test image.
  void DropOverlaps() {
    std::unordered_set<std::string> test;
    for (const Candidate& candidate : candidates_) {
      if (candidate.split == "test") test.insert(candidate.image.sha256);
    }
    std::erase_if(candidates_, [&](const Candidate& candidate) {
      if (candidate.split != "train" || !test.contains(candidate.image.sha256)) return false;
      report_.dropped_from_train.push_back(PathOf(candidate));
      return true;
    });
  }

  void AssignCalibration() {
    for (Candidate& candidate : candidates_) {
      if (candidate.split == "train" && IsCalibrationHash(candidate.image.sha256)) {
        candidate.split = "calibration";
      }
    }
  }

  // Copies (from a zip: moves) everything into `folder`, with the manifest.
  Status Place(const fs::path& folder) {
    std::error_code error;
    std::map<std::string, std::vector<Image>> splits;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const bool go_on = i % 64 != 0 || Progress("copy", i, candidates_.size());
      if (!go_on || InterruptRequested()) return Cancelled();
      const Candidate& candidate = candidates_[i];
      const fs::path target = folder / candidate.split / candidate.image.path;
      fs::create_directories(target.parent_path(), error);
      if (error) return IoError("create", target.parent_path(), error);
      if (from_zip_) {
        fs::rename(candidate.image.file, target, error);
      } else {
        fs::copy_file(candidate.image.file, target, error);
      }
      if (error) return IoError("write", target, error);
      ++report_.counts[candidate.split][kLabels[static_cast<size_t>(candidate.image.label)]];
      splits[candidate.split].push_back(candidate.image);
    }
    Manifest& manifest = report_.manifest;
    manifest.name = kName;
    manifest.title = kTitle;
    manifest.licence = "the original authors'; see the data set's page on Kaggle";
    manifest.source = "Kaggle, puneet6060/intel-image-classification";
    manifest.labels = kLabels;
    manifest.default_models = {"intel-cnn", "mobilenetv2-035-96"};
    for (auto& [name, images] : splits) {
      std::sort(images.begin(), images.end(),
                [](const Image& a, const Image& b) { return a.path < b.path; });
      const Split split{name, {}, images, {}};
      manifest.splits[name] = {name, images.size(), SplitSha256(images)};
      for (const size_t i : FindDuplicates(split)) {
        report_.duplicates.push_back(fmt::format("{}/{}", name, images[i].path));
      }
    }
    return WriteManifest(folder / kManifestName, manifest);
  }

  // Puts <temp>/new in the place of `target`, once it is on the disk.
  static Status Swap(const fs::path& temp, const fs::path& target) {
    const int fd = open(temp.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && syncfs(fd) == 0;
    const std::error_code sync_error(errno, std::generic_category());
    if (fd >= 0) close(fd);
    if (!synced) return IoError("write", temp, sync_error);
    std::error_code error;
    const bool replaces = fs::exists(fs::symlink_status(target, error));
    if (replaces) {
      fs::rename(target, temp / "old", error);
      if (error) return IoError("replace", target, error);
    }
    fs::rename(temp / "new", target, error);
    if (!error) return OkStatus();
    std::error_code ignored;
    if (replaces) fs::rename(temp / "old", target, ignored);
    return IoError("write", target, error);
  }

  const ImportOptions& options_;
  ImportReport report_;
  std::vector<Candidate> candidates_;
  bool from_zip_ = false;
};

}  // namespace

ImportableDataset IntelDataset() {
  return {.name = kName,
          .title = kTitle,
          .hint =
              "intel is not imported yet: download \"Intel Image Classification\" "
              "(puneet6060/intel-image-classification) from Kaggle, then run `qbench dataset "
              "import intel PATH`, PATH being the zip or the unpacked folder"};
}

Result<ImportReport> ImportIntel(const ImportOptions& options) { return Importer(options).Run(); }

}  // namespace qbench::datasets
