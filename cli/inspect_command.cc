// `qbench inspect`: what a model is made of.
#include <boost/program_options/value_semantic.hpp>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "base/one_line.h"
#include "base/paths.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "reports/ranges_text.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench inspect MODEL|RANGES [options]",
    "Shows a model as qbench runs it: every operator with its shape, type, parameters,\n"
    "multiply-adds (MACs) and quantization. MODEL is a .keras, .h5, .onnx or .tflite file, a\n"
    "frozen TensorFlow graph (.pb) or a SavedModel folder (all but .tflite are shown after "
    "import,\n"
    "with batch normalization folded), or the name of a shipped model.\n"
    "Of a .tflite file with operators that qbench does not know it lists all operators and what "
    "is\n"
    "missing; of a Keras file that cannot be imported all classes, operators and options that "
    "are.\n"
    "Of the ranges that quantizing leaves beside an artifact\n(FILE.ranges.json) it shows "
    "a table.",
    "qbench inspect intel-cnn\nqbench inspect my-int8.tflite.ranges.json",
    "Exit status: 0 done, 2 usage or environment error."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("json", po::bool_switch(), "print the result as JSON");
  AddModelOptions(options);
  return options;
}

std::string ShapeText(const Json& tensor) {
  std::string text;
  for (const Json& dimension : tensor.at("shape")) {
    fmt::format_to(std::back_inserter(text), "{}{}", text.empty() ? "" : "x",
                   dimension.get<int64_t>());
  }
  return text;
}

std::string QuantizationText(const Json& tensor) {
  if (tensor.contains("scale")) {
    return fmt::format("scale {:.6g}, zero point {}", tensor.at("scale").get<double>(),
                       tensor.at("zero_point").get<int64_t>());
  }
  if (tensor.contains("scales")) {
    return fmt::format("{} scales", tensor.at("scales").get<int64_t>());
  }
  if (!tensor.contains("learned_range")) return "";
  const Json& range = tensor.at("learned_range");
  const size_t count = range.at("min").size();
  if (count != 1) return fmt::format("{} learned ranges", count);
  return fmt::format("learned {:.6g} to {:.6g}", range.at("min")[0].get<double>(),
                     range.at("max")[0].get<double>());
}

// What the model has of quantization-aware training; empty where that is nothing.
std::string LearnedText(const Json& summary) {
  std::set<std::string> activations;
  std::set<std::string> weights;
  const auto add = [&](const Json& tensor) {
    if (!tensor.contains("learned_range")) return;
    (tensor.at("constant").get<bool>() ? weights : activations)
        .insert(tensor.at("name").get<std::string>());
  };
  for (const Json& input : summary.at("inputs")) add(input);
  for (const Json& op : summary.at("ops")) {
    for (const Json& input : op.at("inputs")) add(input);
    add(op.at("output"));
  }
  if (activations.empty() && weights.empty()) return "";
  return fmt::format("learned ranges of {} activations and {} weights, which int8 and uint8 use\n",
                     activations.size(), weights.size());
}

// 417894 → "417,894".
std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(static_cast<size_t>(place), ",");
  }
  return digits;
}

// The weights' type and how they are quantized: "int8, 32 scales".
std::string WeightsText(const Json& op) {
  for (const Json& input : op.at("inputs")) {
    if (!input.at("constant").get<bool>() || op.at("weight_bytes").get<int64_t>() == 0) continue;
    const std::string quantization = QuantizationText(input);
    return input.at("type").get<std::string>() + (quantization.empty() ? "" : ", " + quantization);
  }
  return "";
}

std::string FormatOps(const Json& summary) {
  std::string text =
      fmt::format("{:>4}  {:<18} {:<16} {:<9} {:>11} {:>13}  {:<32} {}\n", "op", "kind", "output",
                  "type", "parameters", "MACs", "layer", "quantization (output; weights)");
  for (const Json& op : summary.at("ops")) {
    const Json& output = op.at("output");
    std::string quantization = QuantizationText(output);
    if (const std::string weights = WeightsText(op); !weights.empty()) {
      quantization += (quantization.empty() ? "" : "; ") + weights;
    }
    const std::string name = FitColumnsAtEnd(op.at("name").get<std::string>(), 32);
    text += fmt::format("{:>4}  {:<18} {:<16} {:<9} {:>11} {:>13}  {:<32} {}\n",
                        op.at("index").get<int64_t>(), op.at("kind").get<std::string>(),
                        ShapeText(output), output.at("type").get<std::string>(),
                        Grouped(op.at("parameters").get<int64_t>()),
                        Grouped(op.at("macs").get<int64_t>()), name, quantization);
  }
  return text;
}

