#include "harness/store/row_check.h"

#include <array>
#include <map>
#include <type_traits>
#include <utility>

#include "fmt/format.h"
#include "harness/store/record_rules.h"
#include "harness/store/sql_fields.h"

namespace qbench::store {
namespace {

// What the tables' CHECKs say and no reader looks at: SQLite itself does not heed them in a
// database that is opened to be read. And that a report finds what a row of its run names.
struct Rule {
  const char* table;
  const char* broken;  // SQL
  const char* what;
};
constexpr std::array kRules = {
    Rule{"cells", "threads < 1", "has no threads"},
    Rule{"machine_peaks", "threads < 1", "has no threads"},
    Rule{"measurements", "repetition < 0", "has a repetition below 0"},
    Rule{"operator_profiles", "op < -1 OR partition < -1", "has a place below -1"},
    Rule{"compared_layers", "paired_by NOT IN ('name', 'structure')", "is paired by nothing"},
    Rule{"layer_comparisons",
         "NOT EXISTS (SELECT 1 FROM cells WHERE cells.run_id = layer_comparisons.run_id AND "
         "cells.artifact_id = layer_comparisons.artifact_id)",
         "compares an artifact that no cell of its run has"},
    Rule{"cells",
         "EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = cells.artifact_id AND "
         "(artifacts.model_id NOT IN (SELECT model_id FROM cells others WHERE others.run_id = "
         "cells.run_id) OR artifacts.quantizer_id NOT IN (SELECT quantizer_id FROM cells others "
         "WHERE others.run_id = cells.run_id)))",
         "has an artifact of a model or quantizer that its run has not"},
};

class Checker {
 public:
  Checker(SQLite::Database& database, const std::function<void(const RowFault&)>& fault)
      : database_(database), fault_(fault) {}

  void Check() {
    CheckReferences();
    for (const Rule& rule : kRules) CheckRule(rule);
    ForEachStoredRecord(
        [&](const auto& record) { CheckRecords<std::remove_cvref_t<decltype(record)>>(); });
    CheckComparisons();
  }

 private:
  void Tell(const char* table, int64_t id, const std::string& what) {
    fault_({table, fmt::format("id = {}", id), what});
  }

  void CheckReferences() {
    SQLite::Statement broken(database_,
                             "SELECT DISTINCT \"table\", rowid, parent FROM "
                             "pragma_foreign_key_check");
    while (broken.executeStep()) {
      const std::string what =
          fmt::format("refers to a row of {} that is not there", broken.getColumn(2).getString());
      const std::string table = broken.getColumn(0).getString();
      // A table without row ids has its own words.
      const std::string where = broken.getColumn(1).isNull()
                                    ? "split_id NOT IN (SELECT id FROM dataset_splits)"
                                    : fmt::format("id = {}", broken.getColumn(1).getInt64());
      fault_({table, where, what});
    }
  }

  void CheckRule(const Rule& rule) {
    SQLite::Statement broken(database_,
                             fmt::format("SELECT id FROM {} WHERE {}", rule.table, rule.broken));
    while (broken.executeStep()) Tell(rule.table, broken.getColumn(0).getInt64(), rule.what);
  }

  template <typename Record>
  void CheckRecords() {
    SQLite::Statement rows(database_,
                           "SELECT " + ColumnNames<Record>() + " FROM " + kTable<Record>);
    while (rows.executeStep()) {
      const int64_t id = rows.getColumn(0).getInt64();
      Record record;
      try {
        int column = 0;
        ForEachField(
            record, [&](const char*, auto& value) { ReadValue(rows.getColumn(column++), &value); });
      } catch (const BadRow& bad) {
        Tell(kTable<Record>, id, bad.what());
        continue;
      }
      const Status sound = CheckRecord(record);
      if (!sound.ok()) Tell(kTable<Record>, id, sound.message());
    }
  }

  template <typename Record>
  Status CheckRecord(const Record& /*record*/) {
    return OkStatus();
  }
  Status CheckRecord(const DatasetSplit& split) {
    const auto labels = static_cast<int64_t>(split.labels.size());
    SQLite::Statement images(database_, "SELECT position, label FROM images WHERE split_id = ?");
    images.bind(1, split.id);
    size_t count = 0;
    for (; images.executeStep(); ++count) {
      const int64_t label = images.getColumn(1).getInt64();
      if (label >= 0 && label < labels) continue;
      fault_(
          {"images",
           fmt::format("split_id = {} AND position = {}", split.id, images.getColumn(0).getInt64()),
           fmt::format("has label {}, but there are {} labels", label, labels)});
    }
    splits_[split.id] = {count, labels};
    return OkStatus();
  }
  Status CheckRecord(const Cell& cell) {
    split_of_[cell.id] = cell.split_id;
    return OkStatus();
  }
  Status CheckRecord(const Measurement& measurement) {
    const auto [images, labels] = splits_[split_of_[measurement.cell_id]];
    return CheckPredictions(measurement, images, labels);
  }

  void CheckComparisons() {
    for (const int64_t id : Ids("SELECT id FROM layer_comparisons")) {
      LayerComparison comparison;
      try {
        comparison.layers =
            Select<ComparedLayer>(database_, "WHERE comparison_id = ? ORDER BY position", id);
      } catch (const BadRow&) {
        continue;  // told already
      }
      const Status sound = CheckLayers(comparison);
      if (!sound.ok()) Tell(kTable<LayerComparison>, id, sound.message());
    }
  }

  std::vector<int64_t> Ids(const char* sql) {
    std::vector<int64_t> ids;
    SQLite::Statement rows(database_, sql);
    while (rows.executeStep()) ids.push_back(rows.getColumn(0).getInt64());
    return ids;
  }

  SQLite::Database& database_;
  const std::function<void(const RowFault&)>& fault_;
  std::map<int64_t, std::pair<size_t, int64_t>> splits_;  // images and labels, by id
  std::map<int64_t, int64_t> split_of_;                   // of a cell
};

}  // namespace

void CheckRows(SQLite::Database& database, const std::function<void(const RowFault&)>& fault) {
  Checker(database, fault).Check();
}

const std::vector<std::string>& TableNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    ForEachStoredRecord([&](const auto& record) {
      using Record = std::remove_cvref_t<decltype(record)>;
      all.emplace_back(kTable<Record>);
      if constexpr (std::is_same_v<Record, DatasetSplit>) all.emplace_back("images");
    });
    return all;
  }();
  return names;
}

}  // namespace qbench::store
