#include "reports/junit_report.h"

#include <algorithm>
#include <cmath>

#include "base/one_line.h"
#include "fmt/format.h"
#include "reports/export_names.h"
#include "reports/text_format.h"
#include "reports/variants.h"

namespace qbench::reports {
namespace {

using results::Judgement;
using store::Outcome;

// A text or an attribute of XML 1.0, which has no way to write control characters, nor U+FFFE and
// U+FFFF.
std::string Xml(std::string_view text) {
  const std::string safe = SafeText(text);
  std::string escaped;
  for (size_t i = 0; i < safe.size(); ++i) {
    switch (const char c = safe[i]; c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\n':
        escaped += "&#10;";
        break;
      case '\t':
        escaped += "&#9;";
        break;
      default:
        if (safe.compare(i, 2, "\xEF\xBF") == 0 && i + 2 < safe.size() &&
            (safe[i + 2] == '\xBE' || safe[i + 2] == '\xBF')) {
          escaped += "\xEF\xBF\xBD";
          i += 2;
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

struct Test {
  enum class Ending { kPassed, kFailure, kError, kSkipped };
  Ending ending = Ending::kPassed;
  std::string type;     // "crashed"
  std::string message;  // why it did not pass
  std::string output;
  std::string class_name;
  std::string name;
  double seconds = 0;
};

// What the cell's processes took, in all.
double SecondsOf(const store::CellData& cell) {
  double seconds = 0;
  for (const store::Measurement& measurement : cell.measurements) {
    const double wall = measurement.wall_seconds.value_or(0);
    if (std::isfinite(wall)) seconds += wall;
  }
  return seconds;
}

std::string FiguresOf(const Variant& variant) {
  const results::CellSummary& cell = variant.summary;
  std::string text;
  const auto add = [&](const char* name, const std::string& value, const char* unit) {
    if (value != kMissing) text += fmt::format("{}: {}{}\n", name, value, unit);
  };
  add("median latency", Milliseconds(cell.median_ms), " ms");
  add("size", Megabytes(cell.file_bytes), " MB");
  add("top-1", Percent(cell.top1), " %");
  add("agreement with float", Percent(cell.agreement_with_float), " %");
  add("against float", Ratio(cell.median_ratio_to_float), " of the time");
  for (const std::string& warning : cell.warnings) text += "warning: " + warning + "\n";
  return text;
}

void JudgeByStatus(const Variant& variant, Test* test) {
  if (variant.ok()) return;
  const results::CellSummary& cell = variant.summary;
  test->type = variant.status();
  test->message = cell.reason.empty() ? test->type : cell.reason;
  const auto broken = [](Outcome part) {
    return part == Outcome::kFailed || part == Outcome::kCrashed || part == Outcome::kTimeout;
  };
  const bool error =
      broken(cell.status) || broken(cell.accuracy_status) || broken(cell.latency_status);
  test->ending = error ? Test::Ending::kError : Test::Ending::kSkipped;
}

void JudgeByNight(const results::NightCell& night, Test* test) {
  test->output += "gate: " + night.sentence + "\n";
  const Judgement judgement = night.figures.judgement;
  if (judgement == Judgement::kWorse) {
    test->ending = Test::Ending::kFailure;
  } else if (test->ending != Test::Ending::kPassed) {
    return;
  } else if (!night.compared || judgement == Judgement::kInvalid || judgement == Judgement::kNone) {
    test->ending = Test::Ending::kSkipped;
  } else {
    return;
  }
  test->type = night.compared ? std::string(Name(judgement)) : "not compared";
  if (test->type.empty()) test->type = "not judged";
  test->message = night.sentence;
}

Test TestOf(const Variant& variant, const std::string& name, const results::NightCell* night) {
  Test test;
  test.class_name = variant.dataset + "." + variant.summary.model;
  test.name = name;
  test.seconds = SecondsOf(*variant.cell);
  test.output = FiguresOf(variant);
  JudgeByStatus(variant, &test);
  if (night != nullptr) JudgeByNight(*night, &test);
  return test;
}

std::string TestXml(const Test& test) {
  std::string xml = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">\n",
                                Xml(test.class_name), Xml(test.name), test.seconds);
  const auto ended = [&](const char* element) {
    xml += fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{2}</{0}>\n", element,
                       Xml(test.type), Xml(test.message));
  };
  switch (test.ending) {
    case Test::Ending::kFailure:
      ended("failure");
      break;
    case Test::Ending::kError:
      ended("error");
      break;
    case Test::Ending::kSkipped:  // a reader's schema may allow it a message and nothing else
      xml +=
          fmt::format("      <skipped message=\"{}: {}\"/>\n", Xml(test.type), Xml(test.message));
      break;
    case Test::Ending::kPassed:
      break;
  }
  if (!test.output.empty()) {
    xml += fmt::format("      <system-out>{}</system-out>\n", Xml(test.output));
  }
  return xml + "    </testcase>\n";
}

// `tests="3" failures="0" errors="1" skipped="0" time="12.500"`
std::string CountsOf(const std::vector<Test>& tests) {
  const auto count = [&](Test::Ending ending) {
    return std::ranges::count(tests, ending, &Test::ending);
  };
  double seconds = 0;
  for (const Test& test : tests) seconds += test.seconds;
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"",
                     tests.size(), count(Test::Ending::kFailure), count(Test::Ending::kError),
                     count(Test::Ending::kSkipped), seconds);
}

std::string PropertiesOf(const store::Run& run) {
  std::string xml = "    <properties>\n";
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    xml += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, Xml(value));
  };
  add("run", std::to_string(run.id));
  add("name", run.name);
  add("qbench_version", run.qbench_version);
  add("git_state", run.git_state);
  for (const auto& [name, value] : run.host.items()) {
    if (value.is_string()) add(Xml(name).c_str(), value.get<std::string>());
  }
  return xml + "    </properties>\n";
}

// The time of day as the format has it, in UTC without saying so.
std::string TimestampOf(const store::Run& run) {
  std::string time = run.started_at;
  if (time.ends_with('Z')) time.pop_back();
  return time;
}

std::string SuiteXml(const store::Run& run, const std::vector<Test>& tests,
                     const results::Night* night) {
  std::string xml =
      fmt::format("  <testsuite name=\"qbench run {}\" {} timestamp=\"{}\" hostname=\"{}\">\n",
                  run.id, CountsOf(tests), Xml(TimestampOf(run)), Xml(run.host_id));
  xml += PropertiesOf(run);
  for (const Test& test : tests) xml += TestXml(test);
  if (night != nullptr) {
    xml += fmt::format("    <system-out>{}</system-out>\n", Xml("gate: " + night->sentence));
  }
  return xml + "  </testsuite>\n";
}

}  // namespace

std::string JunitReport(const Runs& runs, const std::map<int64_t, results::Night>& nights) {
  std::vector<Test> all;
  std::string suites;
  for (const store::RunData& data : runs) {
    const RunView run(data);
    const auto found = nights.find(data.run.id);
    const results::Night* night = found == nights.end() ? nullptr : &found->second;
    UniqueNames names({});
    std::vector<Test> tests;
    for (size_t i = 0; i < run.variants.size(); ++i) {
      // The night has the cells in the same order.
      const bool judged = night != nullptr && i < night->cells.size();
      tests.push_back(
          TestOf(run.variants[i], names.Of(run.variants[i]), judged ? &night->cells[i] : nullptr));
    }
    suites += SuiteXml(data.run, tests, night);
    all.insert(all.end(), tests.begin(), tests.end());
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"qbench\" {}>\n{}"
      "</testsuites>\n",
      CountsOf(all), suites);
}

}  // namespace qbench::reports
