#include "reports/variants.h"

#include <set>
#include <utility>

#include "harness/store/plugin_name.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using results::CellSummary;
using store::Outcome;
using store::WithOptions;

void Append(std::string* name, const std::string& part) {
  if (!name->empty()) *name += " · ";
  *name += part;
}

void NameVariant(const Differences& differ, Variant* variant) {
  const CellSummary& summary = variant->summary;
  std::string subject;
  if (differ.dataset) Append(&subject, variant->dataset);
  if (differ.model) Append(&subject, summary.model);
  std::string setup = variant->quantizer;
  if (differ.runtime) Append(&setup, variant->runtime);
  variant->algorithm = subject;
  Append(&variant->algorithm, setup);
  if (differ.threads) {
    Append(&setup,
           std::to_string(summary.threads) + (summary.threads == 1 ? " thread" : " threads"));
  }
  variant->setup = setup;
  variant->name = subject;
  Append(&variant->name, setup);
}

std::string HostFact(const store::Run& run, const char* name) {
  const auto fact = run.host.find(name);
  return fact != run.host.end() && fact->is_string() ? fact->get<std::string>() : "";
}

}  // namespace

bool Variant::ok() const { return status() == "ok"; }

bool Variant::latency_valid() const { return results::LatencyIsValid(summary); }

std::string Variant::status() const {
  if (summary.status == Outcome::kNotMeasured) return "not measured yet";
  if (summary.status != Outcome::kOk) return std::string(Name(summary.status));
  auto passed = [](Outcome part) { return part == Outcome::kOk || part == Outcome::kNotMeasured; };
  if (!passed(summary.accuracy_status)) {
    return "accuracy " + std::string(Name(summary.accuracy_status));
  }
  if (!passed(summary.latency_status))
    return "latency " + std::string(Name(summary.latency_status));
  return "ok";
}

RunView::RunView(const store::RunData& run) : data(&run) {
  std::set<int64_t> models;
  std::set<int32_t> threads;
  std::set<std::string> runtimes;
  std::set<std::string> datasets;
  std::vector<CellSummary> summaries = results::Summarize(run);
  variants.reserve(run.cells.size());
  for (size_t i = 0; i < run.cells.size(); ++i) {
    Variant variant;
    variant.cell = &run.cells[i];
    variant.split = &run.splits.at(run.cells[i].cell.split_id);
    variant.summary = std::move(summaries[i]);
    const CellSummary& summary = variant.summary;
    variant.quantizer = WithOptions(summary.quantizer, summary.quantizer_options);
    variant.runtime = WithOptions(summary.runtime, summary.runtime_options);
    variant.dataset = summary.dataset + "/" + summary.split;
    variant.noisy = results::IsNoisy(*variant.cell, summary);
    models.insert(run.cells[i].cell.model_id);
    threads.insert(summary.threads);
    runtimes.insert(variant.runtime);
    datasets.insert(variant.dataset);
    variants.push_back(std::move(variant));
  }
  float_of = results::FloatCells(run);
  differ = {models.size() > 1, runtimes.size() > 1, threads.size() > 1, datasets.size() > 1};
  for (size_t i = 0; i < variants.size(); ++i) {
    NameVariant(differ, &variants[i]);
    const std::optional<size_t>& base = float_of[i];
    if (base) variants[i].pace = ComparePace(variants[*base], variants[i]);
  }
}

std::string Subject(const RunView& run) {
  if (run.variants.empty()) return "no cells";
  const Variant& first = run.variants.front();
  return (run.differ.model ? Counted(static_cast<int64_t>(run.data->models.size()), "model")
                           : first.summary.model) +
         " on " +
         (run.differ.dataset ? Counted(static_cast<int64_t>(run.data->splits.size()), "data set")
                             : first.dataset);
}

std::vector<std::string> SharedSetup(const RunView& run) {
  std::vector<std::string> parts;
  if (run.variants.empty()) return parts;
  const Variant& first = run.variants.front();
  if (!run.differ.dataset) {
    parts.push_back(Counted(static_cast<int64_t>(first.split->images.size()), "image"));
  }
  if (!run.differ.runtime) parts.push_back(first.runtime);
  if (!run.differ.threads) parts.push_back(Counted(first.summary.threads, "thread"));
  return parts;
}

std::vector<std::string> Circumstances(const RunView& run) {
  const store::Run& header = run.data->run;
  std::vector<std::string> parts = {DateAndTime(header.started_at)};
  for (const char* fact : {"board.model", "cpu.name"}) {
    if (std::string value = HostFact(header, fact); !value.empty()) {
      parts.push_back(std::move(value));
    }
  }
  if (const std::string cores = HostFact(header, "cpu.cores"); !cores.empty()) {
    parts.push_back(cores + (cores == "1" ? " core" : " cores"));
  }
  for (std::string& part : SharedSetup(run)) parts.push_back(std::move(part));
  parts.push_back("qbench " + header.qbench_version);
  return parts;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) Append(&joined, part);
  return joined;
}

}  // namespace qbench::reports
