#include "harness/run/file_watch.h"

#include <utility>
#include <variant>
#include <vector>

#include "base/sha256.h"

namespace qbench::run {
namespace {

std::vector<std::filesystem::path> PluginFilesOf(const jobs::Job& job) {
  std::vector<std::filesystem::path> files;
  std::visit(
      [&](const auto& kind) {
        if constexpr (requires { kind.runtime.file; }) files.push_back(kind.runtime.file);
        if constexpr (requires { kind.quantizer.file; }) files.push_back(kind.quantizer.file);
        if constexpr (requires { kind.calibration_runtime->file; }) {
          if (kind.calibration_runtime) files.push_back(kind.calibration_runtime->file);
        }
      },
      job);
  return files;
}

}  // namespace

void FileWatch::AddFile(const std::filesystem::path& plugin, const std::filesystem::path& file,
                        std::string sha256) {
  if (sha256.empty()) {
    Result<std::string> now = Sha256HexOfFile(file);
    if (!now.ok()) return;  // what cannot be read cannot be measured either
    sha256 = std::move(*now);
  }
  files_of_.emplace(plugin, file);
  files_.emplace(file, File{StateOf(file), std::move(sha256)});
}

void FileWatch::Add(const plan::InstalledPlugin& plugin) {
  if (files_of_.contains(plugin.file)) return;
  AddFile(plugin.file, plugin.file, plugin.sha256);
  for (const host::Fact& fact : plugin.facts) {
    if (fact.name == "library_path") AddFile(plugin.file, fact.value, {});
  }
}

Status FileWatch::CheckPlugin(const std::filesystem::path& plugin) {
  const auto [first, last] = files_of_.equal_range(plugin);
  for (auto entry = first; entry != last; ++entry) {
    File& file = files_.at(entry->second);
    const FileState now = StateOf(entry->second);
    if (now == file.state) continue;
    const Result<std::string> sha256 = Sha256HexOfFile(entry->second);
    if (sha256.status().code() == StatusCode::kCancelled) return sha256.status();
    if (!sha256.ok() || *sha256 != file.sha256) {
      return Error(StatusCode::kInvalidArgument,
                   "{} was {} while qbench ran, so that this would be a figure of another one: run "
                   "again",
                   entry->second.string(), sha256.ok() ? "changed" : "taken away");
    }
    file.state = now;  // touched, or copied over itself
  }
  return OkStatus();
}

Status FileWatch::Check(const jobs::Job& job) {
  for (const std::filesystem::path& plugin : PluginFilesOf(job)) {
    QB_RETURN_IF_ERROR(CheckPlugin(plugin));
  }
  return OkStatus();
}

}  // namespace qbench::run
