// A line of a CSV: any fields, written alike in every CSV report. Internal to reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/store/field_table.h"

namespace qbench::reports {

// A value as a field. Texts are quoted where RFC 4180, section 2, asks for it, and what a
// spreadsheet would take for a formula has an apostrophe before it. Numbers are the shortest text
// that reads back as the same number; what is no number is empty. Lists have "; " between them,
// enumerators are their names.
std::string CsvText(std::string_view text);
inline std::string CsvText(const std::string& text) { return CsvText(std::string_view(text)); }
std::string CsvText(const std::vector<std::string>& texts);
std::string CsvText(int32_t number);
std::string CsvText(int64_t number);
std::string CsvText(float number);
std::string CsvText(double number);
template <typename T>
requires std::is_enum_v<T> std::string CsvText(T value) { return CsvText(Name(value)); }
template <typename T>
std::string CsvText(const std::optional<T>& value) {
  return value ? CsvText(*value) : std::string();
}

// A row of fields, which are written with commas between them.
class CsvRow {
 public:
  template <typename T>
  void Add(const T& value) {
    text_ += (empty_ ? "" : ",") + CsvText(value);
    empty_ = false;
  }
  // The names of the columns that the record's table has, of those with all `traits`.
  template <typename Record>
  void AddNames(unsigned traits = store::kPlain) {
    store::ForEachRow<Record>([&](const auto& row) {
      if ((row.traits & traits) == traits) Add(std::string_view(row.name));
    });
  }
  // The record's values, in the same order.
  template <typename Record>
  void AddValues(const Record& record, unsigned traits = store::kPlain) {
    store::ForEachRow<Record>([&](const auto& row) {
      if ((row.traits & traits) == traits) Add(record.*row.member);
    });
  }
  std::string Finish() && { return std::move(text_) + "\n"; }

 private:
  std::string text_;
  bool empty_ = true;
};

}  // namespace qbench::reports
