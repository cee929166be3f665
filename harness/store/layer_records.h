// What quantization did to the layers of an artifact, as `qbench diff` measured it. Plain data; the
// figures are explained in docs/diff.md.
#pragma once

#include "harness/store/records.h"

namespace qbench::store {

// One activation of the float model and the quantized model's, over all images.
struct ComparedLayer {
  int64_t id = 0;
  int64_t comparison_id = 0;    // set by the store
  int32_t position = 0;         // in the order in which the layers run, from 0; set by the store
  int32_t op = 0;               // the operator's place in the float model
  std::string name;             // in the float model
  std::string kind;             // "CONV_2D"
  std::string paired_by;        // "name", or "structure" where the names differ
  std::vector<int32_t> inputs;  // the positions of the layers that it reads
  std::string type;             // of the quantized model's activation: "int8"
  std::optional<double> scale;  // of that; none: float
  std::optional<int64_t> zero_point;  // the same
  double noise = 0;                   // sum (a - b)^2 / sum a^2; 0: equal
  std::optional<double> own_noise;    // of the layer by itself; none: not measured
  double cosine = 1;
  double rmse = 0;             // of a - b
  double saturated_share = 0;  // of float's values
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
  std::string at;  // when it was made
  Outcome status = Outcome::kOk;
  std::string reason;   // where it failed, one line; there are no layers then
  std::string runtime;  // that ran both, with its options
  std::string dataset;
  std::string split;
  int64_t images = 0;
  int64_t flips = 0;                    // images that the two put into different classes
  std::string own_missing;              // why no layer has its own noise; empty where they have
  std::vector<std::string> only_float;  // names of layers that only the float model has
  std::vector<std::string> only_quantized;
  std::vector<std::string> warnings;  // about the quantized file, and the runtime's, a line each
  std::vector<std::string> log;       // as Measurement::log
  std::vector<ComparedLayer> layers;  // a table of its own in the store
};

template <>
inline constexpr auto kFields<ComparedLayer> = std::tuple(
    Field{"id", &ComparedLayer::id}, Field{"comparison_id", &ComparedLayer::comparison_id},
    Field{"position", &ComparedLayer::position}, Field{"op", &ComparedLayer::op},
    Field{"name", &ComparedLayer::name}, Field{"kind", &ComparedLayer::kind},
    Field{"paired_by", &ComparedLayer::paired_by}, Field{"inputs", &ComparedLayer::inputs},
    Field{"type", &ComparedLayer::type}, Field{"scale", &ComparedLayer::scale},
    Field{"zero_point", &ComparedLayer::zero_point}, Field{"noise", &ComparedLayer::noise},
    Field{"own_noise", &ComparedLayer::own_noise}, Field{"cosine", &ComparedLayer::cosine},
    Field{"rmse", &ComparedLayer::rmse}, Field{"saturated_share", &ComparedLayer::saturated_share},
    Field{"float_min", &ComparedLayer::float_min}, Field{"float_max", &ComparedLayer::float_max},
    Field{"quantized_min", &ComparedLayer::quantized_min},
    Field{"quantized_max", &ComparedLayer::quantized_max});

template <>
inline constexpr auto kFields<LayerComparison> = std::tuple(
    Field{"id", &LayerComparison::id}, Field{"run_id", &LayerComparison::run_id},
    Field{"artifact_id", &LayerComparison::artifact_id}, Field{"at", &LayerComparison::at},
    Field{"status", &LayerComparison::status}, Field{"reason", &LayerComparison::reason},
    Field{"runtime", &LayerComparison::runtime}, Field{"dataset", &LayerComparison::dataset},
    Field{"split", &LayerComparison::split}, Field{"images", &LayerComparison::images},
    Field{"flips", &LayerComparison::flips}, Field{"own_missing", &LayerComparison::own_missing},
    Field{"only_in_float", &LayerComparison::only_float},
    Field{"only_in_quantized", &LayerComparison::only_quantized},
    Field{"warnings", &LayerComparison::warnings}, Field{"log", &LayerComparison::log});

}  // namespace qbench::store
