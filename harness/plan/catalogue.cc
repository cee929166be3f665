#include "harness/plan/catalogue.h"

#include <algorithm>
#include <tuple>

#include "base/sha256.h"
#include "harness/host/plugin_paths.h"

namespace qbench::plan {
namespace {

using host::PluginKind;

// Adds what a plugin file holds, or why it cannot be used.
Status AddFile(const std::filesystem::path& file, const JobRunner& run_job, Catalogue& catalogue) {
  QB_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(file));
  const worker::JobOutcome outcome = run_job(worker::ProbeJob{file}, {}, {});
  if (!outcome.ok()) {
    catalogue.broken.push_back({file, outcome.reason});
    return OkStatus();
  }
  for (const auto& entry : std::get<worker::ProbeResult>(outcome.result).plugins) {
    if (const InstalledPlugin* other = catalogue.Find(entry.descriptor.id); other != nullptr) {
      catalogue.broken.push_back(
          {file, fmt::format("its \"{}\" is hidden by the one in {}; remove one of them",
                             entry.descriptor.id, other->file.string())});
      continue;
    }
    catalogue.plugins.push_back(
        {entry.descriptor, file, sha256, entry.available, entry.reason, entry.facts});
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

void AddAllQuantizers(const Catalogue& catalogue, Selection& selection) {
  for (const InstalledPlugin& plugin : catalogue.plugins) {
    if (plugin.descriptor.kind == PluginKind::kQuantizer)
      selection.quantizers.push_back({plugin, {}});
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
  if (!selection.runtimes.empty()) {
    selection.warnings.emplace_back(
        "no fast runtime works here, so 'reference' is used: its accuracy counts, its latency "
        "says nothing of a deployed model");
  }
}

}  // namespace

const InstalledPlugin* Catalogue::Find(std::string_view id) const {
  const auto found = std::ranges::find_if(
      plugins, [&](const InstalledPlugin& plugin) { return plugin.descriptor.id == id; });
  return found == plugins.end() ? nullptr : &*found;
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
  for (const std::filesystem::path& file : files) {
    QB_RETURN_IF_ERROR(AddFile(file, run_job, catalogue));
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

Result<Selection> SelectPlugins(const Catalogue& catalogue, const std::vector<PluginSpec>& specs) {
  Selection selection;
  for (const PluginSpec& spec : specs) {
    const InstalledPlugin* plugin = catalogue.Find(spec.name);
    if (plugin == nullptr) {
      return Error(StatusCode::kNotFound, "no plugin \"{}\"; there are {} (see qbench plugin list)",
                   spec.name, catalogue.Names());
    }
    if (!plugin->available) {
      return Error(StatusCode::kNotFound, "{} does not work here: {}", spec.name, plugin->reason);
    }
    QB_RETURN_IF_ERROR(CheckOptionNames(*plugin, spec));
    const bool quantizer = plugin->descriptor.kind == PluginKind::kQuantizer;
    (quantizer ? selection.quantizers : selection.runtimes).push_back({*plugin, spec.options});
  }
  if (selection.quantizers.empty()) AddAllQuantizers(catalogue, selection);
  if (selection.runtimes.empty()) AddDefaultRuntimes(catalogue, selection);
  if (selection.runtimes.empty() || selection.quantizers.empty()) {
    return Error(StatusCode::kNotFound, "there is no {} that works here; see qbench plugin list",
                 selection.runtimes.empty() ? "runtime" : "quantizer");
  }
  return selection;
}

Result<SelectedPlugin> CalibrationRuntime(const Catalogue& catalogue) {
  const InstalledPlugin* best = nullptr;
  const auto rank = [](const InstalledPlugin& plugin) {
    if (plugin.descriptor.id == "litert") return 0;
    return plugin.descriptor.oracle ? 2 : 1;
  };
  for (const InstalledPlugin& plugin : catalogue.plugins) {
    if (plugin.descriptor.kind != PluginKind::kRuntime || !plugin.available) continue;
    if (best == nullptr || rank(plugin) < rank(*best)) best = &plugin;
  }
  if (best == nullptr) {
    return Error(StatusCode::kNotFound,
                 "no runtime works here to calibrate with; see qbench plugin list");
  }
  return SelectedPlugin{*best, {}};
}

}  // namespace qbench::plan
