#include "harness/plan/catalogue.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>
#include <tuple>

#include "base/interrupt.h"
#include "base/sha256.h"
#include "harness/host/plugin_paths.h"
#include "harness/jobs/outcome.h"
#include "harness/plan/aliases.h"

namespace qbench::plan {
namespace {

using host::PluginKind;

// What is in a plugin file. Where trying its runtimes ends badly, what it holds is read without
// that, and `trouble` says what happened.
jobs::JobOutcome Probe(const std::filesystem::path& file, const JobRunner& run_job,
                       std::string& trouble) {
  jobs::JobSettings settings;
  settings.limits.time = kProbeTime;
  settings.limits.memory_bytes = kProbeMemory;
  jobs::JobOutcome outcome = run_job(jobs::ProbeJob{file}, settings, {});
  if (outcome.ok() || outcome.stopped()) return outcome;
  jobs::JobOutcome read = run_job(jobs::ProbeJob{file, /*try_runtimes=*/false}, settings, {});
  if (!read.ok()) return read;
  trouble = ReasonOf(outcome);
  return read;
}

// A plugin file, looked at.
struct ProbedFile {
  std::filesystem::path path;
  Result<std::string> sha256;
  std::string trouble;  // with trying its runtimes
  jobs::JobOutcome outcome;
};

ProbedFile ProbeFile(const std::filesystem::path& path, const JobRunner& run_job) {
  ProbedFile file{path, Sha256HexOfFile(path), {}, {}};
  if (file.sha256.ok()) file.outcome = Probe(path, run_job, file.trouble);
  return file;
}

// In the order of `files`. Several at once, as each mostly waits for its process to start; not all,
// as each process takes 6 MB or more.
std::vector<ProbedFile> ProbeFiles(const std::vector<std::filesystem::path>& files,
                                   const JobRunner& run_job) {
  constexpr size_t kAtOnce = 6;
  std::vector<std::optional<ProbedFile>> probed(files.size());
  std::atomic<size_t> next{0};
  std::vector<std::future<void>> workers;
  for (size_t i = 0; i < std::min(kAtOnce, files.size()); ++i) {
    workers.push_back(std::async(std::launch::async, [&] {
      for (size_t file = next++; file < files.size(); file = next++) {
        probed[file] = ProbeFile(files[file], run_job);
      }
    }));
  }
  for (std::future<void>& worker : workers) worker.get();
  std::vector<ProbedFile> result;
  result.reserve(probed.size());
  for (std::optional<ProbedFile>& file : probed) result.push_back(std::move(*file));
  return result;
}

// Adds what a plugin file holds, or why it cannot be used.
Status AddFile(const ProbedFile& probed, Catalogue& catalogue) {
  const auto& [file, sha256, trouble, outcome] = probed;
  QB_RETURN_IF_ERROR(sha256.status());
  if (outcome.stopped()) {
    return InterruptStatus("looking at the plugins");
  }
  // A full disk says nothing of the plugin.
  if (outcome.code == StatusCode::kNoSpace) return outcome.ToStatus();
  if (!outcome.ok()) {
    catalogue.broken.push_back({file, ReasonOf(outcome)});
    return OkStatus();
  }
  for (const auto& entry : std::get<jobs::ProbeResult>(outcome.result).plugins) {
    const host::PluginDescriptor& descriptor = entry.descriptor;
    const auto same = std::ranges::find_if(catalogue.plugins, [&](const InstalledPlugin& other) {
      return other.descriptor.kind == descriptor.kind && other.descriptor.id == descriptor.id;
    });
    if (same != catalogue.plugins.end()) {
      catalogue.broken.push_back({file, fmt::format("its {} \"{}\" is hidden by the one in {}; "
                                                    "remove one of them",
                                                    host::PluginKindName(descriptor.kind),
                                                    descriptor.id, same->file.string())});
      continue;
    }
    InstalledPlugin plugin{descriptor,   file,         *sha256,    entry.available,
                           entry.failed, entry.reason, entry.facts};
    if (descriptor.kind == PluginKind::kRuntime && !trouble.empty()) {
      plugin.available = false;
      plugin.failed = true;
      plugin.reason = trouble;
    }
    catalogue.plugins.push_back(std::move(plugin));
  }
  return OkStatus();
}

Status CheckOptionNames(const InstalledPlugin& plugin, const PluginSpec& spec) {
  const std::vector<host::OptionInfo>& known = plugin.descriptor.options;
  for (const host::Option& option : spec.options) {
    if (std::ranges::find(known, option.name, &host::OptionInfo::name) != known.end()) continue;
    std::string names;
    for (const host::OptionInfo& info : known) {
      names += fmt::format("{}{}={}", names.empty() ? "" : ", ", info.name, info.values);
    }
    return Error(StatusCode::kInvalidArgument, "{} has no option \"{}\"; it has {}", spec.name,
                 option.name, names.empty() ? "none" : names);
  }
  return OkStatus();
}

// The plugin with these options; files are resolved from the current folder and hashed.
Result<SelectedPlugin> Select(const InstalledPlugin& plugin, const PluginSpec& spec) {
  QB_RETURN_IF_ERROR(CheckOptionNames(plugin, spec));
  SelectedPlugin selected{plugin, spec.options};
  for (const host::Option& option : spec.options) {
    const auto info =
        std::ranges::find(plugin.descriptor.options, option.name, &host::OptionInfo::name);
    if (info->values != "FILE") continue;
    if (option.value.empty()) {
      return Error(StatusCode::kInvalidArgument, "{}:{}=: name a file", spec.name, option.name);
    }
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(option.value, error);
    Result<std::string> sha256 = Sha256HexOfFile(path);
    if (sha256.status().code() == StatusCode::kCancelled) return sha256.status();
    if (error || !sha256.ok()) {
      return Error(StatusCode::kInvalidArgument, "{}:{}={}: {}", spec.name, option.name,
                   option.value, error ? error.message() : sha256.status().message());
    }
    selected.files.push_back({option.name, path, std::move(*sha256)});
  }
  return selected;
}

// `options` with what `value` says of each file in place of the file's path.
template <typename Value>
std::vector<host::Option> WithFiles(const SelectedPlugin& selected, Value value) {
  std::vector<host::Option> options = selected.options;
  for (const jobs::OptionFile& file : selected.files) {
    std::ranges::find(options, file.option, &host::Option::name)->value = value(file);
  }
  return options;
}

Status AddNamed(const Catalogue& catalogue, const NamedSpec& named, Selection& selection) {
  const PluginSpec& spec = named.spec;
  const std::vector<const InstalledPlugin*> plugins = catalogue.Find(spec.name);
  if (plugins.empty()) {
    return Error(StatusCode::kNotFound, "no plugin \"{}\"; there are {} (see qbench plugin list)",
                 spec.name, catalogue.Names());
  }
  for (const InstalledPlugin* plugin : plugins) {
    if (!plugin->available && !plugin->failed) {
      return Error(StatusCode::kNotFound, "{} does not work here: {}", spec.name, plugin->reason);
    }
    QB_ASSIGN_OR_RETURN(SelectedPlugin selected, Select(*plugin, spec));
    selected.alias = named.alias;
    const bool quantizer = plugin->descriptor.kind == PluginKind::kQuantizer;
    (quantizer ? selection.quantizers : selection.runtimes).push_back(std::move(selected));
  }
  return OkStatus();
}

void AddAllQuantizers(const Catalogue& catalogue, Selection& selection) {
  for (const InstalledPlugin& plugin : catalogue.plugins) {
    if (plugin.descriptor.kind != PluginKind::kQuantizer) continue;
    if (plugin.descriptor.only_when_named.empty()) {
      selection.quantizers.push_back({plugin, {}});
      continue;
    }
    selection.warnings.push_back(
        fmt::format("{} is left out, since {}: name it in --plugins to have it",
                    plugin.descriptor.id, plugin.descriptor.only_when_named));
  }
}

void AddWorkingRuntimes(const Catalogue& catalogue, bool oracles, Selection& selection) {
  for (const InstalledPlugin& plugin : catalogue.plugins) {
    if (plugin.descriptor.kind != PluginKind::kRuntime) continue;
    if (plugin.available && plugin.descriptor.oracle == oracles) {
      selection.runtimes.push_back({plugin, {}});
    }
  }
}

void AddDefaultRuntimes(const Catalogue& catalogue, Selection& selection) {
  for (const InstalledPlugin& plugin : catalogue.plugins) {
    if (!plugin.available) selection.warnings.push_back(plugin.reason);
  }
  AddWorkingRuntimes(catalogue, /*oracles=*/false, selection);
  if (!selection.runtimes.empty()) return;
  AddWorkingRuntimes(catalogue, /*oracles=*/true, selection);
  for (const SelectedPlugin& oracle : selection.runtimes) {
    selection.warnings.push_back(
        fmt::format("no fast runtime works here, so '{}' is used: its accuracy counts, its latency "
                    "says nothing of a deployed model",
                    oracle.plugin.descriptor.id));
  }
}

}  // namespace

std::string SelectedPlugin::StoredOptions() const {
  std::vector<host::Option> stored = options;
  if (!alias.empty()) stored.push_back({"alias", alias});
  std::ranges::sort(stored, {}, &host::Option::name);
  return FormatOptions(stored);
}

std::string SelectedPlugin::Name() const {
  const std::string stored = StoredOptions();
  return stored.empty() ? plugin.descriptor.id : plugin.descriptor.id + ":" + stored;
}

std::vector<const InstalledPlugin*> Catalogue::Find(std::string_view id) const {
  std::vector<const InstalledPlugin*> found;
  for (const InstalledPlugin& plugin : plugins) {
    if (plugin.descriptor.id == id) found.push_back(&plugin);
  }
  return found;
}

std::string Catalogue::Names() const {
  std::string names;
  for (const InstalledPlugin& plugin : plugins) {
    names += (names.empty() ? "" : ", ") + plugin.descriptor.id;
  }
  return names;
}

Result<Catalogue> ReadCatalogue(const JobRunner& run_job) {
  QB_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> folders, host::PluginFolders());
  QB_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> files, host::PluginFiles(folders));
  Catalogue catalogue;
  for (const ProbedFile& probed : ProbeFiles(files, run_job)) {
    QB_RETURN_IF_ERROR(AddFile(probed, catalogue));
  }
  if (catalogue.plugins.empty() && catalogue.broken.empty()) {
    return Error(StatusCode::kNotFound,
                 "no plugins are installed beside qbench; build it with scripts/build.sh, or set "
                 "QBENCH_PLUGIN_PATH to their folder");
  }
  std::ranges::sort(catalogue.plugins, {}, [](const InstalledPlugin& plugin) {
    return std::tuple(plugin.descriptor.kind, plugin.descriptor.id);
  });
  return catalogue;
}

