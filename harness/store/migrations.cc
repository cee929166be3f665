#include "harness/store/migrations.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/store/sql_fields.h"

namespace qbench::store {
namespace {

constexpr const char* kSchema1 = R"sql(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  qbench_version TEXT NOT NULL,
  git_state TEXT NOT NULL,
  command_line TEXT NOT NULL,
  plan_hash TEXT NOT NULL,
  host_id TEXT NOT NULL,
  host TEXT NOT NULL,
  settings TEXT NOT NULL
);
CREATE INDEX runs_by_plan ON runs (plan_hash);

CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  at TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning')),
  text TEXT NOT NULL
);
CREATE INDEX notes_by_run ON notes (run_id);

CREATE TABLE models (
  id INTEGER PRIMARY KEY,
  stem TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  sidecar_sha256 TEXT NOT NULL,
  float_sha256 TEXT NOT NULL
);

CREATE TABLE dataset_splits (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  split TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  labels TEXT NOT NULL,
  UNIQUE (name, split, sha256)
);

CREATE TABLE images (
  split_id INTEGER NOT NULL REFERENCES dataset_splits ON DELETE CASCADE,
  position INTEGER NOT NULL,
  path TEXT NOT NULL,
  label INTEGER NOT NULL,
  PRIMARY KEY (split_id, position)
) WITHOUT ROWID;

CREATE TABLE plugins (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('quantizer', 'runtime')),
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  facts TEXT NOT NULL
);

CREATE TABLE artifacts (
  id INTEGER PRIMARY KEY,
  model_id INTEGER NOT NULL REFERENCES models,
  quantizer_id INTEGER NOT NULL REFERENCES plugins,
  quantizer_options TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  file_bytes INTEGER NOT NULL,
  path TEXT NOT NULL,
  emitted TEXT NOT NULL,
  warnings TEXT NOT NULL,
  wall_seconds REAL,
  peak_rss_bytes INTEGER
);

CREATE TABLE cells (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  model_id INTEGER NOT NULL REFERENCES models,
  split_id INTEGER NOT NULL REFERENCES dataset_splits,
  quantizer_id INTEGER NOT NULL REFERENCES plugins,
  quantizer_options TEXT NOT NULL,
  runtime_id INTEGER NOT NULL REFERENCES plugins,
  runtime_options TEXT NOT NULL,
  threads INTEGER NOT NULL CHECK (threads > 0),
  artifact_id INTEGER REFERENCES artifacts,
  status TEXT NOT NULL,
  accuracy_status TEXT NOT NULL,
  latency_status TEXT NOT NULL,
  reason TEXT NOT NULL,
  UNIQUE (run_id, model_id, split_id, quantizer_id, quantizer_options, runtime_id,
          runtime_options, threads)
);

CREATE TABLE measurements (
  id INTEGER PRIMARY KEY,
  cell_id INTEGER NOT NULL REFERENCES cells ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('quantize', 'accuracy', 'latency')),
  repetition INTEGER NOT NULL CHECK (repetition >= 0),
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  wall_seconds REAL,
  peak_rss_bytes INTEGER,
  load_ms REAL,
  first_ms REAL,
  warmup_runs INTEGER,
  warmup_seconds REAL,
  samples_ns BLOB,
  predictions BLOB,
  confidences BLOB,
  conditions TEXT NOT NULL,
  UNIQUE (cell_id, kind, repetition)
);

CREATE TRIGGER measurements_are_final BEFORE UPDATE ON measurements
BEGIN SELECT RAISE(ABORT, 'a committed measurement is never rewritten'); END;

PRAGMA application_id = 1902273384;  -- "qbch"
)sql";

// Profiles: a fourth kind of measurement, which SQLite can add to a CHECK in a new table alone, and
// its operators. `partition` is a word of SQL's, but not one that must be quoted here.
constexpr const char* kSchema2 = R"sql(
DROP TRIGGER measurements_are_final;
ALTER TABLE measurements RENAME TO measurements_of_version_1;
CREATE TABLE measurements (
  id INTEGER PRIMARY KEY,
  cell_id INTEGER NOT NULL REFERENCES cells ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('quantize', 'accuracy', 'latency', 'profile')),
  repetition INTEGER NOT NULL CHECK (repetition >= 0),
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  wall_seconds REAL,
  peak_rss_bytes INTEGER,
  load_ms REAL,
  first_ms REAL,
  warmup_runs INTEGER,
  warmup_seconds REAL,
  samples_ns BLOB,
  predictions BLOB,
  confidences BLOB,
  conditions TEXT NOT NULL,
  UNIQUE (cell_id, kind, repetition)
);
INSERT INTO measurements SELECT * FROM measurements_of_version_1;
DROP TABLE measurements_of_version_1;
CREATE TRIGGER measurements_are_final BEFORE UPDATE ON measurements
BEGIN SELECT RAISE(ABORT, 'a committed measurement is never rewritten'); END;

CREATE TABLE operator_profiles (
  id INTEGER PRIMARY KEY,
  measurement_id INTEGER NOT NULL REFERENCES measurements ON DELETE CASCADE,
  op INTEGER NOT NULL CHECK (op >= -1),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  input_type TEXT NOT NULL,
  weight_type TEXT NOT NULL,
  output_type TEXT NOT NULL,
  steps TEXT NOT NULL,
  partition INTEGER NOT NULL CHECK (partition >= -1),
  median_us REAL NOT NULL,
  macs INTEGER NOT NULL,
  bytes_read INTEGER NOT NULL,
  bytes_written INTEGER NOT NULL
);
CREATE INDEX operator_profiles_by_measurement ON operator_profiles (measurement_id);
CREATE TRIGGER operator_profiles_are_final BEFORE UPDATE ON operator_profiles
BEGIN SELECT RAISE(ABORT, 'a committed measurement is never rewritten'); END;
)sql";

