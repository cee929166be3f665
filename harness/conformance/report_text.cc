#include "harness/conformance/report_text.h"

#include <algorithm>
#include <map>

#include "fmt/format.h"
#include "harness/checks/random_operator.h"

namespace qbench::conformance {
namespace {

using checks::Verdict;

std::string CellText(const OperatorCell& cell) {
  switch (cell.state) {
    case CellState::kOk:
      if (cell.steps)
        return cell.difference == 0 ? "ok" : fmt::format("ok +-{:g}", cell.difference);
      return cell.difference <= 1e-5 ? "ok" : fmt::format("ok {:.1g}", cell.difference);
    case CellState::kWrong:
      return cell.steps ? fmt::format("WRONG by {:g}", cell.difference)
                        : fmt::format("WRONG {:.2g}", cell.difference);
    case CellState::kUnsupported:
      return cell.refused < cell.models ? "partly" : "unsupported";
    case CellState::kFailed:
      return "FAILED";
    case CellState::kCrashed:
      return "CRASHED";
    case CellState::kTimeout:
      return "TIMEOUT";
    case CellState::kNotCompared:
      return "runs";
  }
  return "?";
}

std::string FormatTable(const PluginReport& report) {
  std::string text = fmt::format("{:<18}", "operator");
  for (const graph::OperatorType& type : graph::kOperatorTypes) {
    text += fmt::format("  {:<{}}", type.name, std::max<size_t>(type.name.size(), 11));
  }
  std::string op;
  size_t column = 0;
  for (const OperatorCell& cell : report.operators) {
    if (cell.op != op) {
      op = cell.op;
      text += fmt::format("\n{:<18}", op);
      column = 0;
    }
    for (; graph::kOperatorTypes[column].name != cell.type; ++column) {
      text += fmt::format("  {:<{}}", "-",
                          std::max<size_t>(graph::kOperatorTypes[column].name.size(), 11));
    }
    text += fmt::format("  {:<{}}", CellText(cell), std::max<size_t>(cell.type.size(), 11));
    ++column;
  }
  return text + "\n";
}

bool NeedsWords(const OperatorCell& cell) {
  if (cell.state == CellState::kOk || cell.detail.empty()) return false;
  return cell.state != CellState::kUnsupported || cell.refused < cell.models;
}

// The cells that need words; those with the same words are told together.
std::string FormatTrouble(const PluginReport& report) {
  std::vector<const OperatorCell*> firsts;
  std::map<std::string_view, int> cells;
  for (const OperatorCell& cell : report.operators) {
    if (NeedsWords(cell) && ++cells[cell.detail] == 1) firsts.push_back(&cell);
  }
  std::string text;
  for (const OperatorCell* cell : firsts) {
    const int others = cells[cell->detail] - 1;
    text += fmt::format("  {} {}{}, seed {}: {}\n", cell->op, cell->type,
                        others == 0 ? "" : fmt::format(" and {} more", others), cell->seed,
                        cell->detail);
  }
  return text;
}

// "1 check", "36 checks".
std::string Count(size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string Closing(const PluginReport& report) {
  size_t tried = 0;
  size_t failed = 0;
  size_t notes = 0;
  for (const CheckLine& line : report.checks) {
    if (line.finding.verdict != Verdict::kSkipped) ++tried;
    if (line.finding.verdict == Verdict::kFailed) ++failed;
    if (line.finding.verdict == Verdict::kNote) ++notes;
  }
  const auto wrong = static_cast<size_t>(std::ranges::count_if(
      report.operators, [](const OperatorCell& cell) { return !cell.conforms(); }));
  const std::string& id = report.descriptor.id;
  std::string verdict = id + " conforms";
  if (!report.available) verdict = fmt::format("{} does not work here ({})", id, report.reason);
  if (!report.conforms()) verdict = id + " does not conform";
  std::string counts =
      fmt::format("{} of {} failed, {}", failed, Count(tried, "check"), Count(notes, "note"));
  if (!report.operators.empty()) {
    counts += fmt::format(", {} of {} wrong", wrong,
                          Count(report.operators.size(), "cell") + " of the table");
  }
  return fmt::format("{}: {} (seed {})\n", verdict, counts, report.seed);
}

}  // namespace

std::string FormatReport(const PluginReport& report) {
  std::string text =
      fmt::format("{} {} {}: {}\n", host::PluginKindName(report.descriptor.kind),
                  report.descriptor.id, report.descriptor.version, report.descriptor.summary);
  if (!report.operators.empty()) {
    text += "\n" + FormatTable(report) + FormatTrouble(report) + "\n";
  }
  for (const CheckLine& line : report.checks) {
    text += fmt::format("{:<8}{}{}{}\n", checks::VerdictName(line.finding.verdict), line.name,
                        line.finding.detail.empty() ? "" : ": ", line.finding.detail);
  }
  return text + Closing(report);
}

Json ReportToJson(const PluginReport& report) {
  Json lines = Json::array();
  for (const CheckLine& line : report.checks) {
    lines.push_back({{"check", line.name},
                     {"verdict", checks::VerdictName(line.finding.verdict)},
                     {"detail", line.finding.detail}});
  }
  Json cells = Json::array();
  for (const OperatorCell& cell : report.operators) {
    cells.push_back({{"operator", cell.op},
                     {"type", cell.type},
                     {"state", CellStateName(cell.state)},
                     {"difference", cell.difference},
                     {"unit", cell.steps ? "steps" : "relative"},
                     {"tolerance", cell.tolerance},
                     {"models", cell.models},
                     {"refused", cell.refused},
                     {"seed", cell.seed},
                     {"detail", cell.detail}});
  }
  return {{"kind", host::PluginKindName(report.descriptor.kind)},
          {"name", report.descriptor.id},
          {"version", report.descriptor.version},
          {"available", report.available},
          {"reason", report.reason},
          {"conforms", report.conforms()},
          {"seed", report.seed},
          {"checks", lines},
          {"operators", cells}};
}

}  // namespace qbench::conformance
