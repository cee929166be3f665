#include "reports/layer_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <span>

#include "harness/stats/layer_difference.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using store::ComparedLayer;
using store::LayerComparison;

constexpr size_t kMostToKeep = 3;

struct Column {
  const char* title;
  const char* explanation;
  int width;  // below 0: to the left
};
constexpr Column kColumns[] = {
    {"op", "its place in the float model, as in qbench inspect", 4},
    {"kind", "TensorFlow Lite's name of the operator", -18},
    {"sqnr dB", "signal to quantization noise, with all that came in", 7},
    {"own dB", "the same of the layer by itself, fed with float's values", 7},
    {"cosine", "of the angle between float's values and the quantized ones", 9},
    {"rmse", "root mean square error, in steps of the integers", 7},
    {"clip %", "share of float's values that the integers do not reach", 7},
    {"range of float", "smallest and largest value of the float model", -25},
    {"quantized", "type and scale of the quantized model's activation", -14},
    {"layer", "its name in the float model", 0}};

std::string SqnrText(double noise) {
  const std::optional<double> sqnr = stats::SqnrDb(noise);
  return sqnr ? fmt::format("{:.1f}", *sqnr) : "equal";
}

// In the order of kColumns.
std::vector<std::string> CellsOf(const ComparedLayer& layer) {
  return {std::to_string(layer.op),
          layer.kind,
          SqnrText(layer.noise),
          layer.own_noise ? SqnrText(*layer.own_noise) : "–",
          fmt::format("{:.6f}", layer.cosine),
          layer.scale ? fmt::format("{:.2f}", layer.rmse / *layer.scale) : "–",
          layer.scale ? fmt::format("{:.2f}", 100 * layer.saturated_share) : "–",
          fmt::format("{:.4g} to {:.4g}", layer.float_min, layer.float_max),
          layer.scale ? fmt::format("{} {:.4g}", layer.type, *layer.scale) : layer.type,
          layer.name};
}

std::string FormatLine(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const int width = kColumns[i].width;
    if (i > 0) line += i == 1 || i == 7 ? "  " : " ";
    line += width < 0 ? fmt::format("{:<{}}", cells[i], -width)
                      : fmt::format("{:>{}}", cells[i], width);
  }
  return line + "\n";
}

// A name as a regular expression that matches it alone.
std::string AsRegex(std::string_view name) {
  std::string regex;
  for (const char c : name) {
    if (std::string_view(R"(\^$.|?*+()[]{})").find(c) != std::string_view::npos) regex += R"(\\)";
    regex += c;
  }
  return "^" + regex + "$";
}

// The first names stand for the others; the JSON has them all.
void AppendNames(std::string_view what, std::span<const std::string> names,
                 std::vector<std::string>& remarks) {
  if (names.empty()) return;
  constexpr size_t kShown = 5;
  const size_t shown = std::min(names.size(), kShown);
  const std::string others =
      shown < names.size() ? fmt::format(" and {} more", names.size() - shown) : "";
  remarks.push_back(fmt::format("{} in the {} model alone: {}{}",
                                Counted(static_cast<int64_t>(names.size()), "layer"), what,
                                fmt::join(names.first(shown), ", "), others));
}

// What is to be said of the comparison itself, a line each.
std::vector<std::string> RemarksOn(const LayerComparison& comparison) {
  std::vector<std::string> remarks;
  const auto renamed =
      std::ranges::count(comparison.layers, "structure", &ComparedLayer::paired_by);
  if (renamed > 0) {
    remarks.push_back(fmt::format("{} of {} layers have other names and were paired by structure",
                                  renamed, comparison.layers.size()));
  }
  if (!comparison.own_missing.empty()) remarks.push_back("no own sqnr: " + comparison.own_missing);
  AppendNames("float", comparison.only_float, remarks);
  AppendNames("quantized", comparison.only_quantized, remarks);
  return remarks;
}

OrderedJson SqnrJson(std::optional<double> noise) {
  const std::optional<double> sqnr = noise ? stats::SqnrDb(*noise) : std::nullopt;
  return sqnr ? OrderedJson(*sqnr) : OrderedJson();
}

OrderedJson LayerObject(const ComparedLayer& layer) {
  OrderedJson json = {{"op", layer.op},
                      {"name", layer.name},
                      {"kind", layer.kind},
                      {"type", layer.type},
                      {"inputs", layer.inputs},
                      {"cosine", layer.cosine},
                      {"sqnr_db", SqnrJson(layer.noise)},
                      {"own_sqnr_db", SqnrJson(layer.own_noise)},
                      {"paired_by", layer.paired_by},
                      {"rmse", layer.rmse},
                      {"float_min", layer.float_min},
                      {"float_max", layer.float_max},
                      {"quantized_min", layer.quantized_min},
                      {"quantized_max", layer.quantized_max}};
  if (layer.scale) {
    json["scale"] = *layer.scale;
    json["zero_point"] = layer.zero_point.value_or(0);
    json["rmse_per_scale"] = layer.rmse / *layer.scale;
    json["saturated_share"] = layer.saturated_share;
  }
  return json;
}

// One row a layer; those that the verdict names are marked.
std::vector<LayerPage::Row> PageRows(const LayerComparison& comparison) {
  std::vector<LayerPage::Row> rows;
  for (const ComparedLayer& layer : comparison.layers) {
    rows.push_back({.cells = CellsOf(layer), .sqnr_db = stats::SqnrDb(layer.noise)});
    if (layer.own_noise) rows.back().own_sqnr_db = stats::SqnrDb(*layer.own_noise);
  }
  const LayerVerdict verdict = JudgeLayers(comparison);
  if (verdict.jump) rows[*verdict.jump].marked = true;
  for (const size_t layer : verdict.keep) rows[layer].marked = true;
  return rows;
}

}  // namespace

