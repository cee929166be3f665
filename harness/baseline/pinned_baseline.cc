#include "harness/baseline/pinned_baseline.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/sealed_json.h"
#include "base/sha256.h"
#include "harness/baseline/baseline_manifest.h"
#include "harness/store/plugin_name.h"

namespace qbench::baseline {
namespace {

namespace fs = std::filesystem;

// As it is, not what it points to.
fs::file_type KindOf(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type();
}

std::string Known(const fs::path& baselines) {
  const std::vector<std::string> names = BaselineNames(baselines);
  if (names.empty()) return "there is none yet: pin one with qbench baseline pin NAME --run ID";
  return fmt::format("there are {}", fmt::join(names, ", "));
}

// The folder itself; an error where it is not one.
Result<fs::path> FolderOf(const fs::path& baselines, const std::string& name) {
  QB_RETURN_IF_ERROR(CheckName(name));
  std::error_code error;
  const fs::path folder = fs::absolute(baselines, error) / name;
  const fs::file_type kind = KindOf(folder);
  if (kind == fs::file_type::directory) return folder;
  if (kind == fs::file_type::not_found || kind == fs::file_type::none) {
    return Error(StatusCode::kNotFound, "no baseline \"{}\" in {}; {}", name, baselines.string(),
                 Known(baselines));
  }
  return Error(StatusCode::kCorrupt, "{} is no folder of a baseline: remove it", folder.string());
}

std::string NextStep(const Baseline& baseline) {
  return fmt::format("it cannot be measured any more: qbench baseline drop {}, and pin another run",
                     baseline.name);
}

// Every folder on the way is one, and the file is a file.
Status CheckKind(const Baseline& baseline, const PinnedFile& file) {
  fs::path path = baseline.folder;
  const fs::path relative(file.path);
  for (auto part = relative.begin(); part != relative.end(); ++part) {
    path /= *part;
    const bool last = std::next(part) == relative.end();
    if (KindOf(path) != (last ? fs::file_type::regular : fs::file_type::directory)) {
      return Error(StatusCode::kCorrupt, "baseline {}: {} is {}; {}", baseline.name, path.string(),
                   KindOf(path) == fs::file_type::not_found ? "gone" : "no plain file any more",
                   NextStep(baseline));
    }
  }
  return OkStatus();
}

}  // namespace

std::vector<std::string> PinnedRuntime::Environment() const {
  if (library.empty()) return {};
  if (!library_variable.empty()) return {library_variable + "=" + library.string()};
  const char* before = std::getenv("LD_LIBRARY_PATH");
  return {fmt::format("LD_LIBRARY_PATH={}{}{}", library.parent_path().string(),
                      before == nullptr || *before == '\0' ? "" : ":",
                      before == nullptr ? "" : before)};
}

std::string NameOf(const Baseline& baseline, const PinnedCell& cell) {
  return fmt::format(
      "{} · {} · {} · {} thread{}", cell.model.stem,
      store::WithOptions(cell.quantizer.name, cell.quantizer_options),
      store::WithOptions(baseline.runtimes[cell.runtime].plugin.name, cell.runtime_options),
      cell.threads, cell.threads == 1 ? "" : "s");
}

Status CheckName(std::string_view name) {
  constexpr size_t kLongest = 64;
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool safe = !name.empty() && name.size() <= kLongest && plain(name.front()) &&
                    std::ranges::all_of(
                        name, [&](char c) { return plain(c) || c == '-' || c == '_' || c == '.'; });
  if (safe) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "\"{}\" is no name of a baseline: a letter or digit, then up to 63 letters, digits, "
               "'-', '_' and '.'",
               name);
}

Result<Baseline> ReadBaseline(const fs::path& baselines, const std::string& name) {
  QB_ASSIGN_OR_RETURN(const fs::path folder, FolderOf(baselines, name));
  const fs::path file = folder / kManifestFile;
  const auto damaged = [&](const Status& status) {
    return Error(StatusCode::kCorrupt, "baseline {}: {}: {}; qbench baseline drop {} removes it",
                 name, file.string(), status.message(), name);
  };
  if (KindOf(file) != fs::file_type::regular) {
    return damaged(Error(StatusCode::kCorrupt, "there is no such file"));
  }
  const Result<Json> json = ReadSealedJson(file);
  if (!json.ok()) return damaged(json.status());
  Result<Baseline> baseline = ParseManifest(*json, folder);
  if (!baseline.ok()) return damaged(baseline.status());
  baseline->name = name;
  baseline->sha256 = Sha256Hex(DumpJson(*json));
  return baseline;
}

Status CheckFiles(const Baseline& baseline) {
  for (const PinnedFile& file : baseline.files) {
    QB_RETURN_IF_ERROR(CheckKind(baseline, file));
    const fs::path path = baseline.folder / file.path;
    const Result<std::string> sha256 = Sha256HexOfFile(path);
    if (sha256.status().code() == StatusCode::kCancelled) return sha256.status();
    if (sha256.ok() && *sha256 == file.sha256) continue;
    return Error(StatusCode::kCorrupt, "baseline {}: {} is not what was pinned; {}", baseline.name,
                 path.string(), NextStep(baseline));
  }
  return OkStatus();
}

std::vector<std::string> BaselineNames(const fs::path& baselines) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(baselines, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (CheckName(name).ok() && KindOf(it->path()) == fs::file_type::directory) {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);
  return names;
}

Status DropBaseline(const fs::path& baselines, const std::string& name) {
  QB_ASSIGN_OR_RETURN(const fs::path folder, FolderOf(baselines, name));
  // First out of sight, in one step; what is left of it then goes with the temporary folder.
  QB_ASSIGN_OR_RETURN(const TempDir grave, TempDir::Create(".dropped", folder.parent_path()));
  std::error_code error;
  fs::rename(folder, grave.path() / name, error);
  if (error) {
    return Error(StatusCode::kIo, "cannot remove {}: {}", folder.string(), error.message());
  }
  return OkStatus();
}

}  // namespace qbench::baseline