jobs::PluginUse SelectedPlugin::Use() const {
  return {plugin.file, plugin.descriptor.id,
          WithFiles(*this, [](const jobs::OptionFile& file) { return file.path.string(); }), files};
}

std::string SelectedPlugin::ContentName() const {
  return FormatSpec({plugin.descriptor.id,
                     WithFiles(*this, [](const jobs::OptionFile& file) { return file.sha256; })});
}

Json SelectedPlugin::FileHashes() const {
  Json hashes = Json::object();
  for (const jobs::OptionFile& file : files) hashes[file.option] = file.sha256;
  return hashes;
}

Result<Selection> SelectPlugins(const Catalogue& catalogue, const std::vector<PluginSpec>& specs) {
  Selection selection;
  QB_ASSIGN_OR_RETURN(const Expansion expansion, ExpandAliases(specs));
  for (const NamedSpec& named : expansion.plugins) {
    QB_RETURN_IF_ERROR(AddNamed(catalogue, named, selection));
  }
  selection.source_rows = expansion.source_rows;
  selection.warnings = expansion.notes;
  if (selection.quantizers.empty()) AddAllQuantizers(catalogue, selection);
  if (selection.runtimes.empty()) AddDefaultRuntimes(catalogue, selection);
  if (selection.runtimes.empty() || selection.quantizers.empty()) {
    return Error(StatusCode::kNotFound, "there is no {} that works here; see qbench plugin list",
                 selection.runtimes.empty() ? "runtime" : "quantizer");
  }
  return selection;
}

