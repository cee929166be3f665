#include "harness/plan/metadata_sidecar.h"

#include <string>
#include <utility>

namespace qbench::plan {
namespace {

// One number a channel, of one for all or one each.
Result<std::vector<float>> OfChannels(const Json& metadata, const char* key, size_t channels) {
  QB_ASSIGN_OR_RETURN(auto values, JsonGet<std::vector<float>>(metadata, key));
  if (values.size() == 1) values.resize(channels, values[0]);
  if (values.size() == channels) return values;
  return Error(StatusCode::kInvalidArgument, "its metadata have {} numbers \"{}\" for {} channels",
               values.size(), key, channels);
}

}  // namespace

Result<datasets::Sidecar> SidecarOfMetadata(const Json& metadata,
                                            const std::vector<int32_t>& input_shape) {
  if (!metadata.is_object() || !metadata.contains("mean")) {
    return Error(StatusCode::kNotFound, "its metadata do not say how pixels become its input");
  }
  const bool image = input_shape.size() == 4 && (input_shape[3] == 1 || input_shape[3] == 3);
  if (!image) {
    return Error(StatusCode::kInvalidArgument, "its input is not an image of 1 or 3 channels");
  }
  datasets::Sidecar sidecar;
  sidecar.input.height = input_shape[1];
  sidecar.input.width = input_shape[2];
  const auto channels = static_cast<size_t>(input_shape[3]);
  sidecar.input.channels = channels == 1 ? datasets::Channels::kGray : datasets::Channels::kRgb;
  sidecar.input.resize = datasets::Resize::kTfBilinear;
  QB_ASSIGN_OR_RETURN(sidecar.input.mean, OfChannels(metadata, "mean", channels));
  QB_ASSIGN_OR_RETURN(sidecar.input.std, OfChannels(metadata, "std", channels));
  QB_RETURN_IF_ERROR(datasets::CheckPreprocessing(sidecar.input));
  QB_ASSIGN_OR_RETURN(sidecar.labels, JsonGetOr<std::vector<std::string>>(metadata, "labels", {}));
  sidecar.origin.insert("source", "the metadata in the model's file");
  return sidecar;
}

}  // namespace qbench::plan
