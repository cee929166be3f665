#include "harness/worker/worker_context.h"

#include <algorithm>

#include "base/files.h"
#include "base/regular_file.h"
#include "base/sha256.h"

namespace qbench::worker {

host::HostCallbacks LinkCallbacks(WorkerLink& link, const std::string& plugin) {
  return {
      .log = [&link, plugin](int severity,
                             const std::string& line) { link.Log(severity, plugin + ": " + line); },
      .progress = [&link](const std::string& doing, uint64_t done,
                          uint64_t total) { link.Progress(doing, done, total); },
      .cancelled = [&link] { return link.Cancelled(); }};
}

std::vector<std::string> WarningsOf(const host::PluginHost& host) {
  std::vector<std::string> warnings;
  for (const std::string& line : host.warnings()) warnings.push_back(host.plugin() + ": " + line);
  return warnings;
}

Result<std::shared_ptr<host::PluginLibrary>> LoadPlugin(const WorkerContext& context,
                                                        host::PluginKind kind,
                                                        const jobs::PluginUse& use) {
  QB_ASSIGN_OR_RETURN(auto library, host::PluginLibrary::Load(use.file, &context.observer));
  const host::PluginDescriptor* descriptor = library->Find(kind, use.id);
  if (descriptor == nullptr) return library;  // creating it names what there is
  for (const host::Option& option : use.options) {
    const auto same_name = [&](const host::OptionInfo& info) { return info.name == option.name; };
    if (std::any_of(descriptor->options.begin(), descriptor->options.end(), same_name)) continue;
    std::vector<std::string> known;
    for (const host::OptionInfo& info : descriptor->options) known.push_back(info.name);
    return Error(StatusCode::kInvalidArgument, "{}: no option \"{}\"; {}", use.id, option.name,
                 known.empty() ? std::string("it has none")
                               : fmt::format("its options are {}", fmt::join(known, ", ")));
  }
  for (const jobs::OptionFile& file : use.files) {
    QB_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(file.path));
    if (sha256 == file.sha256) continue;
    return Error(StatusCode::kInvalidArgument,
                 "{}: {}={} was changed after the command had read it; run the command again",
                 use.id, file.option, file.path.string());
  }
  return library;
}

Result<AlignedBytes> ReadModelFile(const std::filesystem::path& path, const std::string& sha256) {
  QB_ASSIGN_OR_RETURN(AlignedBytes bytes, ReadAlignedFile(path, kMaxFileBytes));
  if (bytes.span().empty())
    return Error(StatusCode::kCorrupt, "{}: the file is empty", path.string());
  if (!sha256.empty() && Sha256Hex(bytes.span()) != sha256) {
    return Error(StatusCode::kCorrupt,
                 "{} is no longer the file that was made: something changed it; run again",
                 path.string());
  }
  return bytes;
}

}  // namespace qbench::worker
