// A model file of qbench's own, read as it is needed. Internal to the worker.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "base/file_state.h"
#include "base/files.h"
#include "base/status.h"

namespace qbench::worker {

// The file is mapped, and of a large one what has been read leaves this process's memory again
// within some milliseconds (a thread sees to that; who reads it again gets it from the system's
// cache): weights are gone through tensor by tensor, and on a small board there is no room for all
// of them beside what is made of them.
//
// As of MappedFile, whoever truncates the file meanwhile gets this process a SIGBUS: for files of
// the cache and of job folders alone. A file of the user's is read (ReadModelFile).
class MappedModel {
 public:
  // kCorrupt where it is empty, or has another SHA-256 than `sha256` (empty: any); kNotFound, kIo,
  // kInvalidArgument.
  static Result<MappedModel> Open(const std::filesystem::path& path,
                                  const std::string& sha256 = {});
  MappedModel(MappedModel&&) noexcept = default;
  MappedModel& operator=(MappedModel&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(file_state_, other.file_state_);
    std::swap(sha256_, other.sha256_);
    std::swap(state_, other.state_);
    return *this;
  }
  ~MappedModel();

  // Aligned to a page.
  ByteSpan bytes() const { return state_->file.bytes(); }
  // Releases all of it once more, and then no more: for a runtime that has packed its weights, or
  // that reads them where they are, again and again.
  void ReleaseAndStop();
  // kCorrupt where somebody wrote to the file since it was opened: what was read of it means
  // nothing.
  Status CheckUnchanged() const;

 private:
  // Where the thread finds it.
  struct State {
    explicit State(MappedFile mapped) : file(std::move(mapped)) {}
    void ReleaseUntilDone();
    void Stop();

    MappedFile file;
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::thread thread;
  };

  MappedModel(std::filesystem::path path, FileState file_state, MappedFile file)
      : path_(std::move(path)),
        file_state_(file_state),
        state_(std::make_unique<State>(std::move(file))) {}

  std::filesystem::path path_;
  FileState file_state_;  // before it was mapped
  std::string sha256_;    // empty: not known
  std::unique_ptr<State> state_;
};

}  // namespace qbench::worker
