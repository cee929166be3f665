// A database that was damaged, or made to look like ours (harness/store/store.h): opened, and every
// run in it read.
#include <algorithm>
#include <array>
#include <random>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "harness/store/check_database.h"
#include "harness/store/store.h"
#include "reports/reports.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/store/sample_run.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  const std::filesystem::path path = ScratchFolder() / "seed.sqlite";
  {
    auto store = store::Store::Open(path, store::OpenMode::kReadWrite);
    if (!store.ok()) Fail(store.status().message());
    store::SampleRunOptions options;
    options.images = 12;
    options.processes = 1;
    options.quantizers = {"float", "int8"};
    options.with_comparisons = false;
    const auto run = store::StoreSampleRun(*store, options);
    if (!run.ok()) Fail(run.status().message());
  }
  Result<Bytes> file = ReadFile(path);
  if (!file.ok()) Fail(file.status().message());
  return {std::move(*file)};
}

// A file that is a sound database, with one value of it changed into something that hurts.
Bytes ChangeAValue(const Bytes& input, uint64_t seed) {
  const std::filesystem::path path = ScratchFile("changed.sqlite", input);
  std::mt19937_64 random(seed);
  static constexpr std::array kValues = {"NULL",
                                         "-1",
                                         "0",
                                         "1",
                                         "9223372036854775807",
                                         "-9223372036854775808",
                                         "1e999",
                                         "-1e999",
                                         "4.9e-324",
                                         "1.7e308",
                                         "''",
                                         "'null'",
                                         "'[]'",
                                         "'{\"a\":[1,{}]}'",
                                         "x'00ff00'",
                                         "x''",
                                         "zeroblob(8)",
                                         "char(27) || '[31m' || char(10)",
                                         "'=1+1'",
                                         "'</script>'"};
  try {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA ignore_check_constraints = ON");
    std::vector<std::pair<std::string, std::string>> columns;
    SQLite::Statement all(database,
                          "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
                          "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'");
    while (all.executeStep()) {
      columns.emplace_back(all.getColumn(0).getString(), all.getColumn(1).getString());
    }
    const auto& [table, column] = columns[random() % columns.size()];
    database.exec("UPDATE OR IGNORE " + table + " SET " + column + " = " +
                  kValues[random() % kValues.size()] +
                  " WHERE id % 3 = " + std::to_string(random() % 3));
  } catch (const SQLite::Exception&) {
    // A constraint that stands in the way: the file stays as it was.
  }
  Result<Bytes> changed = ReadFile(path);
  if (!changed.ok()) Fail(changed.status().message());
  return std::move(*changed);
}

Bytes Mutate(const Bytes& input, uint64_t seed) {
  return seed % 2 == 0 ? Mutator(seed).Mutate(input) : ChangeAValue(input, seed);
}

// Of the disk and of locks speak other tests; here kIo would be the file's doing.
bool RefusedDatabase(const Status& status) {
  return status.code() == StatusCode::kIo || Refused(status);
}

// Whatever the numbers are, every report can be made.
void Report(const store::RunData& run) {
  const std::vector<store::RunData> runs = {run};
  size_t bytes = 0;
  for (const auto format : {reports::Format::kHtml, reports::Format::kCsv,
                            reports::Format::kMarkdown, reports::Format::kJson}) {
    const Result<std::string> report = reports::Render(format, runs);
    if (!report.ok()) Fail(report.status().message());
    bytes += report->size();
  }
  bytes += reports::TerminalTable(run).size() + reports::CsvPredictions(runs).size() +
           reports::CsvProfile(runs).size();
  if (bytes == 0) Fail("empty reports");
}

bool ReadAll(store::Store& store) {
  const auto runs = store.Runs();
  if (!runs.ok()) return !RefusedDatabase(runs.status());
  for (const store::Run& run : *runs) {
    const auto data = store.LoadRun(run.id);
    if (!data.ok()) return !RefusedDatabase(data.status());
    for (const store::CellData& cell : data->cells) {
      if (!data->models.contains(cell.cell.model_id)) Fail("a cell without its model");
    }
    Report(*data);
  }
  return true;
}

// What `qbench db check` says and saves: it does not change the file, what it calls whole can be
// read, and what it saves is whole.
void CheckAndSave(const std::filesystem::path& path, ByteSpan input) {
  const std::filesystem::path saved = ScratchFolder() / "saved.sqlite";
  for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(saved.string() + ending);
  const auto check = store::CheckDatabase(path);
  if (!check.ok()) RefusedDatabase(check.status());
  const auto tables = store::SaveDatabase(path, saved);
  if (!tables.ok()) RefusedDatabase(tables.status());  // kInternal: what it saved is not whole
  const Result<Bytes> after = ReadFile(path);
  if (!after.ok() || !std::ranges::equal(*after, input)) Fail("the file was changed");
  for (const auto& [file, whole] : {std::pair(path, check.ok() && check->whole() && !check->old),
                                    std::pair(saved, tables.ok())}) {
    if (!whole) continue;
    auto store = store::Store::Open(file, store::OpenMode::kReadOnly);
    if (!store.ok() || !ReadAll(*store)) Fail("called whole, and it cannot be read");
  }
}

bool Run(ByteSpan input) {
  const std::filesystem::path path = ScratchFile("fuzzed.sqlite", input);
  for (const char* left_over : {"-wal", "-shm", "-journal"}) {
    std::filesystem::remove(path.string() + left_over);
  }
  CheckAndSave(path, input);
  bool accepted = false;
  for (const auto mode : {store::OpenMode::kReadOnly, store::OpenMode::kReadWrite}) {
    for (const char* left_over : {"-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path.string() + left_over);
    }
    auto store = store::Store::Open(path, mode);
    if (store.ok()) {
      accepted |= ReadAll(*store);
    } else {
      RefusedDatabase(store.status());
    }
  }
  return accepted;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"database", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
