#include "harness/baseline/baseline_manifest.h"

#include <algorithm>
#include <type_traits>

namespace qbench::baseline {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;

// --- A record by its field table -----------------------------------------------------------------

template <typename Record>
Json RecordToJson(const Record& record) {
  Json json = Json::object();
  store::ForEachField(record, [&]<typename Value>(const char* name, const Value& value) {
    if constexpr (std::is_enum_v<Value>) {
      json[name] = std::string(store::Name(value));
    } else if constexpr (requires { value.has_value(); }) {
      if (value.has_value()) json[name] = *value;
    } else {
      json[name] = value;
    }
  });
  return json;
}

// Numbers that tie tables of a database together say nothing here.
bool IsKey(std::string_view name) { return name == "id" || name.ends_with("_id"); }

template <typename Value>
Status ReadField(const Json& json, const char* name, Value* value) {
  if constexpr (std::is_enum_v<Value>) {
    QB_ASSIGN_OR_RETURN(const std::string text, JsonGet<std::string>(json, name));
    if (store::FromName(text, value)) return OkStatus();
    return Error(StatusCode::kCorrupt, "key \"{}\" holds \"{}\"", name, text);
  } else if constexpr (requires { value->has_value(); }) {
    if (!json.is_object() || !json.contains(name)) return OkStatus();
    QB_ASSIGN_OR_RETURN(*value, JsonGet<typename Value::value_type>(json, name));
  } else {
    QB_ASSIGN_OR_RETURN(*value, JsonGet<Value>(json, name));
  }
  return OkStatus();
}

template <typename Record>
Result<Record> RecordFromJson(const Json& json, const char* key) {
  Record record;
  QB_ASSIGN_OR_RETURN(const Json object, JsonGet<Json>(json, key));
  Status status;
  store::ForEachField(record, [&](const char* name, auto& value) {
    if (status.ok() && !IsKey(name)) status = ReadField(object, name, &value);
  });
  if (!status.ok()) return status.WithContext(key);
  return record;
}

// --- Files ---------------------------------------------------------------------------------------

// A path below the folder, which goes nowhere else.
bool IsInside(const std::string& path) {
  const fs::path relative(path);
  if (path.empty() || relative.is_absolute() || relative.has_root_path()) return false;
  return std::ranges::none_of(
      relative, [](const fs::path& part) { return part.empty() || part == "." || part == ".."; });
}

// The absolute path of a file that the manifest lists with this hash; empty for an empty text.
Result<fs::path> ListedFile(const Baseline& baseline, const Json& json, const char* key,
                            const std::string& sha256) {
  QB_ASSIGN_OR_RETURN(const std::string path, JsonGet<std::string>(json, key));
  if (path.empty()) return fs::path();
  const auto file = std::ranges::find(baseline.files, path, &PinnedFile::path);
  if (file != baseline.files.end() && file->sha256 == sha256) return baseline.folder / path;
  return Error(StatusCode::kCorrupt, "key \"{}\" names a file that is not listed", key);
}

Status ReadFiles(const Json& json, Baseline* baseline) {
  QB_ASSIGN_OR_RETURN(const std::vector<Json> files, JsonGet<std::vector<Json>>(json, "files"));
  for (const Json& item : files) {
    PinnedFile file;
    QB_ASSIGN_OR_RETURN(file.path, JsonGet<std::string>(item, "path"));
    QB_ASSIGN_OR_RETURN(file.sha256, JsonGet<std::string>(item, "sha256"));
    QB_ASSIGN_OR_RETURN(file.bytes, JsonGet<int64_t>(item, "bytes"));
    if (!IsInside(file.path)) {
      return Error(StatusCode::kCorrupt, "the file \"{}\" is outside of the folder", file.path);
    }
    baseline->files.push_back(std::move(file));
  }
  return OkStatus();
}

// What a plugin may be told through the environment: a variable of qbench's plugins, not PATH.
bool IsVariable(std::string_view name) {
  return name.starts_with("QBENCH_") && std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Status ReadRuntimes(const Json& json, Baseline* baseline) {
  QB_ASSIGN_OR_RETURN(const std::vector<Json> runtimes,
                      JsonGet<std::vector<Json>>(json, "runtimes"));
  for (const Json& item : runtimes) {
    PinnedRuntime runtime;
    QB_ASSIGN_OR_RETURN(runtime.plugin, RecordFromJson<store::Plugin>(item, "plugin"));
    QB_ASSIGN_OR_RETURN(runtime.file, ListedFile(*baseline, item, "file", runtime.plugin.sha256));
    QB_ASSIGN_OR_RETURN(runtime.library_sha256, JsonGet<std::string>(item, "library_sha256"));
    QB_ASSIGN_OR_RETURN(runtime.library,
                        ListedFile(*baseline, item, "library", runtime.library_sha256));
    QB_ASSIGN_OR_RETURN(runtime.library_variable, JsonGet<std::string>(item, "library_variable"));
    if (runtime.file.empty() ||
        (!runtime.library_variable.empty() && !IsVariable(runtime.library_variable))) {
      return Error(StatusCode::kCorrupt, "a runtime has no file, or a variable of another program");
    }
    baseline->runtimes.push_back(std::move(runtime));
  }
  return OkStatus();
}

Status ReadCells(const Json& json, Baseline* baseline) {
  QB_ASSIGN_OR_RETURN(const std::vector<Json> cells, JsonGet<std::vector<Json>>(json, "cells"));
  for (const Json& item : cells) {
    PinnedCell cell;
    QB_ASSIGN_OR_RETURN(cell.model, RecordFromJson<store::Model>(item, "model"));
    QB_ASSIGN_OR_RETURN(cell.quantizer, RecordFromJson<store::Plugin>(item, "quantizer"));
    QB_ASSIGN_OR_RETURN(cell.quantizer_options, JsonGet<std::string>(item, "quantizer_options"));
    QB_ASSIGN_OR_RETURN(cell.runtime, JsonGet<size_t>(item, "runtime"));
    QB_ASSIGN_OR_RETURN(cell.runtime_options, JsonGet<std::string>(item, "runtime_options"));
    QB_ASSIGN_OR_RETURN(cell.threads, JsonGet<int32_t>(item, "threads"));
    QB_ASSIGN_OR_RETURN(cell.artifact, RecordFromJson<store::Artifact>(item, "artifact"));
    QB_ASSIGN_OR_RETURN(cell.file, ListedFile(*baseline, item, "file", cell.artifact.sha256));
    if (cell.runtime >= baseline->runtimes.size() || cell.threads < 1 || cell.file.empty()) {
      return Error(StatusCode::kCorrupt, "a cell has no runtime, threads or file");
    }
    baseline->cells.push_back(std::move(cell));
  }
  return OkStatus();
}

}  // namespace

std::string RelativePath(const Baseline& baseline, const fs::path& file) {
  return file.empty() ? "" : file.lexically_relative(baseline.folder).generic_string();
}

Json ManifestOf(const Baseline& baseline) {
  Json json = {{"format", kFormat},       {"pinned_at", baseline.pinned_at},
               {"run", baseline.run},     {"dataset", baseline.dataset},
               {"split", baseline.split}, {"split_sha256", baseline.split_sha256},
               {"files", Json::array()},  {"runtimes", Json::array()},
               {"cells", Json::array()}};
  for (const PinnedFile& file : baseline.files) {
    json["files"].push_back({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  }
  for (const PinnedRuntime& runtime : baseline.runtimes) {
    json["runtimes"].push_back({{"plugin", RecordToJson(runtime.plugin)},
                                {"file", RelativePath(baseline, runtime.file)},
                                {"library", RelativePath(baseline, runtime.library)},
                                {"library_sha256", runtime.library_sha256},
                                {"library_variable", runtime.library_variable}});
  }
  for (const PinnedCell& cell : baseline.cells) {
    json["cells"].push_back({{"model", RecordToJson(cell.model)},
                             {"quantizer", RecordToJson(cell.quantizer)},
                             {"quantizer_options", cell.quantizer_options},
                             {"runtime", cell.runtime},
                             {"runtime_options", cell.runtime_options},
                             {"threads", cell.threads},
                             {"artifact", RecordToJson(cell.artifact)},
                             {"file", RelativePath(baseline, cell.file)}});
  }
  return json;
}

Result<Baseline> ParseManifest(const Json& json, const fs::path& folder) {
  Baseline baseline;
  baseline.folder = folder;
  QB_ASSIGN_OR_RETURN(const int format, JsonGet<int>(json, "format"));
  if (format != kFormat) {
    return Error(StatusCode::kUnsupported, "it has the format {}, this qbench reads {}", format,
                 kFormat);
  }
  QB_ASSIGN_OR_RETURN(baseline.pinned_at, JsonGet<std::string>(json, "pinned_at"));
  QB_ASSIGN_OR_RETURN(baseline.run, JsonGet<Json>(json, "run"));
  QB_ASSIGN_OR_RETURN(baseline.dataset, JsonGet<std::string>(json, "dataset"));
  QB_ASSIGN_OR_RETURN(baseline.split, JsonGet<std::string>(json, "split"));
  QB_ASSIGN_OR_RETURN(baseline.split_sha256, JsonGet<std::string>(json, "split_sha256"));
  QB_RETURN_IF_ERROR(ReadFiles(json, &baseline));
  QB_RETURN_IF_ERROR(ReadRuntimes(json, &baseline));
  QB_RETURN_IF_ERROR(ReadCells(json, &baseline));
  return baseline;
}

}  // namespace qbench::baseline
