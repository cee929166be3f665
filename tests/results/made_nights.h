// Nights made by hand and stored, as `qbench run --gate` stores them: a build beside its baseline,
// each cell as many times as slow as a test says.
#pragma once

#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/utc_time.h"
#include "harness/store/store.h"
#include "tests/results/made_run.h"

namespace qbench::store {

struct MadeNight {
  std::string started_at = "2025-11-20T02:15:00Z";
  bool finished = true;
  // Latency of each cell to the baseline's; the cells are int8, fp16, float and dynamic.
  std::vector<double> ratios = {1, 1};
  int64_t grown_bytes = 0;  // of the first cell's file
  double waiting = 0;       // share of the time in which processes had no processor
  std::optional<double> temperature_c = 50;
  std::string baseline = "release-1.2";
  std::string baseline_sha256 = "baseline-sha";
  std::string host_id = "board";
  std::string git_state = "abc123";
  std::string runtime_version = "0.1.0";
};

class MadeNights {
 public:
  static constexpr int kPairs = 10;

  MadeNights()
      : folder_(Must(TempDir::Create("qbench-nights-test"))),
        store_(Must(Store::Open(file(), OpenMode::kReadWrite))) {}

  std::filesystem::path file() const { return folder_.path() / "nights.sqlite"; }
  Store& store() { return store_; }

  // Returns the run's number.
  int64_t Add(const MadeNight& night) { return StoreRun(RunOf(night), night); }
  // So many nights, one a day from `first` on; `change` is called with the index of each.
  template <typename Change>
  void AddDaily(const std::string& first, int count, const Change& change) {
    for (int i = 0; i < count; ++i) {
      MadeNight night;
      night.started_at = UtcText(*UtcSeconds(first) + int64_t{86400} * i);
      change(i, &night);
      Add(night);
    }
  }

 private:
  template <typename T>
  static T Must(Result<T> result) {
    if (!result.ok()) throw std::runtime_error(result.status().message());
    return *std::move(result);
  }
  static void Must(const Status& status) {
    if (!status.ok()) throw std::runtime_error(status.message());
  }

  static RunData RunOf(const MadeNight& night) {
    constexpr const char* kQuantizers[] = {"int8", "fp16", "float", "dynamic"};
    MadeRun made(1);
    for (const bool baseline : {false, true}) {
      for (size_t i = 0; i < night.ratios.size(); ++i) {
        MadeCell cell;
        cell.quantizer = kQuantizers[i];
        cell.file_bytes += !baseline && i == 0 ? night.grown_bytes : 0;
        for (int process = 0; process < 2 * kPairs; ++process) {
          const double jitter = 1 + 0.0004 * (process * (baseline ? 7 : 3) % 20);
          cell.medians_ms.push_back(3 * jitter * (baseline ? 1 : night.ratios[i]));
        }
        cell.predictions = made.Right();
        made.Add(cell);
      }
    }
    RunData run = made;
    run.run.started_at = night.started_at;
    run.run.git_state = night.git_state;
    run.run.host_id = night.host_id;
    run.run.settings["gate"] = {{"pairs", kPairs},
                                {"baseline", night.baseline},
                                {"baseline_sha256", night.baseline_sha256}};
    return run;
  }

  int64_t StoreRun(const RunData& made, const MadeNight& night) {
    Run run = made.run;
    run.finished_at.reset();
    const int64_t id = Must(store_.BeginRun(run));
    const int64_t split = Must(store_.UpsertDatasetSplit(made.splits.begin()->second));
    for (size_t i = 0; i < made.cells.size(); ++i) {
      const CellData& data = made.cells[i];
      const bool baseline = i >= night.ratios.size();
      Cell cell = data.cell;
      cell.run_id = id;
      cell.split_id = split;
      cell.model_id = Must(store_.UpsertModel(made.models.at(data.cell.model_id)));
      cell.quantizer_id = Must(store_.UpsertPlugin(made.plugins.at(data.cell.quantizer_id)));
      Plugin runtime = made.plugins.at(data.cell.runtime_id);
      runtime.version = baseline ? "0.1.0" : night.runtime_version;
      if (runtime.version != "0.1.0") runtime.sha256 += runtime.version;
      if (baseline) runtime.path = "/baselines/runtimes/" + runtime.path;
      cell.runtime_id = Must(store_.UpsertPlugin(runtime));
      cell.side = baseline ? kBaselineSide : "";
      cell.artifact_id.reset();
      const int64_t cell_id = Must(store_.AddCell(cell));
      Artifact artifact = made.artifacts.at(*data.cell.artifact_id);
      artifact.model_id = cell.model_id;
      artifact.quantizer_id = cell.quantizer_id;
      Must(store_.SetCellArtifact(cell_id, Must(store_.UpsertArtifact(artifact))));
      for (Measurement measurement : data.measurements) {
        measurement.cell_id = cell_id;
        if (measurement.kind == MeasurementKind::kLatency) {
          measurement.conditions = Conditions(night);
        }
        Must(store_.CommitMeasurement(measurement));
      }
      Must(store_.SetCellOutcome(cell_id, {Outcome::kOk, Outcome::kOk, Outcome::kOk, ""}));
    }
    if (night.finished) {
      Must(store_.FinishRun(id, UtcText(*UtcSeconds(night.started_at) + 1800)));
    }
    return id;
  }

  static Json Conditions(const MadeNight& night) {
    Json before = {{"uptime_ms", 5000}, {"waited_us", 100}, {"stolen_ms", 40}};
    Json after = {{"uptime_ms", 7000}, {"waited_us", 100 + night.waiting * 2e6}, {"stolen_ms", 40}};
    if (night.temperature_c) {
      before["temperature_c"] = *night.temperature_c - 2;
      after["temperature_c"] = *night.temperature_c + 2;
    }
    return {{"before", before}, {"after", after}};
  }

  TempDir folder_;
  Store store_;
};

}  // namespace qbench::store