LayerVerdict JudgeLayers(const LayerComparison& comparison) {
  std::vector<stats::LayerNoise> noise;
  for (const ComparedLayer& layer : comparison.layers) {
    noise.push_back({.share = layer.noise,
                     .inputs = {layer.inputs.begin(), layer.inputs.end()},
                     .own = layer.own_noise});
  }
  return {stats::FindJump(noise), stats::LayersToKeep(noise, kMostToKeep)};
}

std::string JumpText(const LayerComparison& comparison) {
  const std::optional<size_t> jump = JudgeLayers(comparison).jump;
  if (!jump) return "No layer stands out: the error grows from layer to layer.";
  const ComparedLayer& layer = comparison.layers[*jump];
  return fmt::format("The error jumps first at \"{}\" ({}, sqnr {} dB).", layer.name, layer.kind,
                     SqnrText(layer.noise));
}

std::string LayerRecipe(const LayerComparison& comparison) {
  std::string text;
  for (const size_t layer : JudgeLayers(comparison).keep) {
    text += fmt::format("{}[[rule]]\nlayer = \"{}\"\ncompute = \"float\"\n",
                        text.empty() ? "" : "\n", AsRegex(comparison.layers[layer].name));
  }
  return text;
}

std::string LayerText(const LayerComparison& comparison) {
  std::string text = fmt::format("{} layers, {} images, both on {}; {} images in another class\n\n",
                                 comparison.layers.size(), comparison.images, comparison.runtime,
                                 comparison.flips);
  std::vector<std::string> titles;
  for (const Column& column : kColumns) titles.emplace_back(column.title);
  text += FormatLine(titles);
  for (const ComparedLayer& layer : comparison.layers) text += FormatLine(CellsOf(layer));
  text += "\n";
  for (const std::string& remark : RemarksOn(comparison)) text += remark + "\n";
  for (const std::string& warning : comparison.warnings) text += "warning: " + warning + "\n";
  text += JumpText(comparison) + "\n";
  const std::string recipe = LayerRecipe(comparison);
  if (recipe.empty()) return text;
  return text +
         "These add the most noise; to keep them in float, give the quantizer this recipe "
         "(int8:recipe=FILE):\n\n" +
         recipe;
}

OrderedJson LayerJson(const LayerComparison& comparison) {
  OrderedJson layers = OrderedJson::array();
  for (const ComparedLayer& layer : comparison.layers) layers.push_back(LayerObject(layer));
  const LayerVerdict verdict = JudgeLayers(comparison);
  OrderedJson keep = OrderedJson::array();
  for (const size_t layer : verdict.keep) keep.push_back(comparison.layers[layer].name);
  return {{"images", comparison.images},
          {"flips", comparison.flips},
          {"runtime", comparison.runtime},
          {"dataset", comparison.dataset},
          {"split", comparison.split},
          {"jump", verdict.jump ? OrderedJson(comparison.layers[*verdict.jump].name) : nullptr},
          {"keep_in_float", std::move(keep)},
          {"recipe", LayerRecipe(comparison)},
          {"only_in_float", comparison.only_float},
          {"only_in_quantized", comparison.only_quantized},
          {"own_missing", comparison.own_missing},
          {"warnings", comparison.warnings},
          {"layers", std::move(layers)}};
}

std::string LayerJsonText(const LayerComparison& comparison) {
  return LayerJson(comparison).dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

LayerPage LayerPageOf(const LayerComparison& comparison, const std::string& headline) {
  LayerPage page;
  page.headline = headline;
  page.circumstances = {"both on " + comparison.runtime,
                        comparison.dataset + ", " + comparison.split,
                        fmt::format("{} layers", comparison.layers.size()),
                        fmt::format("{} images", comparison.images),
                        fmt::format("{} of them in another class", comparison.flips)};
  page.recipe = LayerRecipe(comparison);
  page.verdict = RemarksOn(comparison);
  page.verdict.insert(page.verdict.begin(), JumpText(comparison));
  page.warnings = comparison.warnings;
  for (const Column& column : kColumns) {
    page.columns.push_back(
        {.title = column.title, .explanation = column.explanation, .is_number = column.width > 0});
  }
  page.rows = PageRows(comparison);
  return page;
}

std::string LayerSummary(const LayerComparison& comparison) {
  if (comparison.layers.empty()) return "not compared: " + comparison.reason;
  const std::optional<size_t> jump = JudgeLayers(comparison).jump;
  const double last = comparison.layers.back().noise;
  std::string text = last == 0 ? "the last layer is equal to float's"
                               : "the last layer at " + SqnrText(last) + " dB";
  text += fmt::format(", {} of {} images in another class", comparison.flips, comparison.images);
  if (jump) text += ", the error jumps at " + comparison.layers[*jump].name;
  return text;
}

std::vector<NamedComparison> Comparisons(const RunView& run) {
  std::vector<NamedComparison> comparisons;
  std::set<int64_t> named;
  for (const Variant& variant : run.variants) {
    const std::optional<int64_t> artifact = variant.cell->cell.artifact_id;
    if (!artifact || !run.data->comparisons.contains(*artifact)) continue;
    if (!named.insert(*artifact).second) continue;
    comparisons.push_back(
        {run.differ.model ? Joined({variant.summary.model, variant.quantizer}) : variant.quantizer,
         &run.data->comparisons.at(*artifact)});
  }
  return comparisons;
}

}  // namespace qbench::reports