Result<SelectedPlugin> CalibrationRuntime(const Catalogue& catalogue, std::string_view named) {
  PluginSpec spec;
  if (!named.empty()) {
    QB_ASSIGN_OR_RETURN(const std::vector<PluginSpec> specs, ParsePluginList(named));
    if (specs.size() != 1) {
      return Error(StatusCode::kInvalidArgument, "--calibration-runtime takes one runtime, not {}",
                   named);
    }
    spec = specs[0];
  }
  const InstalledPlugin* best = nullptr;
  const auto rank = [](const InstalledPlugin& plugin) {
    if (plugin.descriptor.calibration) return 0;
    return plugin.descriptor.oracle ? 2 : 1;
  };
  for (const InstalledPlugin& plugin : catalogue.plugins) {
    if (plugin.descriptor.kind != PluginKind::kRuntime || !plugin.available) continue;
    if (!named.empty() && plugin.descriptor.id != spec.name) continue;
    if (best == nullptr || rank(plugin) < rank(*best)) best = &plugin;
  }
  if (best == nullptr && !named.empty()) {
    return Error(StatusCode::kNotFound,
                 "--calibration-runtime: no runtime \"{}\" works here; see qbench plugin list",
                 spec.name);
  }
  if (best == nullptr) {
    return Error(StatusCode::kNotFound,
                 "no runtime works here to calibrate with; see qbench plugin list");
  }
  return Select(*best, spec);
}

Json FactsJson(const std::vector<host::Fact>& facts) {
  Json json = Json::object();
  for (const host::Fact& fact : facts) json[fact.name] = fact.value;
  return json;
}

}  // namespace qbench::plan
