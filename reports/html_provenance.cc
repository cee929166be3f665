#include <set>
#include <string>
#include <utility>

#include "base/json.h"
#include "fmt/format.h"
#include "reports/html_sections.h"
#include "reports/ranges_text.h"
#include "reports/shell_text.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

// A table of names and values.
class FactTable {
 public:
  explicit FactTable(const std::string& title) : facts_(Data::type::list) {
    table_.set("title", title);
  }
  void Add(const std::string& name, const std::string& value) {
    if (value.empty()) return;
    Data fact;
    fact.set("name", name);
    fact.set("value", value);
    facts_.push_back(fact);
  }
  // The entries of a JSON object; texts without their quotes.
  void AddAll(const Json& object) {
    for (const auto& [name, value] : object.items()) {
      Add(name, value.is_string() ? value.get<std::string>() : DumpJson(value));
    }
  }
  Data Finish() {
    table_.set("facts", facts_);
    return table_;
  }

 private:
  Data table_;
  Data facts_;
};

// What the quantizer emitted under this name; null where it did not.
Json Emitted(const store::Artifact& artifact, std::string_view name) {
  for (const Json& entry : artifact.emitted) {
    if (entry.is_object() && entry.value("name", Json()) == name)
      return entry.value("value", Json());
  }
  return {};
}

Data RunTable(const store::RunData& data) {
  FactTable table("Run");
  table.Add("command", ShellLine(data.run.command_line));
  table.Add("started", data.run.started_at);
  table.Add("finished", data.run.finished_at.value_or("not finished"));
  table.Add("qbench", data.run.qbench_version);
  table.Add("git", data.run.git_state);
  table.Add("plan", data.run.plan_hash);
  table.AddAll(data.run.settings);
  for (const store::Note& note : data.notes) {
    if (note.severity == store::NoteSeverity::kInfo) table.Add("note", note.text);
  }
  return table.Finish();
}

Data PeakTable(const store::RunData& data) {
  FactTable table("What this machine can do at best");
  for (const store::MachinePeak& peak : data.machine_peaks) {
    const bool adds = peak.kind == store::PeakKind::kMultiplyAdd;
    table.Add(fmt::format("{}, {}", peak.type, Counted(peak.threads, "thread")),
              fmt::format("{} {} ({})", Significant(peak.per_second / 1e9),
                          adds ? "GMAC/s" : "GB/s", peak.compiled_for));
  }
  return table.Finish();
}

// The last lines that plugins logged, each once a cell and kind of measurement.
Data LogTable(const RunView& run) {
  FactTable table("Log (the last lines of plugins and engines)");
  for (const Variant& variant : run.variants) {
    std::set<std::pair<store::MeasurementKind, std::string>> seen;
    for (const store::Measurement& measurement : variant.cell->measurements) {
      for (const std::string& line : measurement.log) {
        if (!seen.insert({measurement.kind, line}).second) continue;
        table.Add(fmt::format("{}, {}", variant.name, Name(measurement.kind)), line);
      }
    }
  }
  for (const auto& [id, comparison] : run.data->comparisons) {
    const store::Artifact& artifact = run.data->artifacts.at(comparison.artifact_id);
    for (const std::string& line : comparison.log) {
      table.Add(run.data->plugins.at(artifact.quantizer_id).name + ", layers", line);
    }
  }
  return table.Finish();
}

}  // namespace

Data RunProvenanceTables(const RunView& run) {
  const store::RunData& data = *run.data;
  Data tables(Data::type::list);
  tables.push_back(RunTable(data));
  FactTable host("Host");
  host.AddAll(data.run.host);
  host.Add("host id", data.run.host_id);
  tables.push_back(host.Finish());
  if (!data.machine_peaks.empty()) tables.push_back(PeakTable(data));
  return tables;
}

Data ProvenanceTables(const RunView& run) {
  const store::RunData& data = *run.data;
  Data tables = RunProvenanceTables(run);
  FactTable inputs("Models and data sets (SHA-256)");
  for (const auto& [id, model] : data.models) {
    inputs.Add(model.stem, model.sha256);
    inputs.Add(model.stem + ", sidecar", model.sidecar_sha256);
    inputs.Add(model.stem + ", float .tflite", model.float_sha256);
  }
  for (const auto& [id, split] : data.splits) {
    inputs.Add(split.name + "/" + split.split, split.sha256);
  }
  tables.push_back(inputs.Finish());
  FactTable plugins("Plugins (version, SHA-256 of the library, facts)");
  for (const auto& [id, plugin] : data.plugins) {
    plugins.Add(plugin.name, fmt::format("{}  {}  {}", plugin.version, plugin.sha256,
                                         plugin.facts.empty() ? "" : DumpJson(plugin.facts)));
  }
  tables.push_back(plugins.Finish());
  FactTable artifacts("Artifacts (SHA-256, file, ranges, warnings)");
  for (const auto& [id, artifact] : data.artifacts) {
    std::string name = data.models.at(artifact.model_id).stem;
    name += " " + data.plugins.at(artifact.quantizer_id).name;
    if (!artifact.quantizer_options.empty()) name += ":" + artifact.quantizer_options;
    std::string value = artifact.sha256 + "  " + artifact.path;
    if (const std::string ranges = DescribeRanges(Emitted(artifact, "ranges")); !ranges.empty()) {
      value += "  " + ranges;
    }
    for (const std::string& warning : artifact.warnings) value += "  " + warning;
    artifacts.Add(name, value);
  }
  tables.push_back(artifacts.Finish());
  if (Data log = LogTable(run); !log.get("facts")->list_value().empty()) tables.push_back(log);
  return tables;
}

}  // namespace qbench::reports
