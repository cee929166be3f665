// A pinned baseline: in one folder, all that it takes to measure the cells of a run again on
// another night, whatever has become of the build, the cache and the libraries that made them.
// docs/gate.md has the layout.
//
// Baselines are folders BASELINES/NAME. What is in one is outside data: it is read with its hashes,
// and no symbolic link in it is followed. A folder whose name begins with a dot is being written or
// removed, and is no baseline. Any thread; two processes may pin and drop at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "harness/store/records.h"

namespace qbench::baseline {

// A runtime plugin, with the library of its engine.
struct PinnedRuntime {
  store::Plugin plugin;               // as the run stored it, with the path that it had then
  std::filesystem::path file;         // the copy; its hash is plugin.sha256
  std::filesystem::path library;      // the copy of the engine's library; empty: it opened none
  std::string library_sha256;         // of that
  std::string library_variable = {};  // docs/plugin-abi.md; empty: the system's loader finds it

  // "NAME=value": what a process needs in its environment to open the copy of the library, and no
  // other; none where there is no library.
  std::vector<std::string> Environment() const;
};

// A cell of the run, with its artifact.
struct PinnedCell {
  store::Model model;
  store::Plugin quantizer;
  std::string quantizer_options;
  size_t runtime = 0;  // index in Baseline::runtimes
  std::string runtime_options;
  int32_t threads = 1;
  store::Artifact artifact;    // as the run stored it
  std::filesystem::path file;  // the copy of the artifact, its sidecar beside it
};

// A file of a baseline, below its folder.
struct PinnedFile {
  std::string path;  // "artifacts/3f1c….tflite"
  std::string sha256;
  int64_t bytes = 0;
};

struct Baseline {
  std::string name;
  std::filesystem::path folder;  // absolute
  std::string sha256;            // of all that it is: two with one hash are the same
  std::string pinned_at;
  // The run it was pinned from: number, database, started_at, qbench_version, git_state, host_id,
  // board, command_line, settings.
  Json run = Json::object();
  std::string dataset;
  std::string split;
  std::string split_sha256;  // of its labels, paths and images
  std::vector<PinnedRuntime> runtimes;
  std::vector<PinnedCell> cells;
  std::vector<PinnedFile> files;
};

// "mbv2 · int8:images=9 · litert · 1 thread".
std::string NameOf(const Baseline& baseline, const PinnedCell& cell);

// kInvalidArgument where the name is no safe name of a file: a letter or digit, then up to 63
// letters, digits, '-', '_' and '.'.
Status CheckName(std::string_view name);

// The baseline called `name`, without a look at its files. kInvalidArgument: CheckName. kNotFound,
// naming those there are. kCorrupt: it is no folder, or not what was written.
Result<Baseline> ReadBaseline(const std::filesystem::path& baselines, const std::string& name);

// Whether every file of it is there as it was pinned. kCorrupt, naming the file, and what to do;
// kCancelled.
Status CheckFiles(const Baseline& baseline);

// The names of all that look like baselines, in byte order; none where there is no such folder.
std::vector<std::string> BaselineNames(const std::filesystem::path& baselines);

// Removes the baseline, also a damaged one; whole or not at all. kInvalidArgument, kNotFound, kIo.
Status DropBaseline(const std::filesystem::path& baselines, const std::string& name);

}  // namespace qbench::baseline
