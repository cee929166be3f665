// The latencies of runs in the format of Google Benchmark's --benchmark_out (its JSON schema 1:
// src/json_reporter.cc), so that its tools/compare.py reads them. docs/formats.md says what each
// key holds.
#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/json.h"
#include "harness/results/summary.h"
#include "harness/stats/descriptive.h"
#include "reports/export_names.h"
#include "reports/reports.h"
#include "reports/variants.h"

namespace qbench::reports {
namespace {

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of a sample, as Google Benchmark's: divided by n - 1.
double StandardDeviation(const std::vector<double>& values) {
  const double mean = Mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (static_cast<double>(values.size()) - 1));
}

// What is the same in every entry of a cell.
OrderedJson EntryOf(const Variant& variant, const std::string& name, const std::string& suffix,
                    size_t family, size_t repetitions) {
  return {{"name", suffix.empty() ? name : name + "_" + suffix},
          {"family_index", family},
          {"per_family_instance_index", 0},
          {"run_name", name},
          {"run_type", suffix.empty() ? "iteration" : "aggregate"},
          {"repetitions", repetitions},
          {"threads", variant.summary.threads}};
}

// qbench measures the wall clock alone, and compare.py passes over an entry without cpu_time.
void AddTimes(double value, std::string_view unit, OrderedJson* entry) {
  (*entry)["real_time"] = value;
  (*entry)["cpu_time"] = value;
  (*entry)["time_unit"] = unit;
}

// One entry a process; then, of several, what Google Benchmark says of repetitions.
void AppendCell(const Variant& variant, const std::string& name, size_t family, OrderedJson* out) {
  const std::vector<const store::Measurement*> processes = results::LatencyOf(*variant.cell);
  std::vector<double> medians_ns;
  for (size_t i = 0; i < processes.size(); ++i) {
    medians_ns.push_back(results::MedianNs(*variant.cell, *processes[i]));
    OrderedJson entry = EntryOf(variant, name, "", family, processes.size());
    entry["repetition_index"] = i;
    entry["iterations"] = results::SampleCount(*variant.cell, *processes[i]);
    AddTimes(medians_ns.back(), "ns", &entry);
    entry["label"] = variant.dataset;
    out->push_back(std::move(entry));
  }
  if (medians_ns.size() < 2) return;
  const double mean = Mean(medians_ns);
  const double deviation = StandardDeviation(medians_ns);
  struct Aggregate {
    const char* name;
    const char* unit;
    double value;
  };
  for (const Aggregate& aggregate :
       {Aggregate{"mean", "time", mean}, Aggregate{"median", "time", stats::Median(medians_ns)},
        Aggregate{"stddev", "time", deviation}, Aggregate{"cv", "percentage", deviation / mean}}) {
    OrderedJson entry = EntryOf(variant, name, aggregate.name, family, processes.size());
    entry["aggregate_name"] = aggregate.name;
    entry["aggregate_unit"] = aggregate.unit;
    entry["iterations"] = processes.size();
    AddTimes(aggregate.value, "ns", &entry);
    entry["label"] = variant.dataset;
    out->push_back(std::move(entry));
  }
}

// Of the first run what Google Benchmark's context says, and of every run what it is.
OrderedJson ContextOf(const Runs& runs) {
  OrderedJson context = OrderedJson::object();
  if (!runs.empty()) {
    const store::Run& run = runs.front().run;
    context["date"] = run.started_at;
    context["host_name"] = run.host_id;
    context["executable"] = "qbench";
    const Result<std::string> cores = JsonGet<std::string>(run.host, "cpu.cores");
    int count = 0;
    if (cores.ok() &&
        std::from_chars(cores->data(), cores->data() + cores->size(), count).ec == std::errc()) {
      context["num_cpus"] = count;
    }
  }
  context["json_schema_version"] = 1;
  context["cpu_time"] = "not measured; real_time, which is the wall clock's, is repeated";
  context["runs"] = OrderedJson::array();
  for (const store::RunData& data : runs) {
    const store::Run& run = data.run;
    context["runs"].push_back({{"id", run.id},
                               {"started_at", run.started_at},
                               {"qbench_version", run.qbench_version},
                               {"git_state", run.git_state},
                               {"host_id", run.host_id},
                               {"host", run.host}});
  }
  return context;
}

}  // namespace

std::string BenchmarkJsonReport(const Runs& runs) {
  OrderedJson context = ContextOf(runs);
  OrderedJson benchmarks = OrderedJson::array();
  OrderedJson left_out = OrderedJson::array();
  size_t family = 0;
  for (const store::RunData& data : runs) {
    const RunView run(data);
    for (const Variant& variant : run.variants) {
      const std::string name = BenchmarkName(variant, runs.size() > 1);
      if (variant.latency_valid()) {
        AppendCell(variant, name, family++, &benchmarks);
      } else {
        left_out.push_back(
            {{"name", name}, {"status", variant.status()}, {"reason", variant.summary.reason}});
      }
    }
  }
  context["left_out"] = std::move(left_out);
  const OrderedJson report = {{"context", context}, {"benchmarks", benchmarks}};
  return report.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace qbench::reports
