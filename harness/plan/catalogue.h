// The plugins that are installed here, and which of them work. Each file is probed in a process of
// its own, so that a plugin that crashes while it is loaded only becomes a line in a list.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "harness/host/plugin_info.h"
#include "harness/jobs/run_job.h"
#include "harness/plan/plugin_spec.h"

namespace qbench::plan {

// Looking at a plugin takes a moment and little memory, also on a small board.
inline constexpr std::chrono::seconds kProbeTime{20};
inline constexpr uint64_t kProbeMemory = uint64_t{512} << 20;

// How jobs are run: jobs::RunJob, or a fake in tests.
using JobRunner = std::function<jobs::JobOutcome(const jobs::Job&, const jobs::JobSettings&,
                                                 const jobs::JobCallbacks&)>;

// A quantizer or runtime of a plugin file.
struct InstalledPlugin {
  host::PluginDescriptor descriptor;
  std::filesystem::path file;
  std::string sha256;     // of the file
  bool available = true;  // runtimes: works on this machine
  bool failed = false;    // it is not available because trying it went wrong
  std::string reason;     // why it is not available, and what to do
  std::vector<host::Fact> facts;
};

struct Catalogue {
  std::vector<InstalledPlugin> plugins;  // quantizers and runtimes, sorted by kind and id
  struct Broken {
    std::filesystem::path file;
    std::string reason;
  };
  std::vector<Broken> broken;

  // Those called `id`: at most one quantizer and one runtime.
  std::vector<const InstalledPlugin*> Find(std::string_view id) const;
  // "float, fp16, int8, litert", for messages.
  std::string Names() const;
};

// Probes every plugin file of host::PluginFolders(), all at once: `run_job` is called on several
// threads. kNotFound where there is no folder or file; kCancelled where a job was.
Result<Catalogue> ReadCatalogue(const JobRunner& run_job);

// A plugin of the catalogue, with the options that the user chose.
struct SelectedPlugin {
  InstalledPlugin plugin;
  std::vector<host::Option> options;  // as written
  // The files that options name (OptionInfo::values "FILE"): what is in them counts, wherever they
  // lie.
  std::vector<jobs::OptionFile> files = {};
  std::string alias = {};  // the name the user wrote, where it was another
  // "NAME=value": what its workers have in their environment beside qbench's.
  std::vector<std::string> environment = {};

  jobs::PluginUse Use() const;  // files by their absolute paths
  // The options as the store and reports have them: an alias stands among them.
  std::string StoredOptions() const;
  // "int8:io=int8", "dynamic:alias=DEFAULT": for people.
  std::string Name() const;
  // What the plugin gets, with each file's hash in place of its path and without the alias: what an
  // artifact depends on.
  std::string ContentName() const;
  Json FileHashes() const;  // {"ranges": "3f1c…"}; an empty object where there are none
};

struct Selection {
  std::vector<SelectedPlugin> quantizers;
  std::vector<SelectedPlugin> runtimes;
  bool source_rows = false;  // a row for each model's own file, with its size alone
  std::vector<std::string> warnings;
};

// What `--plugins` means, aliases and presets included. A name that a quantizer and a runtime share
// means both. Where no quantizer is named, all but those that say that they are taken only when
// they are named (a warning says why each is left out); where no runtime is named, all that work
// here but the oracles, and those, with a warning, where nothing else works. A named runtime that
// crashed when it was tried is taken: its rows will say so. kNotFound: an unknown name, or a named
// runtime that does not work here. kInvalidArgument: an option that the plugin does not have; the
// message lists those it has; or a file that an option names and that cannot be read.
Result<Selection> SelectPlugins(const Catalogue& catalogue, const std::vector<PluginSpec>& specs);

// The runtime that calibrates: `named`, with options as after --plugins; where that is empty, one
// that works here and says that it is for calibration, else another fast one, else an oracle.
// kNotFound where no runtime works, or the named one does not; kInvalidArgument as of
// SelectPlugins.
Result<SelectedPlugin> CalibrationRuntime(const Catalogue& catalogue, std::string_view named = {});

// {"library_version": "2.3.0", …}
Json FactsJson(const std::vector<host::Fact>& facts);

}  // namespace qbench::plan
