// The rows of the nights' CSV and JSON, with the tables of their columns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "harness/results/night_watch.h"
#include "reports/nights/nights_reports.h"

namespace qbench::reports {

// A night. What each field means stands in its row below.
struct NightRow {
  int64_t run_id = 0;
  std::string started_at;
  std::string answer;
  std::optional<std::string> finished_at;
  std::string name;
  std::string baseline;
  std::string baseline_sha256;
  std::string qbench_version;
  std::string git_state;
  std::string host_id;
  std::optional<int64_t> cells;
  std::optional<int64_t> cells_worse;
  std::optional<int64_t> cells_invalid;
  std::string worst_cell;
  std::string worst;
  std::optional<double> temperature_low_c;
  std::optional<double> temperature_median_c;
  std::optional<double> temperature_high_c;
  int64_t missing_before = 0;
  std::string sentence;
  std::string changed;
  std::string report;
};

// A cell on a night: its comparison with the baseline, and what the night adds to it.
struct NightCellRow : results::CellComparison {
  std::string name;
  std::string sentence;
  bool same_file = false;
  bool same_build = false;
  int64_t pairs = 0;
  int64_t pairs_lost = 0;
  results::Judgement first_look = results::Judgement::kNone;
  std::optional<double> repeat_ratio;
  std::optional<double> repeat_ratio_low;
  std::optional<double> repeat_ratio_high;
  results::Judgement tail_judgement = results::Judgement::kNone;
  std::optional<double> tail_ratio;
  std::optional<double> tail_ratio_low;
  std::optional<double> tail_ratio_high;
  results::Judgement memory_judgement = results::Judgement::kNone;
  std::optional<double> memory_ratio;
};

// A change of a cell's level.
struct LevelRow {
  std::string name;
  int64_t run_id = 0;
  std::string started_at;
  double ratio_before = 1;
  double ratio_after = 1;
  std::optional<int64_t> caught_run_id;
};

// `index` of watch.nights().
NightRow RowOf(const results::Watch& watch, size_t index, const NightLinks& links);
NightCellRow RowOf(const results::NightCell& cell);
LevelRow RowOf(const results::Watch& watch, const results::CellTrend& trend,
               const results::LevelChange& change);

}  // namespace qbench::reports

