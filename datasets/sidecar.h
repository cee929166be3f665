// The sidecar of a model, `<model file>.toml`: labels in the order of the outputs, preprocessing,
// and where the model comes from.
//
//   labels = ["buildings", "forest"]   # may be missing: then accuracy cannot be measured; of a
//                                      # model with one output: the class of 0, then that of 1
//   [input]
//   width = 96
//   height = 96
//   channels = "RGB"                   # "BGR", "GRAY"
//   resize = "pil-bilinear"            # "tf-bilinear", "nearest", "area"
//   mean = [127.5, 127.5, 127.5]       # the model sees (pixel - mean) / std, pixels 0 to 255
//   std = [127.5, 127.5, 127.5]
//   exif_rotation = false              # the default
//   [origin]                           # anything: notes for people and provenance
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/toml.h"
#include "datasets/preprocessing.h"

namespace qbench::datasets {

struct Sidecar {
  std::vector<std::string> labels;
  Preprocessing input;
  toml::table origin;
};

// <model file>.toml
std::filesystem::path SidecarPath(const std::filesystem::path& model_file);

// Reads the sidecar of a model. kNotFound where it is missing. kCorrupt, naming file and key, where
// a key is missing, of the wrong type or unknown (the known ones are listed).
Result<Sidecar> ReadSidecar(const std::filesystem::path& model_file);
Result<Sidecar> ParseSidecar(std::string_view text, std::string_view source);

std::string FormatSidecar(const Sidecar& sidecar);
Status WriteSidecar(const std::filesystem::path& model_file, const Sidecar& sidecar);

// The place of each label of the data set among the model's labels. kInvalidArgument, naming the
// labels that only one of the two has or that differ in case alone (or saying that the model has
// none); another order is fine. Whether there are as many as outputs: datasets/model_fit.h.
Result<std::vector<int>> CheckLabels(const std::vector<std::string>& model_labels,
                                     const std::vector<std::string>& dataset_labels);

}  // namespace qbench::datasets
