#include "harness/baseline/pin.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/sealed_json.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "datasets/sidecar.h"
#include "harness/baseline/baseline_manifest.h"

namespace qbench::baseline {
namespace {

namespace fs = std::filesystem;
using store::Outcome;

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

class Pinner {
 public:
  Pinner(const store::RunData& run, const fs::path& folder) : run_(run) {
    pinned_.baseline.folder = folder;
  }

  Result<Pinned> Pin(const fs::path& database) {
    Baseline& baseline = pinned_.baseline;
    baseline.pinned_at = UtcNow();
    const store::Run& run = run_.run;
    baseline.run = {{"id", run.id},
                    {"database", fs::absolute(database).string()},
                    {"started_at", run.started_at},
                    {"qbench_version", run.qbench_version},
                    {"git_state", run.git_state},
                    {"host_id", run.host_id},
                    {"board", Text(run.host, "board.model")},
                    {"processor", Text(run.host, "cpu.name")},
                    {"command_line", run.command_line},
                    {"settings", run.settings}};
    for (const store::CellData& data : run_.cells) QB_RETURN_IF_ERROR(AddCell(data.cell));
    if (!baseline.cells.empty()) return std::move(pinned_);
    return Error(StatusCode::kInvalidArgument,
                 "run {} has no cell that worked, so there is nothing to pin{}{}", run.id,
                 pinned_.left_out.empty() ? "" : ": ",
                 pinned_.left_out.empty() ? "" : pinned_.left_out.front());
  }

 private:
  // What of the run has gone, or is another, can be had again.
  Status Gone(const Status& status) const {
    if (status.ok() || status.code() == StatusCode::kCancelled ||
        status.code() == StatusCode::kNoSpace) {
      return status;
    }
    return Error(status.code(), "{}: run its command again, and pin that run", status.message());
  }

  // Copies a file that must have this hash (empty: any) to `path` below the folder, once.
  Status Copy(const fs::path& from, const std::string& sha256, const std::string& path,
              std::string* copied_sha256 = nullptr) {
    if (InterruptRequested()) return InterruptStatus("pinning");
    Baseline& baseline = pinned_.baseline;
    const auto known = std::ranges::find(baseline.files, path, &PinnedFile::path);
    if (known != baseline.files.end()) {
      if (copied_sha256 != nullptr) *copied_sha256 = known->sha256;
      return OkStatus();
    }
    const Result<Bytes> bytes = ReadFile(from);
    if (!bytes.ok()) return Gone(bytes.status());
    std::string found = Sha256Hex(*bytes);
    if (!sha256.empty() && found != sha256) {
      return Gone(Error(StatusCode::kCorrupt, "{} is not what run {} measured", from.string(),
                        run_.run.id));
    }
    const fs::path to = baseline.folder / path;
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (error) return WriteError(to.parent_path().string(), error.value());
    QB_RETURN_IF_ERROR(WriteFileAtomically(to, *bytes));
    if (copied_sha256 != nullptr) *copied_sha256 = found;
    baseline.files.push_back({path, std::move(found), static_cast<int64_t>(bytes->size())});
    return OkStatus();
  }

  Result<size_t> AddRuntime(int64_t id) {
    if (const auto known = runtimes_.find(id); known != runtimes_.end()) return known->second;
    Baseline& baseline = pinned_.baseline;
    PinnedRuntime runtime;
    runtime.plugin = run_.plugins.at(id);
    const std::string name = fs::path(runtime.plugin.path).filename().string();
    const std::string path = fmt::format("runtimes/{}/{}", runtime.plugin.sha256, name);
    QB_RETURN_IF_ERROR(Copy(runtime.plugin.path, runtime.plugin.sha256, path));
    runtime.file = baseline.folder / path;
    const fs::path library = Text(runtime.plugin.facts, "library_path");
    if (!library.empty()) {
      const std::string recorded = Text(runtime.plugin.facts, "library_sha256");
      const std::string folder = recorded.empty() ? runtime.plugin.sha256 : recorded;
      const std::string copy = fmt::format("libraries/{}/{}", folder, library.filename().string());
      QB_RETURN_IF_ERROR(Copy(library, recorded, copy, &runtime.library_sha256));
      runtime.library = baseline.folder / copy;
      runtime.library_variable = Text(runtime.plugin.facts, "library_variable");
    }
    baseline.runtimes.push_back(std::move(runtime));
    return runtimes_[id] = baseline.runtimes.size() - 1;
  }

