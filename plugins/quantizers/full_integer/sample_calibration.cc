#include "plugins/quantizers/full_integer/sample_calibration.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "graph/tflite/tflite_writer.h"
#include "plugins/quantizers/full_integer/activation_file.h"
#include "quantize/float_model.h"
#include "quantize/parallel_for.h"
#include "quantize/ranges/model_stages.h"

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
    return Error(
        StatusCode::kInvalidArgument,
        "the model takes {} {}, the calibration samples are float32 {}: they must be alike",
        graph::DataTypeName(input.type), ShapeText(input.shape.data(), input.shape.size()),
        ShapeText(sample.dims, rank));
  }
  return OkStatus();
}

// Smallest and largest values are found faster than threads are started.
size_t ThreadsFor(const CalibrationOptions& options, const LayerInputsMeter& layers) {
  const bool quick = options.method == CalibrationMethod::kMinMax ||
                     options.method == CalibrationMethod::kMovingAverage;
  return quick && layers.sources().empty() ? 1 : WorkThreads();
}

// Takes the activations of one sample after another into the ranges, and shows them to `layers`.
class RangeMeter {
 public:
  // `ranged`, and the model's input, get a range.
  RangeMeter(const graph::Model& model, std::span<const TensorId> ranged,
             const CalibrationOptions& options, LayerInputsMeter& layers, const HostServices& host)
      : graph_(model.graph),
        layers_(layers),
        host_(host),
        input_(model.graph.inputs.front()),
        image_(ElementsOf(input_)),
        estimators_(model.graph.tensors.size()),
        scratch_(ThreadsFor(options, layers)) {
    estimators_[static_cast<size_t>(input_)].emplace(
        CalibrationOptions{.method = CalibrationMethod::kMinMax});
    for (const TensorId id : ranged) estimators_[static_cast<size_t>(id)].emplace(options);
  }

  // The input is read from the samples: a runtime need not allow it as an output.
  Status AddInput(uint64_t sample) {
    QB_RETURN_IF_ERROR(host_.ReadSample(QBENCH_SPLIT_CALIBRATION, sample, image_));
    return AddTensor(input_, image_, sample, scratch_.front());
  }

  Status Add(uint64_t sample, std::span<const TensorId> outputs,
             std::span<const qbench_tensor_view> views) {
    QB_RETURN_IF_ERROR(host_.CheckCancelled());
    if (views.size() != outputs.size()) {
      return Error(StatusCode::kInternal, "the host's runtime gave {} outputs instead of {}",
                   views.size(), outputs.size());
    }
    return ParallelFor(outputs.size(), scratch_.size(), [&](size_t thread, size_t i) -> Status {
      const size_t elements = ElementsOf(outputs[i]);
      if (views[i].size != elements * sizeof(float)) {
        return Error(StatusCode::kInternal, "the host's runtime gave {} bytes of \"{}\", not {}",
                     views[i].size, TensorOf(outputs[i]).name, elements * sizeof(float));
      }
      const std::span<const float> values{static_cast<const float*>(views[i].data), elements};
      return AddTensor(outputs[i], values, sample, scratch_[thread]);
    });
  }

