#include "plugins/quantizers/int8/sample_calibration.h"

#include <algorithm>
#include <vector>

#include "graph/tflite_writer.h"

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

Status Widen(const graph::Tensor& tensor, std::span<const float> values, uint64_t sample,
             std::optional<ValueRange>& range) {
  const Status status = WidenRange(values, range);
  if (status.ok()) return status;
  return Error(status.code(),
               "tensor \"{}\" is not finite for calibration sample {}: check the model and its "
               "preprocessing",
               tensor.name, sample);
}

}  // namespace

Result<CalibratedRanges> MeasureMinMax(const graph::Model& model, uint64_t samples,
                                       const HostServices& host) {
  QB_RETURN_IF_ERROR(CheckInput(model, host));
  CalibratedRanges result;
  result.samples = std::min(samples, host.SampleCount(QBENCH_SPLIT_CALIBRATION));
  if (result.samples < samples) {
    host.Warn(fmt::format("calibrated on {} samples instead of {}: the data set has no more",
                          result.samples, samples));
  }
  result.ranges.resize(model.graph.tensors.size());

  // The input is read from the samples: a runtime need not allow it as an output.
  const TensorId input = model.graph.inputs.front();
  const auto tensor = [&](TensorId id) -> const graph::Tensor& {
    return model.graph.tensors[static_cast<size_t>(id)];
  };
  std::vector<TensorId> outputs = TensorsToMeasure(model);
  std::erase(outputs, input);
  if (outputs.empty()) {
    return Error(StatusCode::kUnsupported, "the model has no operator that int8 can speed up");
  }
  QB_ASSIGN_OR_RETURN(const graph::Model shown, WithOutputs(model, outputs));
  QB_ASSIGN_OR_RETURN(const Bytes bytes, graph::WriteTflite(shown));

  std::vector<float> image(static_cast<size_t>(graph::ElementCount(tensor(input).shape)));
  uint64_t done = 0;
  const auto on_outputs = [&](uint64_t sample,
                              std::span<const qbench_tensor_view> views) -> Status {
    QB_RETURN_IF_ERROR(host.CheckCancelled());
    if (views.size() != outputs.size()) {
      return Error(StatusCode::kInternal, "the host's runtime gave {} outputs instead of {}",
                   views.size(), outputs.size());
    }
    QB_RETURN_IF_ERROR(host.ReadSample(QBENCH_SPLIT_CALIBRATION, sample, image));
    QB_RETURN_IF_ERROR(
        Widen(tensor(input), image, sample, result.ranges[static_cast<size_t>(input)]));
    for (size_t i = 0; i < outputs.size(); ++i) {
      const graph::Tensor& output = tensor(outputs[i]);
      const auto elements = static_cast<size_t>(graph::ElementCount(output.shape));
      if (views[i].size != elements * sizeof(float)) {
        return Error(StatusCode::kInternal, "the host's runtime gave {} bytes of \"{}\", not {}",
                     views[i].size, output.name, elements * sizeof(float));
      }
      QB_RETURN_IF_ERROR(Widen(output, {static_cast<const float*>(views[i].data), elements}, sample,
                               result.ranges[static_cast<size_t>(outputs[i])]));
    }
    host.ReportProgress("calibrating", ++done, result.samples);
    return OkStatus();
  };
  QB_RETURN_IF_ERROR(
      host.RunInference(bytes, QBENCH_SPLIT_CALIBRATION, 0, result.samples, on_outputs));
  if (done != result.samples) {
    return Error(StatusCode::kInternal, "the host's runtime ran {} of {} calibration samples", done,
                 result.samples);
  }
  return result;
}

}  // namespace qbench::quantize
