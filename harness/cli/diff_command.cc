// `qbench diff`: what quantization did to each layer.
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "base/files.h"
#include "base/json.h"
#include "harness/cli/command.h"
#include "harness/cli/litert_option.h"
#include "harness/cli/single_job.h"
#include "harness/cli/terminal.h"
#include "harness/worker/run_job.h"
#include "reports/layer_page.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

using Layer = worker::DifferenceResult::Layer;

constexpr Help kHelp = {
    "qbench diff MODEL QUANTIZED --dataset NAME [options]",
    "Runs a float model and a quantized model made of it, by qbench or by another converter, on\n"
    "the same images, and compares them layer by layer: where the error comes in, and which\n"
    "layers to keep in float. QUANTIZED is a .tflite file, or a quantizer with its options, which\n"
    "then quantizes MODEL (calibrated on the runtime that compares).",
    "qbench quantize my.h5 --plugins int8 --dataset ./images -o my-int8.tflite\n"
    "qbench diff my.h5 my-int8.tflite --dataset ./images\n"
    "qbench diff my.h5 int8:calibration=percentile --dataset ./images",
    "sqnr: signal to quantization noise, in dB: 40 is fine, below 20 the layer is in trouble.\n"
    "own: the same of the layer by itself, fed with float's values.\n"
    "cosine: of the angle between both. rmse: root mean square error, in steps of the integers.\n"
    "clip: share of float's values that the integers do not reach.\n"
    "The error jumps at a layer with more than four times the noise of its inputs, and an sqnr\n"
    "below 20 dB.\n\n"
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted."};

constexpr size_t kMostToKeep = 3;

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("dataset", po::value<std::string>()->value_name("NAME")->required(),
                        "a data set's name, or a folder with one sub-folder a class")(
      "split", po::value<std::string>()->value_name("NAME")->default_value("calibration"),
      "train, calibration or test")("images",
                                    po::value<uint64_t>()->value_name("N")->default_value(100),
                                    "number of images, the classes in turn")(
      "runtime", po::value<std::string>()->value_name("NAME"),
      "the runtime that runs both (default: litert, or what works)")(
      "html", po::value<std::string>()->value_name("FILE"), "write the result as a page too")(
      "quiet,q", po::bool_switch(), "no progress")("json", po::bool_switch(),
                                                   "print the result as JSON");
  AddLitertOption(options);
  AddFolderOptions(options);
  return options;
}

std::vector<stats::LayerNoise> NoiseOf(const std::vector<Layer>& layers) {
  std::vector<stats::LayerNoise> noise;
  for (const Layer& layer : layers) {
    noise.push_back({.share = stats::NoiseShare(layer.sums), .inputs = layer.inputs});
    if (layer.own) noise.back().own = stats::NoiseShare(*layer.own);
  }
  return noise;
}

double SaturatedShare(const Layer& layer) {
  return static_cast<double>(layer.sums.saturated) / static_cast<double>(layer.sums.count);
}

std::string SqnrText(const stats::DifferenceSums& sums) {
  const std::optional<double> sqnr = stats::SqnrDb(sums);
  return sqnr ? fmt::format("{:.1f}", *sqnr) : "equal";
}

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

