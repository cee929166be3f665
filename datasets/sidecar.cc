#include "datasets/sidecar.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "base/files.h"
#include "datasets/name_differences.h"
#include "datasets/toml_fields.h"
#include "fmt/ranges.h"

namespace qbench::datasets {
namespace {

Result<int> ReadSide(const TomlFields& fields, std::string_view key) {
  QB_ASSIGN_OR_RETURN(const int64_t side, fields.Integer(key));
  if (side < 1 || side > kMaxInputSide) {
    return fields.Wrong(key, fmt::format("must be from 1 to {}", kMaxInputSide));
  }
  return static_cast<int>(side);
}

Result<Preprocessing> ReadInput(const TomlFields& fields, std::string_view source) {
  QB_RETURN_IF_ERROR(fields.RefuseUnknown(
      {"width", "height", "channels", "resize", "mean", "std", "exif_rotation"}));
  Preprocessing input;
  QB_ASSIGN_OR_RETURN(input.width, ReadSide(fields, "width"));
  QB_ASSIGN_OR_RETURN(input.height, ReadSide(fields, "height"));
  QB_ASSIGN_OR_RETURN(const std::string channels, fields.String("channels"));
  QB_ASSIGN_OR_RETURN(const std::string resize, fields.String("resize"));
  const Result<Channels> parsed_channels = ParseChannels(channels);
  const Result<Resize> parsed_resize = ParseResize(resize);
  for (const Status& status : {parsed_channels.status(), parsed_resize.status()}) {
    if (!status.ok()) {
      return Error(StatusCode::kCorrupt, "{}: input.{}", source, status.message());
    }
  }
  input.channels = *parsed_channels;
  input.resize = *parsed_resize;
  QB_ASSIGN_OR_RETURN(input.mean, fields.Floats("mean"));
  QB_ASSIGN_OR_RETURN(input.std, fields.Floats("std"));
  if (fields.Has("exif_rotation")) {
    QB_ASSIGN_OR_RETURN(input.exif_rotation, fields.Boolean("exif_rotation"));
  }
  if (const Status status = CheckPreprocessing(input); !status.ok()) {
    return Error(StatusCode::kCorrupt, "{}: input.{}", source, status.message());
  }
  return input;
}

// Always with a point or an exponent: TOML tells floats from integers.
std::string FormatFloats(const std::vector<float>& values) {
  std::vector<std::string> texts;
  for (const float value : values) {
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    texts.push_back(std::move(text));
  }
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace

std::filesystem::path SidecarPath(const std::filesystem::path& model_file) {
  std::filesystem::path path = model_file;
  path += ".toml";
  return path;
}

Result<Sidecar> ParseSidecar(std::string_view text, std::string_view source) {
  QB_ASSIGN_OR_RETURN(const toml::table table, ParseToml(text, source));
  const TomlFields fields(table, source);
  QB_RETURN_IF_ERROR(fields.RefuseUnknown({"labels", "input", "origin"}));
  Sidecar sidecar;
  if (fields.Has("labels")) {
    QB_ASSIGN_OR_RETURN(sidecar.labels, fields.Strings("labels"));
    const std::set<std::string> different(sidecar.labels.begin(), sidecar.labels.end());
    if (different.size() != sidecar.labels.size()) return fields.Wrong("labels", "names one twice");
  }
  QB_ASSIGN_OR_RETURN(const toml::table* input, fields.Table("input"));
  QB_ASSIGN_OR_RETURN(sidecar.input, ReadInput(TomlFields(*input, source, "input."), source));
  if (fields.Has("origin")) {
    QB_ASSIGN_OR_RETURN(const toml::table* origin, fields.Table("origin"));
    sidecar.origin = *origin;
  }
  return sidecar;
}

Result<Sidecar> ReadSidecar(const std::filesystem::path& model_file) {
  const std::filesystem::path path = SidecarPath(model_file);
  const Result<std::string> text = ReadTextFile(path, uint64_t{1} << 20);
  if (text.status().code() == StatusCode::kNotFound) {
    return Error(
        StatusCode::kNotFound,
        "no {}, which says how an image becomes the model's input: `qbench init` writes it",
        path.string());
  }
  QB_RETURN_IF_ERROR(text.status());
  return ParseSidecar(*text, path.string());
}

std::string FormatSidecar(const Sidecar& sidecar) {
  std::string text;
  if (!sidecar.labels.empty()) {
    text += fmt::format("labels = {}\n\n", FormatTomlStrings(sidecar.labels));
  }
  const Preprocessing& input = sidecar.input;
  text += fmt::format(
      "[input]\nwidth = {}\nheight = {}\nchannels = \"{}\"\nresize = \"{}\"\nmean = {}\nstd = {}\n",
      input.width, input.height, ChannelsName(input.channels), ResizeName(input.resize),
      FormatFloats(input.mean), FormatFloats(input.std));
  if (input.exif_rotation) text += "exif_rotation = true\n";
  if (!sidecar.origin.empty()) {
    std::ostringstream origin;
    origin << toml::table{{"origin", sidecar.origin}};
    text += fmt::format("\n{}\n", origin.str());
  }
  return text;
}

Status WriteSidecar(const std::filesystem::path& model_file, const Sidecar& sidecar) {
  return WriteFileAtomically(SidecarPath(model_file), FormatSidecar(sidecar));
}

Result<std::vector<int>> CheckLabels(const std::vector<std::string>& model_labels,
                                     const std::vector<std::string>& dataset_labels) {
  if (model_labels.empty()) {
    return Error(
        StatusCode::kInvalidArgument,
        "the model's sidecar names no labels; add them in the order of the outputs, among: "
        "{}",
        FewNames(dataset_labels));
  }
  const NameDifferences names = CompareNames(model_labels, dataset_labels);
  std::vector<std::string> differences;
  if (!names.alike.empty()) {
    differences.push_back(DescribeAlike(names.alike, "the model", "the data set"));
  }
  if (!names.only_first.empty()) {
    differences.push_back(fmt::format("only the model has {}", FewNames(names.only_first)));
  }
  if (!names.only_second.empty()) {
    differences.push_back(fmt::format("only the data set has {}", FewNames(names.only_second)));
  }
  if (!differences.empty()) {
    const bool only_spelling = names.only_first.empty() && names.only_second.empty();
    return Error(StatusCode::kInvalidArgument, "the labels of model and data set differ: {}; {}",
                 fmt::join(differences, "; "),
                 only_spelling ? "write them in the model's sidecar as the class folders are called"
                               : "correct the model's sidecar or choose another data set");
  }
  std::vector<int> outputs;
  outputs.reserve(dataset_labels.size());
  for (const std::string& label : dataset_labels) {
    const auto found = std::find(model_labels.begin(), model_labels.end(), label);
    outputs.push_back(static_cast<int>(found - model_labels.begin()));
  }
  return outputs;
}

}  // namespace qbench::datasets
