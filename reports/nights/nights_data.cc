// The formats of the nights that machines read: CSV and JSON.
#include "base/utc_time.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "reports/csv_text.h"
#include "reports/json_fields.h"
#include "reports/nights/nights_reports.h"
#include "reports/nights/nights_rows.h"
#include "reports/nights/nights_words.h"

namespace qbench::reports {
namespace {

using results::CellTrend;
using results::JudgedNight;
using results::Judgement;
using results::LevelChange;
using results::NightCell;
using results::Watch;

void CountCells(const JudgedNight& night, NightRow* row) {
  if (!night.night) return;
  row->cells = row->cells_worse = row->cells_invalid = 0;
  for (const NightCell& cell : night.night->cells) {
    if (!cell.compared) continue;
    ++*row->cells;
    *row->cells_worse += cell.figures.judgement == Judgement::kWorse ? 1 : 0;
    *row->cells_invalid += cell.figures.latency_judgement == Judgement::kInvalid ||
                                   cell.figures.accuracy_judgement == Judgement::kInvalid
                               ? 1
                               : 0;
  }
}

OrderedJson NightObject(const Watch& watch, size_t index, const NightLinks& links) {
  OrderedJson object = JsonObject(RowOf(watch, index, links));
  object["differences"] = OrderedJson::array();
  object["cell_rows"] = OrderedJson::array();
  const JudgedNight& night = watch.nights()[index];
  if (!night.night) return object;
  for (const results::FactDifference& difference : night.night->differences) {
    object["differences"].push_back(JsonObject(difference));
  }
  for (const NightCell& cell : night.night->cells) {
    OrderedJson row = JsonObject(RowOf(cell));
    row["compared"] = cell.compared;
    object["cell_rows"].push_back(std::move(row));
  }
  return object;
}

}  // namespace

NightRow RowOf(const Watch& watch, size_t index, const NightLinks& links) {
  const JudgedNight& night = watch.nights()[index];
  const store::Run& run = night.run;
  NightRow row;
  row.run_id = run.id;
  row.started_at = run.started_at;
  row.answer = AnswerOf(night);
  row.finished_at = run.finished_at;
  row.name = run.name;
  row.baseline = results::BaselineOf(run);
  row.baseline_sha256 = results::BaselineHashOf(run);
  row.qbench_version = run.qbench_version;
  row.git_state = run.git_state;
  row.host_id = run.host_id;
  CountCells(night, &row);
  if (night.night) {
    row.sentence = night.night->sentence;
    if (const auto worst = results::WorstCell(*night.night)) {
      row.worst_cell = night.night->cells[*worst].name;
      row.worst = CellWords(night.night->cells[*worst]);
    }
  }
  if (night.temperatures) {
    row.temperature_low_c = night.temperatures->low;
    row.temperature_median_c = night.temperatures->median;
    row.temperature_high_c = night.temperatures->high;
  }
  for (const results::MissingNights& missing : watch.missing) {
    if (missing.before == index) row.missing_before = missing.count;
  }
  row.changed = ChangedText(night);
  const auto link = links.find(run.id);
  if (link != links.end()) row.report = link->second;
  return row;
}

NightCellRow RowOf(const NightCell& cell) {
  NightCellRow row;
  static_cast<results::CellComparison&>(row) = cell.figures;
  row.name = cell.name;
  row.sentence = cell.sentence;
  row.same_file = cell.same_file;
  row.same_build = cell.same_build;
  row.pairs = cell.pairs;
  row.pairs_lost = cell.lost;
  row.first_look = cell.first_look;
  if (cell.repeat) {
    row.repeat_ratio = cell.repeat->ratio;
    row.repeat_ratio_low = cell.repeat->interval.low;
    row.repeat_ratio_high = cell.repeat->interval.high;
  }
  row.tail_judgement = cell.tail.judgement;
  if (cell.tail.judgement != Judgement::kNone) {
    row.tail_ratio = cell.tail.first.ratio;
    row.tail_ratio_low = cell.tail.first.interval.low;
    row.tail_ratio_high = cell.tail.first.interval.high;
  }
  row.memory_judgement = cell.memory.judgement;
  if (cell.memory.judgement != Judgement::kNone) row.memory_ratio = cell.memory.ratio;
  return row;
}

LevelRow RowOf(const Watch& watch, const CellTrend& trend, const LevelChange& change) {
  const store::Run& run = watch.nights()[change.night].run;
  LevelRow row{trend.name, run.id, run.started_at, change.before, change.after, std::nullopt};
  if (change.caught) row.caught_run_id = watch.nights()[*change.caught].run.id;
  return row;
}

std::string NightsCsv(const Watch& watch, const NightLinks& links) {
  CsvRow header;
  header.AddNames<NightRow>();
  std::string csv = std::move(header).Finish();
  for (size_t i = watch.nights().size(); i-- > 0;) {
    CsvRow row;
    row.AddValues(RowOf(watch, i, links));
    csv += std::move(row).Finish();
  }
  return csv;
}

std::string NightsJson(const Watch& watch, const NightLinks& links) {
  const NightsWords words = WordsOf(watch);
  const JudgedNight* newest = watch.newest_judged();
  OrderedJson object = {{"answer", newest != nullptr ? AnswerOf(*newest) : "none"},
                        {"text", words.answer},
                        {"run_id", newest != nullptr ? OrderedJson(newest->run.id) : nullptr},
                        {"overdue", words.overdue},
                        {"baseline", watch.history.baseline},
                        {"at", UtcText(watch.at)},
                        {"every_seconds", watch.rules.every_seconds},
                        {"creeps", words.creeps},
                        {"remarks", words.remarks}};
  object["nights"] = OrderedJson::array();
  for (size_t i = watch.nights().size(); i-- > 0;) {
    object["nights"].push_back(NightObject(watch, i, links));
  }
  object["levels"] = OrderedJson::array();
  for (const CellTrend& trend : watch.trends) {
    for (const LevelChange& change : trend.changes) {
      object["levels"].push_back(JsonObject(RowOf(watch, trend, change)));
    }
  }
  object["missing"] = OrderedJson::array();
  for (const results::MissingNights& missing : watch.missing) {
    object["missing"].push_back({{"count", missing.count}, {"first", UtcText(missing.first)}});
  }
  return object.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace qbench::reports
