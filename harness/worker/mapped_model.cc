#include "harness/worker/mapped_model.h"

#include <chrono>
#include <utility>

#include "base/sha256.h"

namespace qbench::worker {
namespace {

// Smaller ones are not worth a thread.
constexpr size_t kLargeBytes = size_t{16} << 20;
// Memory that is read in this time stays: some 20 MB.
constexpr std::chrono::milliseconds kStay{10};

Status Changed(const std::filesystem::path& path) {
  return Error(StatusCode::kCorrupt,
               "{} is no longer the file that was made: something changed it; run again",
               path.string());
}

}  // namespace

Result<MappedModel> MappedModel::Open(const std::filesystem::path& path,
                                      const std::string& sha256) {
  const FileState file_state = StateOf(path);
  QB_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  if (file.bytes().empty()) {
    return Error(StatusCode::kCorrupt, "{}: the file is empty", path.string());
  }
  if (file.bytes().size() > kMaxFileBytes) {
    return Error(StatusCode::kInvalidArgument, "{} has {} bytes, more than the limit of {}",
                 path.string(), file.bytes().size(), kMaxFileBytes);
  }
  MappedModel model(path, file_state, std::move(file));
  State& state = *model.state_;
  if (state.file.bytes().size() >= kLargeBytes) {
    state.thread = std::thread([&state] { state.ReleaseUntilDone(); });
  }
  if (!sha256.empty() && Sha256Hex(model.bytes()) != sha256) return Changed(path);
  model.sha256_ = sha256;
  return model;
}

MappedModel::~MappedModel() {
  if (state_ != nullptr) state_->Stop();
}

void MappedModel::ReleaseAndStop() {
  state_->Stop();
  state_->file.Release(state_->file.bytes());
}

void MappedModel::State::Stop() {
  if (!thread.joinable()) return;
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  changed.notify_all();
  thread.join();
}

void MappedModel::State::ReleaseUntilDone() {
  std::unique_lock lock(mutex);
  while (!changed.wait_for(lock, kStay, [&] { return done; })) file.Release(file.bytes());
}

Status MappedModel::CheckUnchanged() const {
  const FileState now = StateOf(path_);
  if (now == file_state_) return OkStatus();
  // What is cut off cannot be read.
  const bool same_file = now.device == file_state_.device && now.inode == file_state_.inode;
  if (same_file && now.size != file_state_.size) return Changed(path_);
  // Another run may have made the same file anew in its place.
  if (!sha256_.empty() && Sha256Hex(bytes()) == sha256_) return OkStatus();
  return Changed(path_);
}

}  // namespace qbench::worker