static_assert(kApplicationId == 1902273384);

// What the machine can do at best.
constexpr const char* kSchema3 = R"sql(
CREATE TABLE machine_peaks (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('multiply_add', 'bandwidth')),
  type TEXT NOT NULL,
  threads INTEGER NOT NULL CHECK (threads > 0),
  per_second REAL NOT NULL,
  compiled_for TEXT NOT NULL,
  UNIQUE (run_id, kind, type, threads)
);
)sql";

// What quantization did to the layers of a run's artifacts.
constexpr const char* kSchema4 = R"sql(
CREATE TABLE layer_comparisons (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  artifact_id INTEGER NOT NULL REFERENCES artifacts,
  at TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  runtime TEXT NOT NULL,
  dataset TEXT NOT NULL,
  split TEXT NOT NULL,
  images INTEGER NOT NULL,
  flips INTEGER NOT NULL,
  own_missing TEXT NOT NULL,
  only_in_float TEXT NOT NULL,
  only_in_quantized TEXT NOT NULL,
  warnings TEXT NOT NULL
);
CREATE INDEX layer_comparisons_by_run ON layer_comparisons (run_id);

CREATE TABLE compared_layers (
  id INTEGER PRIMARY KEY,
  comparison_id INTEGER NOT NULL REFERENCES layer_comparisons ON DELETE CASCADE,
  position INTEGER NOT NULL,
  op INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  paired_by TEXT NOT NULL CHECK (paired_by IN ('name', 'structure')),
  inputs BLOB,
  type TEXT NOT NULL,
  scale REAL,
  zero_point INTEGER,
  noise REAL NOT NULL,
  own_noise REAL,
  cosine REAL NOT NULL,
  rmse REAL NOT NULL,
  saturated_share REAL NOT NULL,
  float_min REAL NOT NULL,
  float_max REAL NOT NULL,
  quantized_min REAL NOT NULL,
  quantized_max REAL NOT NULL,
  UNIQUE (comparison_id, position)
);
)sql";

// Number n leads to schema n, before the columns that field tables add in it.
constexpr std::array<const char*, 4> kSchemas = {kSchema1, kSchema2, kSchema3, kSchema4};

// The type of a column that is added to a table, with what its older rows then hold; null where the
// type cannot tell that, and the column is added by SQL of its own.
template <typename Value>
constexpr const char* kAddedType = nullptr;
template <>
constexpr const char* kAddedType<std::optional<double>> = "REAL";
template <>
constexpr const char* kAddedType<std::optional<int64_t>> = "INTEGER";
template <>
constexpr const char* kAddedType<std::optional<std::string>> = "TEXT";
template <>
constexpr const char* kAddedType<std::string> = "TEXT NOT NULL DEFAULT ''";
template <>
constexpr const char* kAddedType<std::vector<std::string>> = "TEXT NOT NULL DEFAULT '[]'";
template <>
constexpr const char* kAddedType<Json> = "TEXT NOT NULL DEFAULT '{}'";
template <typename T>
constexpr const char* kAddedType<std::vector<T>> = std::is_arithmetic_v<T> ? "BLOB" : nullptr;

template <typename Record>
constexpr bool AddedColumnsHaveATypeOfTheirOwn() {
  bool all = true;
  ForEachRow<Record>([&]<typename Value>(const Field<Record, Value>& row) {
    if (row.since > 0 && kAddedType<Value> == nullptr) all = false;
  });
  return all;
}

// Appends the columns that the record's field table adds, to the version that adds them.
template <typename Record>
void AppendAdded(std::map<int, std::string>* versions) {
  static_assert(AddedColumnsHaveATypeOfTheirOwn<Record>());
  ForEachRow<Record>([&]<typename Value>(const Field<Record, Value>& row) {
    if constexpr (kAddedType<Value> != nullptr) {
      if (row.since == 0) return;
      (*versions)[row.since] += std::string("ALTER TABLE ") + kTable<Record> + " ADD COLUMN " +
                                row.name + " " + kAddedType<Value> + ";\n";
    }
  });
}

std::vector<std::string> MakeSteps() {
  std::map<int, std::string> versions;
  for (size_t i = 0; i < kSchemas.size(); ++i) versions[static_cast<int>(i) + 1] = kSchemas[i];
  ForEachStoredRecord(
      [&](const auto& record) { AppendAdded<std::remove_cvref_t<decltype(record)>>(&versions); });
  std::vector<std::string> steps;
  for (auto& [version, sql] : versions) steps.push_back(std::move(sql));
  return steps;
}

}  // namespace

std::span<const char* const> Migrations() {
  static const std::vector<std::string> steps = MakeSteps();
  static const std::vector<const char*> texts = [] {
    std::vector<const char*> all;
    for (const std::string& step : steps) all.push_back(step.c_str());
    return all;
  }();
  return texts;
}

void Migrate(SQLite::Database& database, std::span<const char* const> migrations) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  for (auto step = static_cast<size_t>(SchemaVersion(database)); step < migrations.size(); ++step) {
    database.exec(migrations[step]);
    database.exec("PRAGMA user_version = " + std::to_string(step + 1));
  }
  transaction.commit();
}

int SchemaVersion(SQLite::Database& database) {
  return database.execAndGet("PRAGMA user_version").getInt();
}

}  // namespace qbench::store