std::string FormatTensors(std::string_view what, const Json& tensors) {
  std::string text;
  for (const Json& tensor : tensors) {
    const std::string quantization = QuantizationText(tensor);
    text += fmt::format("{:<8} {} {} {}{}{}\n", what, tensor.at("name").get<std::string>(),
                        tensor.at("type").get<std::string>(), ShapeText(tensor),
                        quantization.empty() ? "" : ", ", quantization);
  }
  return text;
}

std::string FormatNotes(const jobs::ImportResult& result) {
  std::string text;
  for (const std::string& note : result.notes) text += fmt::format("note     {}\n", note);
  return text;
}

// "passes   MoveTransposes -3, FoldBatchNorm -104: 66 of 173 operators are left".
std::string FormatPasses(const jobs::ImportResult& result) {
  if (!result.passes.is_object()) return "";
  std::string text;
  for (const auto& [pass, fewer] : result.passes.at("operators_fewer").items()) {
    if (fewer == 0) continue;
    text += fmt::format("{}{} {:+}", text.empty() ? "" : ", ", pass, -fewer.get<int64_t>());
  }
  return fmt::format("passes   {}: {} operators of {} are left\n", text.empty() ? "none" : text,
                     result.summary.at("ops").size(),
                     result.passes.at("operators_before").get<int64_t>());
}

// All that keeps a file from being imported.
std::string FormatMissing(const std::filesystem::path& file, const jobs::ImportResult& result) {
  std::string text = fmt::format("{}: cannot be imported; missing is\n", file.string());
  for (const std::string& line : result.missing) text += fmt::format("  {}\n", line);
  return text;
}

// What the file's author says of it.
std::string FormatMetadata(const Json& contents) {
  const Json metadata = contents.is_object() ? contents.value("metadata", Json()) : Json();
  if (!metadata.is_object()) return "";
  std::string text;
  for (const char* key : {"name", "version", "author", "license", "description"}) {
    if (!metadata.contains(key)) continue;
    text +=
        fmt::format("{:<8} {} (metadata)\n", key, SafeLine(metadata.at(key).get<std::string>()));
  }
  if (metadata.contains("mean")) {
    text += fmt::format("pixels   (pixel - mean) / std, mean {}, std {} (metadata)\n",
                        DumpJson(metadata.at("mean")), DumpJson(metadata.at("std")));
  }
  if (metadata.contains("labels")) {
    const Json& labels = metadata.at("labels");
    text +=
        fmt::format("labels   {}: {} in {} (metadata)\n", labels.size(),
                    Shortened(DumpJson(labels), 60), metadata.at("label_file").get<std::string>());
  }
  return text;
}

std::string FormatSummary(const std::filesystem::path& file, const jobs::ImportResult& result) {
  const Json& summary = result.summary;
  return fmt::format(
      "{}: {} as .tflite{}\n{}{}{}{}{} parameters, {} MACs an image, about {} of activations at "
      "their "
      "peak\n\n{}",
      file.string(), FormatBytes(result.file_bytes), result.converted ? " (imported)" : "",
      FormatNotes(result) + FormatMetadata(result.contents),
      FormatTensors("input", summary.at("inputs")), FormatTensors("output", summary.at("outputs")),
      FormatPasses(result) + LearnedText(summary), Grouped(summary.at("parameters").get<int64_t>()),
      Grouped(summary.at("macs").get<int64_t>()),
      FormatBytes(summary.at("peak_activation_bytes").get<uint64_t>()), FormatOps(summary));
}

