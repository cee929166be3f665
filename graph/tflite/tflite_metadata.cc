#include "graph/tflite/tflite_metadata.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "graph/tflite/tflite_file.h"
#include "metadata_generated.h"

namespace qbench::graph {
namespace {

constexpr std::string_view kEntry = "TFLITE_METADATA";
constexpr flatbuffers::uoffset_t kMostTables = 100000;
constexpr flatbuffers::uoffset_t kDepth = 16;
constexpr int8_t kAxisLabels = 2;
constexpr int8_t kGray = 2;
constexpr size_t kMostChannels = 16;
constexpr size_t kMostText = 4096;
constexpr size_t kMostLabels = 100'000;
constexpr size_t kMostLabelBytes = 1000;

template <typename T>
const T* First(const flatbuffers::Vector<flatbuffers::Offset<T>>* vector) {
  return vector == nullptr || vector->size() == 0 ? nullptr : vector->Get(0);
}

std::string Shown(const flatbuffers::String* text) { return Text(text).substr(0, kMostText); }

Status TakeNormalization(const metadata::TensorMetadata& input, TfliteMetadata& result) {
  if (input.process_units() == nullptr) return OkStatus();
  for (const metadata::ProcessUnit* unit : *input.process_units()) {
    const auto* options = unit->options_as_NormalizationOptions();
    if (options == nullptr) continue;
    result.mean = Elements(options->mean());
    result.std = Elements(options->std());
    const bool sound =
        !result.mean.empty() && result.mean.size() == result.std.size() &&
        result.mean.size() <= kMostChannels &&
        std::ranges::all_of(result.mean, [](float v) { return std::isfinite(v); }) &&
        std::ranges::all_of(result.std, [](float v) { return std::isfinite(v) && v != 0.0F; });
    if (sound) return OkStatus();
    return Error(StatusCode::kCorrupt,
                 "the file's metadata have a normalization that makes no sense ({} means, {} "
                 "deviations)",
                 result.mean.size(), result.std.size());
  }
  return OkStatus();
}

void TakeLabelFile(const metadata::TensorMetadata& output, TfliteMetadata& result) {
  if (output.associated_files() == nullptr) return;
  for (const metadata::AssociatedFile* file : *output.associated_files()) {
    if (file->type() != kAxisLabels || !result.label_file.empty()) continue;
    result.label_file = Shown(file->name());
  }
}

Result<TfliteMetadata> Decode(ByteSpan bytes) {
  // Numbers are read in place, so they have to be aligned.
  const Bytes aligned(bytes.begin(), bytes.end());
  flatbuffers::Verifier verifier(aligned.data(), aligned.size(), kDepth, kMostTables);
  if (aligned.size() < 8 || !metadata::ModelMetadataBufferHasIdentifier(aligned.data()) ||
      !metadata::VerifyModelMetadataBuffer(verifier)) {
    return Error(StatusCode::kCorrupt, "the file's metadata are damaged (they do not verify)");
  }
  const metadata::ModelMetadata& model = *metadata::GetModelMetadata(aligned.data());
  TfliteMetadata result{.name = Shown(model.name()),
                        .description = Shown(model.description()),
                        .version = Shown(model.version()),
                        .author = Shown(model.author()),
                        .license = Shown(model.license()),
                        .mean = {},
                        .std = {},
                        .label_file = {}};
  const metadata::SubGraphMetadata* main = First(model.subgraph_metadata());
  if (main == nullptr) return result;
  if (const auto* input = First(main->input_tensor_metadata())) {
    QB_RETURN_IF_ERROR(TakeNormalization(*input, result));
    const auto* image = input->content() == nullptr
                            ? nullptr
                            : input->content()->content_properties_as_ImageProperties();
    result.gray = image != nullptr && image->color_space() == kGray;
  }
  if (const auto* output = First(main->output_tensor_metadata())) TakeLabelFile(*output, result);
  return result;
}

}  // namespace

Result<std::optional<TfliteMetadata>> ReadTfliteMetadata(ByteSpan tflite) {
  if (!IsAlignedForTflite(tflite)) {
    const Bytes aligned(tflite.begin(), tflite.end());
    return ReadTfliteMetadata(aligned);
  }
  QB_ASSIGN_OR_RETURN(const TfliteFile file, TfliteFile::Open(tflite));
  std::optional<TfliteMetadata> result;
  if (file.model().metadata() == nullptr) return result;
  for (const wire::Metadata* entry : *file.model().metadata()) {
    if (Text(entry->name()) != kEntry) continue;
    QB_ASSIGN_OR_RETURN(result, Decode(file.BufferData(entry->buffer())));
    return result;
  }
  return result;
}

Result<std::vector<std::string>> ParseLabels(std::string_view text) {
  std::vector<std::string> labels;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (labels.size() == kMostLabels || line.size() > kMostLabelBytes) {
      return Error(StatusCode::kCorrupt, "the file of labels has more than {} or one of {} bytes",
                   kMostLabels, line.size());
    }
    labels.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  return labels;
}

}  // namespace qbench::graph