namespace qbench::store {

template <>
inline constexpr auto kFields<reports::NightRow> = std::tuple{
    Field{"run_id", &reports::NightRow::run_id, "", "number of the night's run in its database"},
    Field{"started_at", &reports::NightRow::started_at, "", "when it began"},
    Field{"answer", &reports::NightRow::answer, "",
          "`good`, `regression` or `invalid night`: the exit statuses 0, 1 and 4 of the gate; `not "
          "finished`: interrupted, or still running"},
    Field{"finished_at", &reports::NightRow::finished_at, "", "when it ended; empty: it did not"},
    Field{"name", &reports::NightRow::name, "", "the run's name; may be empty"},
    Field{"baseline", &reports::NightRow::baseline, "", "name of the pinned baseline"},
    Field{"baseline_sha256", &reports::NightRow::baseline_sha256, "",
          "hash of what was pinned under it"},
    Field{"qbench_version", &reports::NightRow::qbench_version, "",
          "version of the program that measured"},
    Field{"git_state", &reports::NightRow::git_state, "", "its commit; may be empty"},
    Field{"host_id", &reports::NightRow::host_id, "", "hash of the board's stable facts"},
    Field{"cells", &reports::NightRow::cells, "",
          "cells that were compared with the baseline; this and what follows is empty of a night "
          "that did not finish"},
    Field{"cells_worse", &reports::NightRow::cells_worse, "", "of these, those that are worse"},
    Field{"cells_invalid", &reports::NightRow::cells_invalid, "",
          "of these, those whose latency or accuracy says nothing"},
    Field{"worst_cell", &reports::NightRow::worst_cell, "",
          "the cell that decides how the night looks: the worst by its judgement, of several the "
          "one that is slowest against the baseline"},
    Field{"worst", &reports::NightRow::worst, "", "how it looks: `5.1 % slower`, `+0.8 %`"},
    Field{"temperature_low_c", &reports::NightRow::temperature_low_c, "°C",
          "the board's lowest temperature around the timed regions; empty: it does not tell"},
    Field{"temperature_median_c", &reports::NightRow::temperature_median_c, "°C", "the median"},
    Field{"temperature_high_c", &reports::NightRow::temperature_high_c, "°C", "the highest"},
    Field{"missing_before", &reports::NightRow::missing_before, "",
          "nights between the one before and this one that were expected and are not there"},
    Field{"sentence", &reports::NightRow::sentence, "", "the verdict"},
    Field{"changed", &reports::NightRow::changed, "",
          "inputs and programs that are not what they were on the night before"},
    Field{"report", &reports::NightRow::report, "",
          "where the night's own report lies, beside the page; may be empty"},
};

template <>
inline constexpr auto kFields<reports::NightCellRow> = std::tuple_cat(
    std::tuple{
        Field{"name", &reports::NightCellRow::name, "", "`net · int8 · litert · 1 thread`"},
        Field{"sentence", &reports::NightCellRow::sentence, "", "the verdict with its figures"},
        Field{"same_file", &reports::NightCellRow::same_file, "",
              "the artifact is the baseline's to the byte"},
        Field{"same_build", &reports::NightCellRow::same_build, "",
              "as are the runtime plugin and the library of its engine"},
        Field{"pairs", &reports::NightCellRow::pairs, "", "pairs of processes of the first look"},
        Field{"pairs_lost", &reports::NightCellRow::pairs_lost, "",
              "of these, those that do not count"},
        Field{"first_look", &reports::NightCellRow::first_look, "",
              "judgement of the latency before the repeat"},
        Field{"repeat_ratio", &reports::NightCellRow::repeat_ratio, "ratio",
              "`latency_ratio` of the repeat; empty: it was not measured again"},
        Field{"repeat_ratio_low", &reports::NightCellRow::repeat_ratio_low, "ratio",
              "lower end of its interval"},
        Field{"repeat_ratio_high", &reports::NightCellRow::repeat_ratio_high, "ratio",
              "upper end of its interval"},
        Field{"tail_judgement", &reports::NightCellRow::tail_judgement, "",
              "of the slow tenth of the inferences: of the processes' 90th percentiles"},
        Field{"tail_ratio", &reports::NightCellRow::tail_ratio, "ratio",
              "of the new side's 90th percentiles to the baseline's"},
        Field{"tail_ratio_low", &reports::NightCellRow::tail_ratio_low, "ratio",
              "lower end of its interval"},
        Field{"tail_ratio_high", &reports::NightCellRow::tail_ratio_high, "ratio",
              "upper end of its interval"},
        Field{"memory_judgement", &reports::NightCellRow::memory_judgement, "",
              "of the peaks of the processes"},
        Field{"memory_ratio", &reports::NightCellRow::memory_ratio, "ratio",
              "of the new side's peaks to the baseline's"},
    },
    kFields<results::CellComparison>);

template <>
inline constexpr auto kFields<reports::LevelRow> = std::tuple{
    Field{"name", &reports::LevelRow::name, "", "the cell"},
    Field{"run_id", &reports::LevelRow::run_id, "", "the first night of the new level"},
    Field{"started_at", &reports::LevelRow::started_at, "", "when that began"},
    Field{"ratio_before", &reports::LevelRow::ratio_before, "ratio",
          "the median of the ratios to the baseline before it"},
    Field{"ratio_after", &reports::LevelRow::ratio_after, "ratio", "and from it on"},
    Field{"caught_run_id", &reports::LevelRow::caught_run_id, "",
          "the first night of the new level on which the gate says that the cell is slower; empty: "
          "none"},
};

}  // namespace qbench::store
