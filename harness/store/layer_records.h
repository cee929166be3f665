// What quantization did to the layers of an artifact, as `qbench diff` measured it. Plain data; the
// figures are explained in docs/diff.md.
#pragma once

#include "harness/store/records.h"

namespace qbench::store {

// One activation of the float model and the quantized model's, over all images.
struct ComparedLayer {
  int64_t id = 0;
  int64_t comparison_id = 0;  // set by the store
  int32_t position = 0;       // in the order in which the layers run, from 0; set by the store
  int32_t op = 0;
  std::string name;
  std::string kind;
  std::string paired_by;
  std::vector<int32_t> inputs;
  std::string type;
  std::optional<double> scale;
  std::optional<int64_t> zero_point;
  double noise = 0;
  std::optional<double> own_noise;
  double cosine = 1;
  double rmse = 0;
  double saturated_share = 0;
  double float_min = 0;
  double float_max = 0;
  double quantized_min = 0;
  double quantized_max = 0;
};

// One comparison of an artifact with the float model.
struct LayerComparison {
  int64_t id = 0;
  int64_t run_id = 0;
  int64_t artifact_id = 0;
  std::string at;
  Outcome status = Outcome::kOk;
  std::string reason;
  std::string runtime;
  std::string dataset;
  std::string split;
  int64_t images = 0;
  int64_t flips = 0;
  std::string own_missing;
  std::vector<std::string> only_float;
  std::vector<std::string> only_quantized;
  std::vector<std::string> warnings;
  std::vector<std::string> log;
  std::vector<ComparedLayer> layers;  // a table of its own in the store
};

template <>
inline constexpr auto kFields<ComparedLayer> = std::tuple{
    Field{"id", &ComparedLayer::id, "", "key"},
    Field{"comparison_id", &ComparedLayer::comparison_id, "", "its comparison"},
    Field{"position", &ComparedLayer::position, "", "in the order in which the layers run, from 0"},
    Field{"op", &ComparedLayer::op, "", "the operator's place in the float model"},
    Field{"name", &ComparedLayer::name, "", "its name in the float model"},
    Field{"kind", &ComparedLayer::kind, "", "`CONV_2D`"},
    Field{"paired_by", &ComparedLayer::paired_by, "", "`name`; `structure`: the names differ"},
    Field{"inputs", &ComparedLayer::inputs, "", "the positions of the layers that it reads"},
    Field{"type", &ComparedLayer::type, "", "of the quantized model's activation: `int8`"},
    Field{"scale", &ComparedLayer::scale, "", "of that; none: float"},
    Field{"zero_point", &ComparedLayer::zero_point, "", "of that; none: float"},
    Field{"noise", &ComparedLayer::noise, "",
          "Σ(a−b)² / Σa², float's values a and the quantized model's b; 0: equal"},
    Field{"own_noise", &ComparedLayer::own_noise, "",
          "the same of the layer by itself; none: not measured"},
    Field{"cosine", &ComparedLayer::cosine, "",
          "of the angle between float's values and the quantized ones"},
    Field{"rmse", &ComparedLayer::rmse, "", "root mean square of a−b, in the activation's unit"},
    Field{"saturated_share", &ComparedLayer::saturated_share, "fraction",
          "of float's values, those that the integers do not reach"},
    Field{"float_min", &ComparedLayer::float_min, "", "lowest value of the float model"},
    Field{"float_max", &ComparedLayer::float_max, "", "highest value of the float model"},
    Field{"quantized_min", &ComparedLayer::quantized_min, "",
          "lowest value of the quantized model"},
    Field{"quantized_max", &ComparedLayer::quantized_max, "",
          "highest value of the quantized model"},
};

template <>
inline constexpr auto kFields<LayerComparison> = std::tuple{
    Field{"id", &LayerComparison::id, "", "key"},
    Field{"run_id", &LayerComparison::run_id, "", "its run"},
    Field{"artifact_id", &LayerComparison::artifact_id, "",
          "the artifact that was compared with the float model"},
    Field{"at", &LayerComparison::at, "", "when it was compared"},
    Field{"status", &LayerComparison::status, "", "`ok`, or how the comparison ended"},
    Field{"reason", &LayerComparison::reason, "",
          "why the status is not `ok`, one line; there are no layers then"},
    Field{"runtime", &LayerComparison::runtime, "", "that ran both, with its options"},
    Field{"dataset", &LayerComparison::dataset, "", "name of the data set"},
    Field{"split", &LayerComparison::split, "", "the split whose images both ran on"},
    Field{"images", &LayerComparison::images, "", "images that both ran on"},
    Field{"flips", &LayerComparison::flips, "", "images that the two put into different classes"},
    Field{"own_missing", &LayerComparison::own_missing, "",
          "why no layer has its own noise; empty where they have"},
    Field{"only_in_float", &LayerComparison::only_float, "",
          "names of layers that only the float model has"},
    Field{"only_in_quantized", &LayerComparison::only_quantized, "",
          "names of layers that only the quantized model has"},
    Field{"warnings", &LayerComparison::warnings, "",
          "about the quantized file, and what the runtime warned of, one text each"},
    Field{"log", &LayerComparison::log, "", "the last lines that the runtime logged or printed",
          kPlain, 5},
};

}  // namespace qbench::store
