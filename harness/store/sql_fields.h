// From field tables to SQL: statements, bound parameters and rows read back. Internal to the store.
// Everything here throws SQLite::Exception, or BadRow where the file holds what no qbench wrote;
// Store turns both into a Status.
#pragma once

#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/json.h"
#include "base/one_line.h"
#include "harness/store/layer_records.h"
#include "harness/store/records.h"

namespace qbench::store {

struct BadRow : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename Record>
inline constexpr const char* kTable = nullptr;
template <>
inline constexpr const char* kTable<Run> = "runs";
template <>
inline constexpr const char* kTable<Note> = "notes";
template <>
inline constexpr const char* kTable<MachinePeak> = "machine_peaks";
template <>
inline constexpr const char* kTable<Model> = "models";
template <>
inline constexpr const char* kTable<DatasetSplit> = "dataset_splits";
template <>
inline constexpr const char* kTable<Plugin> = "plugins";
template <>
inline constexpr const char* kTable<Artifact> = "artifacts";
template <>
inline constexpr const char* kTable<Cell> = "cells";
template <>
inline constexpr const char* kTable<Measurement> = "measurements";
template <>
inline constexpr const char* kTable<OperatorProfile> = "operator_profiles";
template <>
inline constexpr const char* kTable<LayerComparison> = "layer_comparisons";
template <>
inline constexpr const char* kTable<ComparedLayer> = "compared_layers";

// Every record that is a table, in the order in which docs/formats.md describes them. (The images
// of a split are a table without a record of its own.)
using StoredRecords =
    std::tuple<Run, Note, MachinePeak, Model, Plugin, DatasetSplit, Artifact, Cell, Measurement,
               OperatorProfile, LayerComparison, ComparedLayer>;

// Calls visit(record) with an empty record of each.
template <typename Visitor>
void ForEachStoredRecord(Visitor&& visit) {
  std::apply([&](const auto&... record) { (visit(record), ...); }, StoredRecords());
}

// --- One value ----------------------------------------------------------------------------------

inline void BindValue(SQLite::Statement& statement, int index, int64_t value) {
  statement.bind(index, value);
}
inline void BindValue(SQLite::Statement& statement, int index, int32_t value) {
  statement.bind(index, value);
}
inline void BindValue(SQLite::Statement& statement, int index, double value) {
  statement.bind(index, value);
}
inline void BindValue(SQLite::Statement& statement, int index, const std::string& value) {
  statement.bind(index, value);
}
inline void BindValue(SQLite::Statement& statement, int index, const Json& value) {
  statement.bind(index, DumpJson(value));
}
inline void BindValue(SQLite::Statement& statement, int index,
                      const std::vector<std::string>& values) {
  statement.bind(index, DumpJson(values));
}
template <typename Enum>
requires std::is_enum_v<Enum>
void BindValue(SQLite::Statement& statement, int index, Enum value) {
  statement.bind(index, std::string(Name(value)));
}
// A blob of the elements' bytes; NULL where there are none.
template <typename T>
requires std::is_arithmetic_v<T>
void BindValue(SQLite::Statement& statement, int index, const std::vector<T>& values) {
  const size_t bytes = values.size() * sizeof(T);
  if (bytes > static_cast<size_t>(std::numeric_limits<int>::max())) {
    throw BadRow("more samples than a database row can hold");
  }
  if (values.empty()) {
    statement.bind(index);
  } else {
    statement.bind(index, values.data(), static_cast<int>(bytes));
  }
}
template <typename T>
void BindValue(SQLite::Statement& statement, int index, const std::optional<T>& value) {
  if (value.has_value()) {
    BindValue(statement, index, *value);
  } else {
    statement.bind(index);
  }
}

inline void ReadValue(const SQLite::Column& column, int64_t* value) { *value = column.getInt64(); }
inline void ReadValue(const SQLite::Column& column, int32_t* value) {
  const int64_t wide = column.getInt64();
  if (wide < std::numeric_limits<int32_t>::min() || wide > std::numeric_limits<int32_t>::max()) {
    throw BadRow(std::string("number out of range in column ") + column.getName());
  }
  *value = static_cast<int32_t>(wide);
}
inline void ReadValue(const SQLite::Column& column, double* value) { *value = column.getDouble(); }
// Names of files and words of plugins: whatever bytes are in the file, what comes out of it is a
// line of UTF-8 without control characters, and so are all reports.
inline void ReadValue(const SQLite::Column& column, std::string* value) {
  *value = SafeLine(column.getString());
}
inline void MakeSafe(Json& value) {
  if (value.is_string()) {
    value = SafeLine(value.get_ref<const std::string&>());
  } else if (value.is_array()) {
    for (Json& item : value) MakeSafe(item);
  } else if (value.is_object()) {
    Json safe = Json::object();
    for (auto& [key, item] : value.items()) {
      MakeSafe(item);
      safe[SafeLine(key)] = std::move(item);
    }
    value = std::move(safe);
  }
}
// Of the type that `value` has before, unless that is null; null leaves it as it is.
inline void ReadValue(const SQLite::Column& column, Json* value) {
  Result<Json> json = ParseJson(column.getString());
  if (!json.ok()) throw BadRow(std::string("column ") + column.getName() + " is not JSON");
  if (!value->is_null() && json->is_null()) return;
  if (!value->is_null() && json->type() != value->type()) {
    throw BadRow(std::string("column ") + column.getName() + " holds no " + value->type_name());
  }
  *value = std::move(json).value();
  MakeSafe(*value);
}
inline void ReadValue(const SQLite::Column& column, std::vector<std::string>* values) {
  values->clear();
  if (const char* const text = column.getText(); text[0] == '[' && text[1] == ']' && text[2] == 0) {
    return;  // nearly all of them
  }
  Json json;
  ReadValue(column, &json);
  for (const Json& item : json) {
    if (!json.is_array() || !item.is_string()) {
      throw BadRow(std::string("column ") + column.getName() + " is not a list of texts");
    }
    values->push_back(item.get<std::string>());
  }
}
template <typename Enum>
requires std::is_enum_v<Enum>
void ReadValue(const SQLite::Column& column, Enum* value) {
  const std::string name = column.getString();
  if (!FromName(name, value)) {
    throw BadRow(std::string("column ") + column.getName() + " holds \"" + name + "\"");
  }
}
template <typename T>
requires std::is_arithmetic_v<T>
void ReadValue(const SQLite::Column& column, std::vector<T>* values) {
  const auto bytes = static_cast<size_t>(column.getBytes());
  if (bytes % sizeof(T) != 0) {
    throw BadRow(std::string("blob of odd size in column ") + column.getName());
  }
  values->resize(bytes / sizeof(T));
  if (bytes > 0) std::memcpy(values->data(), column.getBlob(), bytes);
}
template <typename T>
void ReadValue(const SQLite::Column& column, std::optional<T>* value) {
  if (column.isNull()) {
    value->reset();
  } else {
    ReadValue(column, &value->emplace());
  }
}

// --- One record ---------------------------------------------------------------------------------

// "id, started_at, …"
template <typename Record>
std::string ColumnNames() {
  std::string names;
  ForEachRow<Record>([&](const auto& row) {
    if (!names.empty()) names += ", ";
    names += row.name;
  });
  return names;
}

// Binds the record's fields to the parameters 1, 2, …, without the id, which is the first field.
template <typename Record>
void BindFields(SQLite::Statement& statement, const Record& record) {
  int index = 0;
  ForEachField(record, [&](const char*, const auto& value) {
    if (index > 0) BindValue(statement, index, value);
    ++index;
  });
}

// The statement that adds a record under a new id, for BindFields.
template <typename Record>
std::string InsertSql() {
  std::string parameters = "NULL";
  for (size_t i = 1; i < kFieldCount<Record>; ++i) {
    parameters += ", ?";
  }
  return std::string("INSERT INTO ") + kTable<Record> + " (" + ColumnNames<Record>() +
         ") VALUES (" + parameters + ")";
}

// Adds the record under a new id and returns that.
template <typename Record>
int64_t Insert(SQLite::Database& database, const Record& record) {
  SQLite::Statement statement(database, InsertSql<Record>());
  BindFields(statement, record);
  statement.exec();
  return database.getLastInsertRowid();
}

// The id of the record that equals this one in every field but the id.
template <typename Record>
std::optional<int64_t> FindEqual(SQLite::Database& database, const Record& record) {
  std::string where;
  int index = 0;
  ForEachRow<Record>([&](const auto& row) {
    if (index++ == 0) return;
    if (!where.empty()) where += " AND ";
    where += std::string(row.name) + " IS ?";  // IS: NULL equals NULL
  });
  SQLite::Statement statement(
      database, std::string("SELECT id FROM ") + kTable<Record> + " WHERE " + where + " LIMIT 1");
  BindFields(statement, record);
  if (!statement.executeStep()) return std::nullopt;
  return statement.getColumn(0).getInt64();
}

// The fields of a row whose columns are ColumnNames.
template <typename Record>
void ReadRecord(SQLite::Statement& row, Record* record) {
  int column = 0;
  ForEachField(*record,
               [&](const char*, auto& value) { ReadValue(row.getColumn(column++), &value); });
}

// The records that `rest` ("WHERE … ORDER BY …", with the arguments for its ?) selects.
template <typename Record, typename... Args>
std::vector<Record> Select(SQLite::Database& database, const std::string& rest,
                           const Args&... args) {
  SQLite::Statement statement(
      database, "SELECT " + ColumnNames<Record>() + " FROM " + kTable<Record> + " " + rest);
  int parameter = 0;
  (BindValue(statement, ++parameter, args), ...);
  std::vector<Record> records;
  while (statement.executeStep()) ReadRecord(statement, &records.emplace_back());
  return records;
}

// The first column of the first row as a number, if there is a row and it is not NULL.
template <typename... Args>
std::optional<int64_t> SelectNumber(SQLite::Database& database, const std::string& sql,
                                    const Args&... args) {
  SQLite::Statement statement(database, sql);
  int parameter = 0;
  (BindValue(statement, ++parameter, args), ...);
  if (!statement.executeStep() || statement.getColumn(0).isNull()) return std::nullopt;
  return statement.getColumn(0).getInt64();
}

// Runs an UPDATE or the like; the number of rows it changed.
template <typename... Args>
int Execute(SQLite::Database& database, const std::string& sql, const Args&... args) {
  SQLite::Statement statement(database, sql);
  int parameter = 0;
  (BindValue(statement, ++parameter, args), ...);
  return statement.exec();
}

}  // namespace qbench::store
