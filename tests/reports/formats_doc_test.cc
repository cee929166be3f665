// docs/formats.md against the field tables and the schema. The tables of the page that list fields
// are made here from the field tables: between
//   <!-- fields: NAME -->   and   <!-- end of fields -->
// stands what FieldTables() has under NAME; scripts/approve_goldens.sh writes it.
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "harness/results/summary.h"
#include "harness/store/sql_fields.h"
#include "harness/store/store.h"
#include "reports/comparison/comparison_rows.h"
#include "reports/csv_rows.h"
#include "reports/nights/nights_rows.h"
#include "tests/golden/golden_file.h"

namespace qbench::reports {
namespace {

constexpr const char* kPage = "../docs/formats.md";
const std::string kBegin = "<!-- fields: ";
const std::string kEnd = "<!-- end of fields -->";

std::string ReadPage() {
  const auto page = ReadTextFile(std::string(QBENCH_SOURCE_DIR) + "/docs/formats.md");
  EXPECT_TRUE(page.ok()) << page.status().message();
  return page.ok() ? *page : std::string();
}

struct SchemaColumn {
  std::string name;
  std::string type;  // "REAL or null"
  auto operator<=>(const SchemaColumn&) const = default;
};
void PrintTo(const SchemaColumn& column, std::ostream* out) {
  *out << column.name << ' ' << column.type;
}
using Schema = std::map<std::string, std::vector<SchemaColumn>>;

// The tables of a database that this program has just made.
Schema FreshSchema() {
  const auto folder = TempDir::Create("qbench-formats-test");
  EXPECT_TRUE(folder.ok()) << folder.status().message();
  const std::string path = (folder->path() / "fresh.sqlite").string();
  EXPECT_TRUE(store::Store::Open(path, store::OpenMode::kReadWrite).ok());
  SQLite::Database database(path);
  Schema schema;
  SQLite::Statement tables(database,
                           "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                           "name NOT LIKE 'sqlite_%'");
  while (tables.executeStep()) {
    const std::string table = tables.getColumn(0).getString();
    SQLite::Statement columns(database, "PRAGMA table_info(" + table + ")");
    while (columns.executeStep()) {
      const bool may_be_null =
          columns.getColumn("notnull").getInt() == 0 && columns.getColumn("pk").getInt() == 0;
      schema[table].push_back(
          {columns.getColumn("name").getString(),
           columns.getColumn("type").getString() + (may_be_null ? " or null" : "")});
    }
  }
  return schema;
}

std::string Line(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += (cell.empty() ? "" : " " + cell) + " |";
  return line + "\n";
}

template <typename Record>
std::string CsvTable() {
  std::string table = Line({"column", "unit", "meaning"}) + Line({"---", "---", "---"});
  store::ForEachRow<Record>([&](const auto& row) {
    table += Line({"`" + std::string(row.name) + "`", row.unit, row.meaning});
  });
  return table;
}

template <typename Record>
std::string StoredTable(const std::vector<SchemaColumn>& columns) {
  std::string table =
      Line({"column", "SQL", "unit", "meaning"}) + Line({"---", "---", "---", "---"});
  size_t i = 0;
  store::ForEachRow<Record>([&](const auto& row) {
    const std::string type = i < columns.size() ? columns[i++].type : "none";
    const bool is_key = (row.traits & store::kNotInJson) == 0;
    table += Line({"`" + std::string(row.name) + "`", type, row.unit,
                   std::string(row.meaning) + (is_key ? "" : " (not in JSON)")});
  });
  return table;
}

std::map<std::string, std::string> FieldTables() {
  std::map<std::string, std::string> tables = {{"CSV of cells", CsvTable<results::CellSummary>()},
                                               {"CSV of images", CsvTable<PredictedImage>()},
                                               {"CSV of operators", CsvTable<ProfiledOperator>()}};
  tables["CSV of comparisons"] = CsvTable<ComparedCell>();
  tables["CSV of flips"] = CsvTable<FlippedImage>();
  tables["CSV of nights"] = CsvTable<NightRow>();
  tables["cells of a night"] = CsvTable<NightCellRow>();
  tables["levels"] = CsvTable<LevelRow>();
  tables["differences"] = CsvTable<results::FactDifference>();
  const Schema schema = FreshSchema();
  store::ForEachStoredRecord([&](const auto& record) {
    using Record = std::remove_cvref_t<decltype(record)>;
    const std::string name = store::kTable<Record>;
    tables[name] = StoredTable<Record>(schema.at(name));
  });
  return tables;
}

// The page with every table made anew.
std::string WithFieldTables(const std::string& page) {
  std::map<std::string, std::string> tables = FieldTables();
  std::string made;
  size_t at = 0;
  for (size_t begin = page.find(kBegin); begin != std::string::npos;
       begin = page.find(kBegin, at)) {
    const size_t line_end = page.find('\n', begin);
    const size_t end = page.find(kEnd, begin);
    if (line_end == std::string::npos || end == std::string::npos) {
      ADD_FAILURE() << "a table without its end: " << page.substr(begin, 60);
      return page;
    }
    const size_t name_at = begin + kBegin.size();
    const std::string name = page.substr(name_at, page.find(" -->", name_at) - name_at);
    EXPECT_TRUE(tables.contains(name)) << "no field table is called '" << name << "'";
    made += page.substr(at, line_end + 1 - at) + "\n" + tables[name] + "\n";
    tables.erase(name);
    at = end;
  }
  for (const auto& [name, table] : tables)
    ADD_FAILURE() << "the page has no table '" << name << "'";
  return made + page.substr(at);
}

TEST(FormatsPage, ListsTheFieldsAsTheirTablesDo) {
  ExpectGolden(kPage, WithFieldTables(ReadPage()));
}

// What the chapter on the database says, read as text: "### `runs`", then rows "| `id` | INTEGER
// |".
Schema DocumentedSchema(const std::string& page) {
  std::istringstream lines(page.substr(page.find("## The database\n")));
  Schema schema;
  std::string table;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.rfind("## ", 0) != 0) {
    if (line.rfind("### `", 0) == 0) table = line.substr(5, line.find('`', 5) - 5);
    if (table.empty() || line.rfind("| `", 0) != 0) continue;
    const size_t name_end = line.find('`', 3);
    const size_t type_at = line.find("| ", name_end) + 2;
    schema[table].push_back(
        {line.substr(3, name_end - 3), line.substr(type_at, line.find(" |", type_at) - type_at)});
  }
  return schema;
}

TEST(FormatsPage, DescribesTheSchemaOfAFreshDatabase) {
  EXPECT_EQ(DocumentedSchema(ReadPage()), FreshSchema());
}

// A column without a sentence documents nothing; units are those that the page explains.
template <typename Record>
void ExpectSentences() {
  store::ForEachRow<Record>([](const auto& row) {
    EXPECT_STRNE(row.meaning, "") << row.name;
    EXPECT_EQ(std::string(row.meaning).find_first_of("|\n"), std::string::npos) << row.name;
    const std::string name = row.name;
    for (const auto& [ending, unit] :
         {std::pair{"_ms", "ms"}, std::pair{"_ns", "ns"}, std::pair{"_us", "µs"},
          std::pair{"_seconds", "s"}, std::pair{"_bytes", "bytes"}, std::pair{"_share", "fraction"},
          std::pair{"_ratio_to_float", "ratio"}}) {
      if (!name.ends_with(ending)) continue;
      EXPECT_STREQ(row.unit, unit) << name;
    }
  });
}

TEST(FieldTables, EveryFieldHasASentenceAndTheUnitOfItsName) {
  store::ForEachStoredRecord(
      [](const auto& record) { ExpectSentences<std::remove_cvref_t<decltype(record)>>(); });
  ExpectSentences<results::CellSummary>();
  ExpectSentences<PredictedImage>();
  ExpectSentences<ProfiledOperator>();
  ExpectSentences<ComparedCell>();
  ExpectSentences<FlippedImage>();
  ExpectSentences<NightRow>();
  ExpectSentences<NightCellRow>();
  ExpectSentences<LevelRow>();
}

}  // namespace
}  // namespace qbench::reports