// In the order of kColumns.
std::vector<std::string> CellsOf(const Layer& layer) {
  const bool integer = layer.scale > 0;
  return {std::to_string(layer.op),
          layer.kind,
          SqnrText(layer.sums),
          layer.own ? SqnrText(*layer.own) : "–",
          fmt::format("{:.6f}", stats::Cosine(layer.sums)),
          integer ? fmt::format("{:.2f}", stats::Rmse(layer.sums) / layer.scale) : "–",
          integer ? fmt::format("{:.2f}", 100 * SaturatedShare(layer)) : "–",
          fmt::format("{:.4g} to {:.4g}", layer.sums.a_min, layer.sums.a_max),
          integer ? fmt::format("{} {:.4g}", layer.type, layer.scale) : layer.type,
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

std::string FormatLayers(const std::vector<Layer>& layers) {
  std::vector<std::string> titles;
  for (const Column& column : kColumns) titles.emplace_back(column.title);
  std::string text = FormatLine(titles);
  for (const Layer& layer : layers) text += FormatLine(CellsOf(layer));
  return text;
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

std::string JumpText(const std::vector<Layer>& layers) {
  const std::optional<size_t> jump = stats::FindJump(NoiseOf(layers));
  if (!jump) return "No layer stands out: the error grows from layer to layer.";
  return fmt::format("The error jumps first at \"{}\" ({}, sqnr {} dB).", layers[*jump].name,
                     layers[*jump].kind, SqnrText(layers[*jump].sums));
}

// The layers to keep in float, as a recipe; empty where none is worth it.
std::string RecipeText(const std::vector<Layer>& layers) {
  std::string text;
  for (const size_t layer : stats::LayersToKeep(NoiseOf(layers), kMostToKeep)) {
    text += fmt::format("{}[[rule]]\nlayer = \"{}\"\ncompute = \"float\"\n",
                        text.empty() ? "" : "\n", AsRegex(layers[layer].name));
  }
  return text;
}

std::string FormatVerdict(const std::vector<Layer>& layers) {
  const std::string recipe = RecipeText(layers);
  std::string text = JumpText(layers) + "\n";
  if (recipe.empty()) return text;
  return text +
         "These add the most noise; to keep them in float, give the quantizer this recipe "
         "(int8:recipe=FILE):\n\n" +
         recipe;
}

void AppendNames(std::string_view what, const std::vector<std::string>& names, std::string& text) {
  if (names.empty()) return;
  text += fmt::format("{} {}: {}\n", names.size(), what, fmt::join(names, ", "));
}

// What is to be said of the comparison itself, a line each.
std::string RemarksOn(const worker::DifferenceResult& result) {
  std::string text;
  const auto renamed =
      std::ranges::count_if(result.layers, [](const Layer& layer) { return !layer.same_name; });
  if (renamed > 0) {
    text += fmt::format("{} of {} layers have other names and were paired by structure\n", renamed,
                        result.layers.size());
  }
  if (!result.own_missing.empty()) text += "no own sqnr: " + result.own_missing + "\n";
  AppendNames("layers are in the float model alone", result.only_float, text);
  AppendNames("layers are in the quantized model alone", result.only_quantized, text);
  return text;
}

std::string FormatText(const worker::DifferenceResult& result, const std::string& runtime) {
  std::string text = fmt::format(
      "{} layers, {} images, both on {}; {} images in another class\n\n{}\n", result.layers.size(),
      result.images, runtime, result.flips, FormatLayers(result.layers));
  text += RemarksOn(result);
  for (const std::string& flaw : result.flaws) text += "warning: " + flaw + "\n";
  return text + FormatVerdict(result.layers);
}

// One row a layer; those that the verdict names are marked.
std::vector<reports::LayerPage::Row> PageRows(const std::vector<Layer>& layers) {
  const std::vector<stats::LayerNoise> noise = NoiseOf(layers);
  std::vector<reports::LayerPage::Row> rows;
  for (const Layer& layer : layers) {
    rows.push_back({.cells = CellsOf(layer), .sqnr_db = stats::SqnrDb(layer.sums)});
    if (layer.own) rows.back().own_sqnr_db = stats::SqnrDb(*layer.own);
  }
  if (const std::optional<size_t> jump = stats::FindJump(noise)) rows[*jump].marked = true;
  for (const size_t layer : stats::LayersToKeep(noise, kMostToKeep)) rows[layer].marked = true;
  return rows;
}

reports::LayerPage PageOf(const worker::DifferenceResult& result,
                          const std::vector<std::string>& models,
                          const std::vector<std::string>& circumstances) {
  reports::LayerPage page;
  page.headline = std::filesystem::path(models[1]).filename().string() + " against " +
                  std::filesystem::path(models[0]).filename().string();
  page.circumstances = circumstances;
  page.circumstances.push_back(fmt::format("{} layers", result.layers.size()));
  page.circumstances.push_back(fmt::format("{} images", result.images));
  page.circumstances.push_back(fmt::format("{} of them in another class", result.flips));
  page.recipe = RecipeText(result.layers);
  page.verdict = {JumpText(result.layers)};
  if (const std::string remarks = RemarksOn(result); !remarks.empty()) {
    page.verdict.push_back(remarks);
  }
  page.warnings = result.flaws;
  for (size_t i = 0; i < std::size(kColumns); ++i) {
    page.columns.push_back({.title = kColumns[i].title,
                            .explanation = kColumns[i].explanation,
                            .is_number = kColumns[i].width > 0});
  }
  page.rows = PageRows(result.layers);
  return page;
}

// Null where the layer's own error was not measured, or is none.
Json OwnSqnr(const Layer& layer) {
  if (!layer.own) return {};
  const std::optional<double> sqnr = stats::SqnrDb(*layer.own);
  return sqnr ? Json(*sqnr) : Json();
}

Json ToJson(const Layer& layer) {
  const std::optional<double> sqnr = stats::SqnrDb(layer.sums);
  Json json = {{"op", layer.op},
               {"name", layer.name},
               {"kind", layer.kind},
               {"type", layer.type},
               {"inputs", layer.inputs},
               {"cosine", stats::Cosine(layer.sums)},
               {"sqnr_db", sqnr ? Json(*sqnr) : Json()},
               {"own_sqnr_db", OwnSqnr(layer)},
               {"paired_by", layer.same_name ? "name" : "structure"},
               {"rmse", stats::Rmse(layer.sums)},
               {"float_min", layer.sums.a_min},
               {"float_max", layer.sums.a_max},
               {"quantized_min", layer.sums.b_min},
               {"quantized_max", layer.sums.b_max}};
  if (layer.scale > 0) {
    json["scale"] = layer.scale;
    json["zero_point"] = layer.zero_point;
    json["rmse_per_scale"] = stats::Rmse(layer.sums) / layer.scale;
    json["saturated_share"] = SaturatedShare(layer);
  }
  return json;
}

Json ToJson(const worker::DifferenceResult& result, const std::string& runtime) {
  const std::vector<stats::LayerNoise> noise = NoiseOf(result.layers);
  Json layers = Json::array();
  for (const Layer& layer : result.layers) layers.push_back(ToJson(layer));
  Json keep = Json::array();
  for (const size_t layer : stats::LayersToKeep(noise, kMostToKeep)) {
    keep.push_back(result.layers[layer].name);
  }
  const std::optional<size_t> jump = stats::FindJump(noise);
  return {{"layers", std::move(layers)},
          {"images", result.images},
          {"flips", result.flips},
          {"runtime", runtime},
          {"only_in_float", result.only_float},
          {"only_in_quantized", result.only_quantized},
          {"warnings", result.flaws},
          {"jump", jump ? Json(result.layers[*jump].name) : Json()},
          {"keep_in_float", std::move(keep)},
          {"recipe", RecipeText(result.layers)}};
}

// The second model: a file, or what a quantizer, named with its options, makes of the first.
class QuantizedModel {
 public:
  static Result<QuantizedModel> Find(const std::string& name, const plan::PlannedModel& model,
                                     const datasets::Dataset& dataset,
                                     const plan::Catalogue& catalogue,
                                     const plan::SelectedPlugin& runtime,
                                     const plan::Folders& folders, bool quiet) {
    QuantizedModel found;
    std::error_code error;
    if (std::filesystem::is_regular_file(name, error)) {
      found.file_ = std::filesystem::absolute(name);
      return found;
    }
    if (std::filesystem::path(name).extension() == ".tflite") {
      return Error(StatusCode::kNotFound,
                   "{}: there is no such .tflite file; qbench quantize makes one", name);
    }
    const Result<plan::SelectedPlugin> quantizer = OneQuantizer(name, catalogue);
    if (!quantizer.ok()) {
      return quantizer.status().WithContext("neither a file nor a quantizer");
    }
    QB_ASSIGN_OR_RETURN(found.folder_, TempDir::Create("qbench-diff"));
    worker::QuantizeJob job;
    job.model = model.tflite;
    job.quantizer = quantizer->Use();
    job.output = found.folder_->path() / "artifact";
    if (quantizer->plugin.descriptor.needs_samples) {
      QB_ASSIGN_OR_RETURN(job.calibration, SamplesOf(dataset, "calibration", model, folders));
      job.calibration_runtime = runtime.Use();
    }
    QB_ASSIGN_OR_RETURN(const worker::JobResult made, RunWithProgress(job, quiet));
    found.file_ = std::get<worker::QuantizeResult>(made).artifact;
    return found;
  }

  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  std::optional<TempDir> folder_;  // of a model that was made
};

Status CheckRoles(const worker::DifferenceResult& result, const std::string& first,
                  const std::string& second) {
  if (!result.float_is_float) {
    return Error(StatusCode::kInvalidArgument,
                 "{} is quantized: name the float model first (.h5 or a float .tflite)", first);
  }
  if (result.quantized_is_quantized) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "{} is a float model: name what the first was quantized to second (qbench quantize "
               "makes it)",
               second);
}

}  // namespace

Result<ExitStatus> DiffCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "model"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> names = arguments.List("model");
  if (names.size() != 2 || arguments.Get<uint64_t>("images") == 0) {
    return Error(
        StatusCode::kInvalidArgument,
        "name the float model and the quantized .tflite file (and at least one image); see "
        "qbench diff --help");
  }
  QB_RETURN_IF_ERROR(RequireLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  QB_ASSIGN_OR_RETURN(const std::filesystem::path file, plan::FindModel(names[0], folders.share));
  QB_ASSIGN_OR_RETURN(const plan::PlannedModel model,
                      plan::LoadModel(file, folders.cache, WorkerJobs()));
  QB_ASSIGN_OR_RETURN(const plan::Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  QB_ASSIGN_OR_RETURN(
      const plan::SelectedPlugin runtime,
      plan::CalibrationRuntime(catalogue, arguments.Has("runtime")
                                              ? arguments.Get<std::string>("runtime")
                                              : std::string()));
  QB_ASSIGN_OR_RETURN(
      const datasets::Dataset dataset,
      datasets::OpenDataset(arguments.Get<std::string>("dataset"), folders.datasets));
  const bool quiet = arguments.Get<bool>("quiet");
  QB_ASSIGN_OR_RETURN(
      const QuantizedModel quantized,
      QuantizedModel::Find(names[1], model, dataset, catalogue, runtime, folders, quiet));
  worker::DifferenceJob job;
  job.float_model = std::filesystem::absolute(model.tflite);
  job.quantized_model = quantized.file();
  job.runtime = runtime.Use();
  job.images = arguments.Get<uint64_t>("images");
  QB_ASSIGN_OR_RETURN(job.samples,
                      SamplesOf(dataset, arguments.Get<std::string>("split"), model, folders));
  QB_ASSIGN_OR_RETURN(const worker::JobResult answer, RunWithProgress(job, quiet));
  const auto& result = std::get<worker::DifferenceResult>(answer);
  QB_RETURN_IF_ERROR(CheckRoles(result, names[0], names[1]));
  if (arguments.Has("html")) {
    const reports::LayerPage page = PageOf(
        result, names,
        {"both on " + runtime.Name(), dataset.name + ", " + arguments.Get<std::string>("split")});
    QB_ASSIGN_OR_RETURN(const std::string html, reports::LayerPageHtml(page));
    QB_RETURN_IF_ERROR(WriteFileAtomically(arguments.Get<std::string>("html"), html));
  }
  Print(arguments.Get<bool>("json") ? DumpJson(ToJson(result, runtime.Name())) + "\n"
                                    : FormatText(result, runtime.Name()));
  return kDone;
}

}  // namespace qbench::cli
