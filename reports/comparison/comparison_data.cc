// The formats of a comparison that machines read: CSV and JSON.
#include "fmt/format.h"
#include "reports/comparison/comparison_reports.h"
#include "reports/comparison/comparison_rows.h"
#include "reports/comparison/comparison_words.h"
#include "reports/csv_text.h"
#include "reports/json_fields.h"

namespace qbench::reports {
namespace {

using results::CellPair;
using results::Comparison;
using results::Flip;

ComparedCell RowOf(const Comparison& comparison, const CellPair& pair) {
  return {pair.figures, Why(comparison, pair)};
}

std::vector<FlippedImage> FlipRows(const Comparison& comparison, const CellPair& pair,
                                   const std::string& name) {
  std::vector<FlippedImage> rows;
  if (pair.flips.empty()) return rows;
  const store::RunData& run = comparison.base->RunOf(*pair.base);
  const store::DatasetSplit& split =
      run.splits.at(comparison.base->CellOf(*pair.base).cell.split_id);
  for (const Flip& flip : pair.flips) {
    const store::Image& image = split.images[flip.image];
    const auto label = [&](int32_t index) { return split.labels[static_cast<size_t>(index)]; };
    rows.push_back({.cell = name,
                    .dataset = split.name,
                    .split = split.split,
                    .image = image.path,
                    .label = label(image.label),
                    .base_predicted = label(flip.base_class),
                    .new_predicted = label(flip.new_class),
                    .change = flip.base_class == image.label  ? "lost"
                              : flip.new_class == image.label ? "gained"
                                                              : "other",
                    .base_confidence = flip.base_confidence,
                    .new_confidence = flip.new_confidence});
  }
  return rows;
}

OrderedJson SideObject(const results::Side& side) {
  OrderedJson runs = OrderedJson::array();
  for (const store::RunData& run : side.runs) {
    if (side.database.empty()) continue;
    runs.push_back(JsonObject(run.run));
  }
  return {{"name", side.name}, {"database", side.database.string()}, {"runs", std::move(runs)}};
}

OrderedJson LimitsObject(const results::Limits& limits) {
  return {{"latency_floor", limits.latency_floor}, {"level", limits.level},
          {"confidence", limits.confidence},       {"accuracy_budget", limits.accuracy_budget},
          {"large_drop", limits.large_drop},       {"size_growth", limits.size_growth}};
}

std::string Text(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

OrderedJson CellObject(const Comparison& comparison, const CellPair& pair,
                       const std::string& name) {
  OrderedJson cell = {{"name", name}};
  cell.update(JsonObject(RowOf(comparison, pair)));
  cell["too_few_processes"] = pair.too_few;
  cell["noisy"] = pair.noisy;
  cell["flips"] = OrderedJson::array();
  for (const FlippedImage& image : FlipRows(comparison, pair, name)) {
    cell["flips"].push_back({{"image", image.image},
                             {"label", image.label},
                             {"base_predicted", image.base_predicted},
                             {"new_predicted", image.new_predicted},
                             {"change", image.change},
                             {"base_confidence", JsonValue(double{image.base_confidence})},
                             {"new_confidence", JsonValue(double{image.new_confidence})}});
  }
  return cell;
}

}  // namespace

std::string ComparisonCsv(const Comparison& comparison) {
  CsvRow header;
  header.AddNames<ComparedCell>();
  std::string out = std::move(header).Finish();
  for (const CellPair& pair : comparison.pairs) {
    CsvRow row;
    row.AddValues(RowOf(comparison, pair));
    out += std::move(row).Finish();
  }
  return out;
}

std::string ComparisonFlipsCsv(const Comparison& comparison) {
  CsvRow header;
  header.AddNames<FlippedImage>();
  std::string out = std::move(header).Finish();
  const std::vector<std::string> names = PairNames(comparison);
  for (size_t i = 0; i < names.size(); ++i) {
    for (const FlippedImage& image : FlipRows(comparison, comparison.pairs[i], names[i])) {
      CsvRow row;
      row.AddValues(image);
      out += std::move(row).Finish();
    }
  }
  return out;
}

Status WriteComparisonJson(const Comparison& comparison, const Sink& sink) {
  const AnswerWords words = Answer(comparison);
  const OrderedJson object = {{"answer", std::string(Name(comparison.answer))},
                              {"text", words.answer},
                              {"worse", words.worse},
                              {"doubts", words.doubts},
                              {"better", words.better},
                              {"remarks", words.remarks},
                              {"base", SideObject(*comparison.base)},
                              {"new", SideObject(*comparison.now)},
                              {"limits", LimitsObject(comparison.limits)},
                              {"latency_cells", comparison.latency_cells},
                              {"other_boards", comparison.other_boards}};
  std::string head = Text(object);
  head.pop_back();  // "}"
  QB_RETURN_IF_ERROR(sink(head + ",\"cells\":["));
  const std::vector<std::string> names = PairNames(comparison);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string cell = Text(CellObject(comparison, comparison.pairs[i], names[i]));
    QB_RETURN_IF_ERROR(sink(i == 0 ? cell : "," + cell));
  }
  OrderedJson differences = OrderedJson::array();
  for (const results::FactDifference& difference : comparison.differences) {
    differences.push_back(JsonObject(difference));
  }
  return sink("],\"differences\":" + Text(differences) + "}\n");
}

std::string ComparisonJson(const Comparison& comparison) {
  std::string text;
  const Status written = WriteComparisonJson(comparison, [&](std::string_view piece) {
    text += piece;
    return OkStatus();
  });
  return written.ok() ? text : "";  // the sink does not fail
}

}  // namespace qbench::reports
