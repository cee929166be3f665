#include "plugins/quantizers/common/sample_calibration.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "graph/tflite_writer.h"
#include "plugins/quantizers/common/float_model.h"

namespace qbench::quantize {
namespace {

using graph::TensorId;
using plugin::HostServices;

std::string ShapeText(const int32_t* dims, size_t rank) {
  return fmt::format("[{}]", fmt::join(dims, dims + rank, ", "));
}

// The model takes one float32 tensor of the samples' shape.
Status CheckInput(const graph::Model& model, const HostServices& host) {
  if (host.SampleCount(QBENCH_SPLIT_CALIBRATION) == 0 || host.SampleInfo() == nullptr) {
    return Error(StatusCode::kInvalidArgument,
                 "there are no calibration samples: name a data set that has some (--dataset)");
  }
  if (model.graph.inputs.size() != 1) {
    return Error(StatusCode::kUnsupported, "the model has {} inputs; calibration feeds one image",
                 model.graph.inputs.size());
  }
  const graph::Tensor& input = model.graph.tensors[static_cast<size_t>(model.graph.inputs.front())];
  const qbench_tensor_info& sample = *host.SampleInfo();
  const auto rank = static_cast<size_t>(sample.rank);
  if (input.type != graph::DataType::kFloat32 || sample.type != QBENCH_FLOAT32 ||
      !std::equal(input.shape.begin(), input.shape.end(), sample.dims, sample.dims + rank)) {
    return Error(StatusCode::kInvalidArgument,
                 "the model takes {} {}, the calibration samples are {}: correct the input size in "
                 "the model's sidecar",
                 graph::DataTypeName(input.type), ShapeText(input.shape.data(), input.shape.size()),
                 ShapeText(sample.dims, rank));
  }
  return OkStatus();
}

// Takes the outputs of one sample after another into the ranges.
class RangeMeter {
 public:
  // The first `ranged` of `outputs` get a range; all are shown to `layers`.
  RangeMeter(const graph::Model& model, std::vector<TensorId> outputs, size_t ranged,
             const CalibrationOptions& options, LayerInputsMeter& layers, const HostServices& host)
      : graph_(model.graph),
        outputs_(std::move(outputs)),
        layers_(layers),
        host_(host),
        input_(model.graph.inputs.front()),
        image_(ElementsOf(input_)),
        input_estimator_({.method = CalibrationMethod::kMinMax}),
        estimators_(ranged, RangeEstimator(options)) {}

  // The input is read from the samples: a runtime need not allow it as an output.
  Status Add(uint64_t sample, std::span<const qbench_tensor_view> views) {
    QB_RETURN_IF_ERROR(host_.CheckCancelled());
    if (views.size() != outputs_.size()) {
      return Error(StatusCode::kInternal, "the host's runtime gave {} outputs instead of {}",
                   views.size(), outputs_.size());
    }
    QB_RETURN_IF_ERROR(host_.ReadSample(QBENCH_SPLIT_CALIBRATION, sample, image_));
    QB_RETURN_IF_ERROR(AddTo(input_estimator_, input_, image_, sample));
    layers_.Add(input_, image_);
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const size_t elements = ElementsOf(outputs_[i]);
      if (views[i].size != elements * sizeof(float)) {
        return Error(StatusCode::kInternal, "the host's runtime gave {} bytes of \"{}\", not {}",
                     views[i].size, TensorOf(outputs_[i]).name, elements * sizeof(float));
      }
      const std::span<const float> values{static_cast<const float*>(views[i].data), elements};
      if (i < estimators_.size()) {
        QB_RETURN_IF_ERROR(AddTo(estimators_[i], outputs_[i], values, sample));
      }
      layers_.Add(outputs_[i], values);
    }
    ++samples_;
    return OkStatus();
  }

  uint64_t samples() const { return samples_; }

  // One place a tensor of the model.
  TensorRanges Ranges() const {
    TensorRanges ranges(graph_.tensors.size());
    ranges[static_cast<size_t>(input_)] = input_estimator_.Range();
    for (size_t i = 0; i < estimators_.size(); ++i) {
      ranges[static_cast<size_t>(outputs_[i])] = estimators_[i].Range();
    }
    return ranges;
  }

 private:
  const graph::Tensor& TensorOf(TensorId id) const {
    return graph_.tensors[static_cast<size_t>(id)];
  }
  size_t ElementsOf(TensorId id) const {
    return static_cast<size_t>(graph::ElementCount(TensorOf(id).shape));
  }

  Status AddTo(RangeEstimator& estimator, TensorId id, std::span<const float> values,
               uint64_t sample) {
    Status status = estimator.Add(values);
    if (status.ok()) return status;
    return Error(status.code(),
                 "tensor \"{}\" is not finite for calibration sample {}: check the model and its "
                 "preprocessing",
                 TensorOf(id).name, sample);
  }

  const graph::Graph& graph_;
  const std::vector<TensorId> outputs_;
  LayerInputsMeter& layers_;
  const HostServices& host_;
  const TensorId input_;
  std::vector<float> image_;
  RangeEstimator input_estimator_;
  std::vector<RangeEstimator> estimators_;  // of the first of outputs_
  uint64_t samples_ = 0;
};

}  // namespace

Result<CalibratedRanges> Calibrate(const graph::Model& model, const CalibrationOptions& options,
                                   const LayerInputsOptions& layers, const HostServices& host) {
  QB_RETURN_IF_ERROR(CheckInput(model, host));
  const uint64_t count = std::min(options.images, host.SampleCount(QBENCH_SPLIT_CALIBRATION));
  if (count < options.images) {
    host.Warn(fmt::format("calibrated on {} samples instead of {}: the data set has no more", count,
                          options.images));
  }
  std::vector<TensorId> outputs = TensorsToMeasure(model);
  std::erase(outputs, model.graph.inputs.front());
  const size_t ranged = outputs.size();
  LayerInputsMeter layer_meter(model.graph, layers);
  for (const TensorId source : layer_meter.sources()) {
    if (source == model.graph.inputs.front()) continue;
    if (std::ranges::find(outputs, source) == outputs.end()) outputs.push_back(source);
  }
  if (outputs.empty()) {
    return Error(StatusCode::kUnsupported, "the model has no operator that int8 can speed up");
  }
  QB_ASSIGN_OR_RETURN(const graph::Model shown, WithOutputs(model, outputs));
  QB_ASSIGN_OR_RETURN(const Bytes bytes, graph::WriteTflite(shown));
  RangeMeter meter(model, std::move(outputs), ranged, options, layer_meter, host);
  const auto on_outputs = [&](uint64_t sample, std::span<const qbench_tensor_view> views) {
    Status status = meter.Add(sample, views);
    if (status.ok()) host.ReportProgress("calibrating", meter.samples(), count);
    return status;
  };
  QB_RETURN_IF_ERROR(host.RunInference(bytes, QBENCH_SPLIT_CALIBRATION, 0, count, on_outputs));
  if (meter.samples() != count) {
    return Error(StatusCode::kInternal, "the host's runtime ran {} of {} calibration samples",
                 meter.samples(), count);
  }
  return CalibratedRanges{
      .ranges = meter.Ranges(), .layer_inputs = layer_meter.Take(), .samples = count};
}

}  // namespace qbench::quantize