  // One place a tensor of the model.
  TensorRanges Ranges() const {
    TensorRanges ranges(graph_.tensors.size());
    for (size_t id = 0; id < ranges.size(); ++id) {
      if (estimators_[id]) ranges[id] = estimators_[id]->Range();
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

  // May be called for different tensors at the same time.
  Status AddTensor(TensorId id, std::span<const float> values, uint64_t sample,
                   std::vector<float>& scratch) {
    if (auto& estimator = estimators_[static_cast<size_t>(id)]) {
      if (const Status status = estimator->Add(values); !status.ok()) {
        return Error(status.code(),
                     "tensor \"{}\" is not finite for calibration sample {}: check the model and "
                     "its preprocessing",
                     TensorOf(id).name, sample);
      }
    }
    layers_.Add(id, values, scratch);
    return OkStatus();
  }

  const graph::Graph& graph_;
  LayerInputsMeter& layers_;
  const HostServices& host_;
  const TensorId input_;
  std::vector<float> image_;
  std::vector<std::optional<RangeEstimator>> estimators_;  // one place a tensor
  std::vector<std::vector<float>> scratch_;                // one a thread
};

// Runs a model's stages on the calibration samples, a batch of them at a time: every stage takes
// the whole batch before the next does.
class StageRunner {
 public:
  StageRunner(const graph::Graph& graph, std::vector<Stage> stages, RangeMeter& meter,
              const HostServices& host)
      : graph_(graph), stages_(std::move(stages)), meter_(meter), host_(host) {}

  Status Run(uint64_t count, int64_t most_file_bytes) {
    uint64_t batch = count;
    for (size_t i = 1; i < stages_.size(); ++i) {
      batch = std::min(batch, std::max<uint64_t>(1, static_cast<uint64_t>(most_file_bytes) /
                                                        InputBytes(stages_[i])));
    }
    total_ = count * stages_.size();
    for (uint64_t first = 0; first < count; first += batch) {
      QB_RETURN_IF_ERROR(RunBatch(first, std::min(batch, count - first)));
    }
    return OkStatus();
  }

 private:
  size_t InputBytes(const Stage& stage) const {
    return static_cast<size_t>(
        graph::StoredBytes(graph_.tensors[static_cast<size_t>(stage.input)]));
  }

  Status RunBatch(uint64_t first, uint64_t count) {
    std::optional<ActivationFile> inputs;  // of the stage; the first one takes the samples
    for (size_t i = 0; i < stages_.size(); ++i) {
      std::optional<ActivationFile> next_inputs;
      if (i + 1 < stages_.size()) {
        QB_ASSIGN_OR_RETURN(next_inputs, ActivationFile::Create(InputBytes(stages_[i + 1])));
      }
      QB_RETURN_IF_ERROR(RunStage(i, first, count, inputs, next_inputs));
      inputs = std::move(next_inputs);
    }
    return OkStatus();
  }

  Status RunStage(size_t index, uint64_t first, uint64_t count,
                  const std::optional<ActivationFile>& inputs,
                  std::optional<ActivationFile>& next_inputs) {
    const Stage& stage = stages_[index];
    const uint64_t done_before = done_;
    size_t carried = 0;  // which output the next stage takes
    if (next_inputs) {
      const auto found = std::ranges::find(stage.outputs, stages_[index + 1].input);
      carried = static_cast<size_t>(found - stage.outputs.begin());
    }
    const auto take = [&](uint64_t sample, std::span<const qbench_tensor_view> views) {
      if (!inputs) QB_RETURN_IF_ERROR(meter_.AddInput(sample));
      QB_RETURN_IF_ERROR(meter_.Add(sample, stage.outputs, views));
      if (next_inputs) {
        const qbench_tensor_view& view = views[carried];
        QB_RETURN_IF_ERROR(next_inputs->Write(sample - first,
                                              {static_cast<const uint8_t*>(view.data), view.size}));
      }
      host_.ReportProgress("calibrating", ++done_, total_);
      return OkStatus();
    };
    QB_ASSIGN_OR_RETURN(const AlignedBytes file, graph::WriteAlignedTflite(stage.model));
    const ByteSpan bytes = file.span();
    if (!inputs) {
      QB_RETURN_IF_ERROR(host_.RunInference(bytes, QBENCH_SPLIT_CALIBRATION, first, count, take));
    } else {
      QB_RETURN_IF_ERROR(host_.RunFed(
          bytes, count,
          [&](uint64_t place, std::span<uint8_t> data) { return inputs->Read(place, data); },
          [&](uint64_t place, std::span<const qbench_tensor_view> views) {
            return take(first + place, views);
          }));
    }
    host_.ReleaseInference();
    if (done_ - done_before == count) return OkStatus();
    return Error(StatusCode::kInternal, "the host's runtime ran {} of {} calibration samples",
                 done_ - done_before, count);
  }

  const graph::Graph& graph_;
  const std::vector<Stage> stages_;
  RangeMeter& meter_;
  const HostServices& host_;
  uint64_t done_ = 0;  // samples, in every stage once
  uint64_t total_ = 0;
};

}  // namespace

Result<CalibratedRanges> Calibrate(const graph::Model& model, const CalibrationOptions& options,
                                   const LayerInputsOptions& layers, const HostServices& host) {
  QB_RETURN_IF_ERROR(CheckInput(model, host));
  const uint64_t count = std::min(options.images, host.SampleCount(QBENCH_SPLIT_CALIBRATION));
  if (count < options.images) {
    host.Warn(fmt::format(
        "calibrated on {} samples instead of {}, as the calibration split has no more: the ranges "
        "may be too narrow for other images; add images to it",
        count, options.images));
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
  const int64_t most_bytes =
      host.CanFeed() ? options.most_stage_bytes : std::numeric_limits<int64_t>::max();
  QB_ASSIGN_OR_RETURN(std::vector<Stage> stages, CutIntoStages(model, outputs, most_bytes));
  CalibratedRanges calibrated{.ranges = {}, .layer_inputs = {}, .samples = count};
  {
    RangeMeter meter(model, std::span(outputs).first(ranged), options, layer_meter, host);
    StageRunner runner(model.graph, std::move(stages), meter, host);
    QB_RETURN_IF_ERROR(runner.Run(count, options.most_file_bytes));
    calibrated.ranges = meter.Ranges();
    calibrated.layer_inputs = layer_meter.Finish();
  }
  host.ReleaseInference();  // now that the histograms are gone, which lie between what it used
  return calibrated;
}

}  // namespace qbench::quantize