// Every operator of a file that qbench cannot take apart, and why it cannot.
std::string FormatForeign(const std::filesystem::path& file, const jobs::ImportResult& result) {
  const Json& contents = result.contents;
  const Json& ops = contents.at("ops");
  std::string text = fmt::format("{}: {}, a sound .tflite file that qbench cannot read whole:\n",
                                 file.string(), FormatBytes(result.file_bytes));
  for (const Json& line : contents.at("unsupported")) {
    text += fmt::format("  {}\n", line.get<std::string>());
  }
  text +=
      "qbench's quantizers refuse it; a runtime that knows its operators measures it as it is.\n\n";
  text += FormatTensors("input", contents.at("inputs"));
  text += FormatTensors("output", contents.at("outputs"));
  text += fmt::format("{} operators:", ops.size());
  for (const auto& [kind, count] : contents.at("operators").items()) {
    text += fmt::format(" {} {}", count.get<int64_t>(), kind);
  }
  text += fmt::format("\n\n{:>4}  {:<24} {:<10} {:<16} {:<9} {}\n", "op", "kind", "qbench",
                      "output", "type", "layer");
  for (const Json& op : ops) {
    const Json& output = op.at("output");
    text +=
        fmt::format("{:>4}  {:<24} {:<10} {:<16} {:<9} {}\n", op.at("index").get<int64_t>(),
                    op.at("kind").get<std::string>(), op.at("known").get<bool>() ? "" : "unknown",
                    output.is_null() ? "" : ShapeText(output),
                    output.is_null() ? "" : output.at("type").get<std::string>(),
                    op.at("name").get<std::string>());
  }
  return text;
}

// The result for machines: what is known of any file, and the figures of one that qbench reads.
Json ResultJson(const std::filesystem::path& file, const jobs::ImportResult& result) {
  if (!result.missing.empty()) {
    return {{"file", file.string()}, {"missing", result.missing}, {"error", result.error}};
  }
  const bool read = result.summary.is_object();
  Json json = read ? result.summary : result.contents;
  json["file"] = file.string();
  json["sha256"] = result.sha256;
  json["tflite_bytes"] = result.file_bytes;
  json["notes"] = result.notes;
  json["passes"] = result.passes;
  for (const char* key : {"operators", "unsupported"}) json[key] = result.contents.at(key);
  if (const Json metadata = result.contents.value("metadata", Json()); metadata.is_object()) {
    json["metadata"] = metadata;
  }
  return json;
}

// What an artifact's activations were quantized by.
Status InspectRanges(const std::filesystem::path& file, bool json) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  const Result<Json> ranges = ParseJson(text);
  if (!ranges.ok()) return ranges.status().WithContext(file.string());
  const Result<std::string> table = reports::RangesTable(*ranges);
  if (!table.ok()) return table.status().WithContext(file.string());
  Print(json
            ? DumpJson(*ranges) + "\n"
            : fmt::format("{}: {}\n\n{}", file.string(), reports::DescribeRanges(*ranges), *table));
  return OkStatus();
}

}  // namespace

Result<ExitStatus> InspectCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "model"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "model", "model"));
  if (std::filesystem::path(name).extension() == ".json") {
    QB_RETURN_IF_ERROR(InspectRanges(name, arguments.Get<bool>("json")));
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::filesystem::path share, ShareDir());
  QB_ASSIGN_OR_RETURN(const std::filesystem::path file, plan::FindModel(name, share));
  QB_ASSIGN_OR_RETURN(const jobs::ImportChoice choice, ChoiceOf(arguments));
  const jobs::JobOutcome outcome =
      jobs::RunJob(jobs::ImportJob{std::filesystem::absolute(file), {}, choice});
  if (!outcome.ok()) return outcome.ToStatus();
  const auto& result = std::get<jobs::ImportResult>(outcome.result);
  if (arguments.Get<bool>("json")) {
    Print(DumpJson(ResultJson(file, result)) + "\n");
  } else if (!result.missing.empty()) {
    Print(FormatMissing(file, result));
  } else {
    Print(result.summary.is_object() ? FormatSummary(file, result) : FormatForeign(file, result));
  }
  if (!result.missing.empty()) return Error(StatusCode::kUnsupported, "{}", result.error);
  return kDone;
}

}  // namespace qbench::cli