  // The artifact with the sidecar of its model, which is not in the cache.
  Status AddArtifact(const store::Model& model, PinnedCell* cell) {
    const std::string path = fmt::format("artifacts/{}-{}.tflite", cell->artifact.sha256,
                                         std::string_view(model.sidecar_sha256).substr(0, 12));
    QB_RETURN_IF_ERROR(Copy(cell->artifact.path, cell->artifact.sha256, path));
    cell->file = pinned_.baseline.folder / path;
    return Copy(datasets::SidecarPath(model.path), model.sidecar_sha256,
                datasets::SidecarPath(path).string());
  }

  Status AddCell(const store::Cell& stored) {
    const store::Plugin& runtime = run_.plugins.at(stored.runtime_id);
    if (runtime.path.empty()) return OkStatus();  // the row of a model's own file
    PinnedCell cell;
    cell.model = run_.models.at(stored.model_id);
    cell.quantizer = run_.plugins.at(stored.quantizer_id);
    cell.quantizer_options = stored.quantizer_options;
    cell.runtime_options = stored.runtime_options;
    cell.threads = stored.threads;
    if (stored.status != Outcome::kOk || !stored.artifact_id) {
      pinned_.left_out.push_back(
          fmt::format("{} · {} · {}: {}", cell.model.stem, cell.quantizer.name, runtime.name,
                      stored.reason.empty() ? "it was not measured to the end" : stored.reason));
      return OkStatus();
    }
    cell.artifact = run_.artifacts.at(*stored.artifact_id);
    QB_RETURN_IF_ERROR(AddSplit(run_.splits.at(stored.split_id)));
    QB_RETURN_IF_ERROR(AddArtifact(cell.model, &cell));
    QB_ASSIGN_OR_RETURN(cell.runtime, AddRuntime(stored.runtime_id));
    pinned_.baseline.cells.push_back(std::move(cell));
    return OkStatus();
  }

  Status AddSplit(const store::DatasetSplit& split) {
    Baseline& baseline = pinned_.baseline;
    if (!baseline.cells.empty() && baseline.split_sha256 != split.sha256) {
      return Error(StatusCode::kInvalidArgument, "run {} has cells of more than one split",
                   run_.run.id);
    }
    baseline.dataset = split.name;
    baseline.split = split.split;
    baseline.split_sha256 = split.sha256;
    return OkStatus();
  }

  const store::RunData& run_;
  Pinned pinned_;
  std::map<int64_t, size_t> runtimes_;  // by the plugin's id
};

// What a folder lists is on the disk when this has returned.
void SyncFolder(const fs::path& folder) {
  const FileDescriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() >= 0) fsync(descriptor.get());
}

}  // namespace

Result<Pinned> PinRun(const store::RunData& run, const fs::path& database,
                      const fs::path& baselines, const std::string& name,
                      const std::function<Status(const Baseline&)>& verify) {
  QB_RETURN_IF_ERROR(CheckName(name));
  const auto taken = [&] {
    return Error(StatusCode::kInvalidArgument,
                 "there is a baseline \"{}\" already: choose another name, or remove that with "
                 "qbench baseline drop {}",
                 name, name);
  };
  std::error_code error;
  const fs::path folder = fs::absolute(baselines, error) / name;
  if (fs::exists(fs::symlink_status(folder, error))) return taken();
  fs::create_directories(folder.parent_path(), error);
  if (error) return WriteError(folder.parent_path().string(), error.value());
  QB_ASSIGN_OR_RETURN(const TempDir temp, TempDir::Create(".pinning", folder.parent_path()));
  // With the rights that the user's umask gives a folder; the temporary one is nobody else's.
  const fs::path made = temp.path() / name;
  if (!fs::create_directory(made, error)) return WriteError(made.string(), error.value());
  QB_ASSIGN_OR_RETURN(Pinned pinned, Pinner(run, made).Pin(database));
  if (verify) QB_RETURN_IF_ERROR(verify(pinned.baseline));
  QB_RETURN_IF_ERROR(WriteSealedJson(made / kManifestFile, ManifestOf(pinned.baseline)));
  SyncFolder(made);
  if (rename(made.c_str(), folder.c_str()) != 0) {
    if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR) return taken();
    return WriteError(folder.string(), errno);
  }
  SyncFolder(folder.parent_path());
  QB_ASSIGN_OR_RETURN(pinned.baseline, ReadBaseline(baselines, name));
  return pinned;
}

}  // namespace qbench::baseline
