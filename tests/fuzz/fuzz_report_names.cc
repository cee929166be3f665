// Names of models, plugins, labels and images, and plugins' words, in every report: whatever bytes
// they are in the database, the reports are UTF-8 without control characters, the page has no
// markup from them, and no field of a CSV is a formula.
#include <algorithm>
#include <string_view>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/json.h"
#include "base/one_line.h"
#include "harness/results/comparison.h"
#include "reports/comparison/comparison_reports.h"
#include "reports/reports.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/store/sample_run.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const char* name : {"mbv2", "=HYPERLINK(\"http://x\",\"y\")", "+1", "-1+2", "@SUM(A1)",
                           "\t=1", "a,b\"c\nd", "\x1b]0;owned\x07\x1b[2J",
                           "\xc2\x9b"
                           "31m",
                           "\xff\xfe\x80", "</script><script>x</script>", "<img src=x onerror=y>",
                           "{{{name}}}", "|`*_[a](b)",
                           "\xe2\x80\xae"
                           "gpj",
                           "&amp;'\""}) {
    seeds.push_back(BytesOf(std::string_view(name)));
  }
  return seeds;
}

// The run with these words in place of its own.
store::RunData RunNamed(const std::string& name) {
  const std::filesystem::path path = ScratchFolder() / "names.sqlite";
  for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + ending);
  auto store = store::Store::Open(path, store::OpenMode::kReadWrite);
  if (!store.ok()) Fail(store.status().message());
  store::SampleRunOptions options;
  options.quantizers = {"float", "int8"};
  options.images = 12;
  options.processes = 1;
  const auto run = store::StoreSampleRun(*store, options);
  if (!run.ok()) Fail(run.status().message());
  {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
    std::vector<std::string> guards;
    SQLite::Statement triggers(database, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (triggers.executeStep()) guards.push_back(triggers.getColumn(0).getString());
    triggers.reset();
    for (const std::string& guard : guards) database.exec("DROP TRIGGER " + guard);
    const std::string list = DumpJson(Json::array({name, name}));
    for (const auto& [column, value] : std::initializer_list<std::pair<const char*, std::string>>{
             {"models SET stem", name},
             {"models SET path", name},
             {"plugins SET version", name},
             {"plugins SET facts", DumpJson(Json{{"library_version", name}, {name, name}})},
             {"plugins SET name", name + "8"},
             {"dataset_splits SET name", name},
             {"images SET path", name + "/1.jpg"},
             {"runs SET git_state", name},
             {"runs SET command_line", list},
             {"cells SET reason", name},
             {"cells SET quantizer_options", name},
             {"measurements SET warnings", list},
             {"measurements SET log", list},
             {"artifacts SET warnings", list}}) {
      SQLite::Statement change(database, std::string("UPDATE ") + column + " = ?");
      change.bind(1, value);
      change.exec();
    }
  }
  const Status note =
      store->AddNote({0, *run, "2025-11-20T23:18:04Z", store::NoteSeverity::kWarning, name});
  if (!note.ok()) Fail(note.message());
  auto data = store->LoadRun(*run);
  if (!data.ok()) Fail(data.status().message());
  return std::move(*data);
}

void CheckText(std::string_view what, const std::string& text) {
  if (SafeText(text) != text) Fail(std::string(what) + " holds control characters or no UTF-8");
}

// Each field of a CSV, by RFC 4180.
void CheckFields(const std::string& csv) {
  bool quoted = false;
  bool start = true;
  for (size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (start && c == '"') {
      quoted = true;
      start = false;
      if (i + 1 < csv.size() &&
          std::string_view("=+@\t\r").find(csv[i + 1]) != std::string_view::npos) {
        Fail("a quoted field of the CSV is a formula");
      }
      continue;
    }
    if (start && std::string_view("=+@\t\r").find(c) != std::string_view::npos) {
      Fail("a field of the CSV is a formula");
    }
    start = false;
    if (quoted && c == '"') {
      if (i + 1 < csv.size() && csv[i + 1] == '"') {
        ++i;
      } else {
        quoted = false;
      }
    } else if (!quoted && (c == ',' || c == '\n')) {
      start = true;
    }
  }
  if (quoted) Fail("a quote of the CSV is never closed");
}

void CheckPage(const std::string& page) {
  CheckText("a page", page);
  if (page.find("<img src=x") != std::string::npos) Fail("markup got into the page");
  if (page.find("<script>x") != std::string::npos) Fail("a script got into the page");
}

// The run against itself with every prediction another one, and slower.
void CheckComparison(const store::RunData& run) {
  store::RunData other = run;
  for (store::CellData& cell : other.cells) {
    for (store::Measurement& measurement : cell.measurements) {
      for (int32_t& predicted : measurement.predictions) predicted = predicted == 0 ? 1 : 0;
      for (double& sample : measurement.samples_ns) sample *= 2;
    }
  }
  other.run.host["cpu.name"] = run.cells[0].cell.reason;
  const results::Side base = results::SideOf(run, "run 1");
  const results::Side now = results::SideOf(std::move(other), "run 2");
  const results::Comparison comparison = results::Compare(base, now, {});
  for (const std::string& csv :
       {reports::ComparisonCsv(comparison), reports::ComparisonFlipsCsv(comparison)}) {
    CheckText("a comparison's CSV", csv);
    CheckFields(csv);
  }
  CheckText("a comparison's JSON", reports::ComparisonJson(comparison));
  CheckText("a comparison's Markdown", reports::ComparisonMarkdown(comparison));
  CheckText("a comparison's text", reports::ComparisonText(comparison));
  const Result<std::string> page = reports::ComparisonHtml(comparison, {});
  if (!page.ok()) Fail(page.status().message());
  CheckPage(*page);
}

bool Run(ByteSpan input) {
  const std::string name(TextOf(input.first(std::min<size_t>(input.size(), 200))));
  const reports::Runs runs = {RunNamed(name)};
  for (const std::string& csv :
       {reports::CsvReport(runs), reports::CsvPredictions(runs), reports::CsvProfile(runs)}) {
    CheckText("a CSV", csv);
    CheckFields(csv);
  }
  CheckText("JSON", reports::JsonReport(runs));
  CheckText("Markdown", reports::MarkdownReport(runs));
  CheckText("the closing table", reports::TerminalTable(runs[0]));
  const Result<std::string> page = reports::HtmlReport(runs);
  if (!page.ok()) Fail(page.status().message());
  CheckPage(*page);
  CheckComparison(runs[0]);
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"report_names", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
