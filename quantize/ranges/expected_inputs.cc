#include "quantize/ranges/expected_inputs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "graph/operators.h"
#include "graph/output_statistics.h"
#include "quantize/float_model.h"

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2.0 * std::numbers::pi); }
double Distribution(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// What is known of a tensor.
struct Known {
  bool picture = false;                // the model's input, or moved values of it
  std::vector<double> mean = {};       // of each channel; empty: not known
  std::vector<double> deviation = {};  // the same
};

// The mean of f(X), X normal: the trapezoidal rule, which is exact for such functions but for kinks
// of f.
template <typename Function>
double NormalMean(double mean, double deviation, const Function& f) {
  constexpr double kStep = 1.0 / 32.0;
  constexpr int kEnd = 8 * 32;
  double sum = 0.0;
  for (int i = -kEnd; i <= kEnd; ++i) {
    const double z = i * kStep;
    sum += Density(z) * f(mean + deviation * z);
  }
  return sum * kStep;
}

double DeviationOf(double mean, double mean_square) {
  return std::sqrt(std::max(mean_square - mean * mean, 0.0));
}

Known Clipped(const Known& before, Activation activation) {
  if (activation == Activation::kNone) return before;
  Known after;
  const double low = graph::InfoOf(activation).min;
  const double high = graph::InfoOf(activation).max;
  for (size_t i = 0; i < before.deviation.size(); ++i) {
    const double mean = ClippedNormalMean(before.mean[i], before.deviation[i], low, high);
    const double square = NormalMean(before.mean[i], before.deviation[i], [&](double x) {
      const double clipped = std::clamp(x, low, high);
      return clipped * clipped;
    });
    after.mean.push_back(mean);
    after.deviation.push_back(DeviationOf(mean, square));
  }
  return after;
}

template <typename Function>
Known Mapped(const Known& before, const Function& f) {
  Known after;
  for (size_t i = 0; i < before.deviation.size(); ++i) {
    const double mean = NormalMean(before.mean[i], before.deviation[i], f);
    const double square =
        NormalMean(before.mean[i], before.deviation[i], [&](double x) { return f(x) * f(x); });
    after.mean.push_back(mean);
    after.deviation.push_back(DeviationOf(mean, square));
  }
  return after;
}

class Expectation {
 public:
  explicit Expectation(const graph::Graph& graph) : graph_(graph), known_(graph.tensors.size()) {
    for (const TensorId input : graph.inputs) At(input).picture = true;
    for (const Op& op : graph.ops) At(op.outputs[0]) = OutputOf(op);
  }

  const Known& Of(TensorId tensor) const { return known_[static_cast<size_t>(tensor)]; }

 private:
  Known& At(TensorId tensor) { return known_[static_cast<size_t>(tensor)]; }
  const graph::Tensor& TensorAt(TensorId tensor) const {
    return graph_.tensors[static_cast<size_t>(tensor)];
  }

  Known OutputOf(const Op& op) const {
    if (op.statistics) {
      const graph::OutputStatistics& statistics = *op.statistics;
      return Clipped({.mean = {statistics.mean.begin(), statistics.mean.end()},
                      .deviation = {statistics.deviation.begin(), statistics.deviation.end()}},
                     graph::FusedActivationOf(op));
    }
    switch (op.kind) {
      case OpKind::kRelu:
      case OpKind::kRelu6:
        return Clipped(Of(op.inputs[0]), graph::InfoOf(op.kind).activation);
      case OpKind::kLeakyRelu:
        return Mapped(Of(op.inputs[0]),
                      [alpha = std::get<graph::LeakyReluOptions>(op.options).alpha](double x) {
                        return x < 0.0 ? alpha * x : x;
                      });
      case OpKind::kHardSwish:
        return Mapped(Of(op.inputs[0]),
                      [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; });
      case OpKind::kLogistic:
        return Mapped(Of(op.inputs[0]), [](double x) { return 1.0 / (1.0 + std::exp(-x)); });
      case OpKind::kTanh:
        return Mapped(Of(op.inputs[0]), [](double x) { return std::tanh(x); });
      case OpKind::kAdd:
        return Sum(op);
      case OpKind::kSub:
      case OpKind::kMul:  // of the picture: scaling of pixels
        return {.picture = Of(op.inputs[0]).picture && TensorAt(op.inputs[1]).is_constant()};
      case OpKind::kMean:
      case OpKind::kAveragePool2D:
      case OpKind::kPad:
      case OpKind::kReshape:
        return Moved(op);
      case OpKind::kConcatenation:
        return Joined(op);
      default:
        return {};
    }
  }

  // Independent terms, whose sum is about normal.
  Known Sum(const Op& op) const {
    const Known& a = Of(op.inputs[0]);
    const Known& b = Of(op.inputs[1]);
    if (TensorAt(op.inputs[1]).is_constant()) return {.picture = a.picture};
    if (a.mean.size() != b.mean.size()) return {};
    Known sum{.mean = a.mean};
    for (size_t i = 0; i < sum.mean.size(); ++i) sum.mean[i] += b.mean[i];
    if (a.deviation.size() == b.deviation.size()) {
      for (size_t i = 0; i < a.deviation.size(); ++i) {
        sum.deviation.push_back(std::hypot(a.deviation[i], b.deviation[i]));
      }
    }
    return Clipped(sum, graph::FusedActivationOf(op));
  }

  // The same values in other places, or their means.
  Known Moved(const Op& op) const {
    const Known& from = Of(op.inputs[0]);
    if (from.picture) return {.picture = true};
    const graph::Shape& input = TensorAt(op.inputs[0]).shape;
    const graph::Shape& output = TensorAt(op.outputs[0]).shape;
    // Channels stay last; behind a flattened image they repeat.
    const bool flattens = op.kind == OpKind::kReshape && output.back() % input.back() == 0;
    if ((output.back() != input.back() && !flattens) ||
        graph::FusedActivationOf(op) != Activation::kNone) {
      return {};
    }
    Known moved{.mean = from.mean};
    if (op.kind != OpKind::kPad) return moved;
    const double share = static_cast<double>(graph::ElementCount(input)) /
                         static_cast<double>(graph::ElementCount(output));
    for (double& mean : moved.mean) mean *= share;  // the others are zero
    return moved;
  }

  Known Joined(const Op& op) const {
    Known joined;
    const auto rank = static_cast<int32_t>(TensorAt(op.outputs[0]).shape.size());
    const int32_t axis = std::get<graph::ConcatenationOptions>(op.options).axis;
    if ((axis != -1 && axis != rank - 1) || graph::FusedActivationOf(op) != Activation::kNone)
      return joined;
    for (const TensorId input : op.inputs) {
      const Known& part = Of(input);
      if (part.mean.size() != static_cast<size_t>(TensorAt(input).shape.back())) return {};
      joined.mean.insert(joined.mean.end(), part.mean.begin(), part.mean.end());
    }
    return joined;
  }

  const graph::Graph& graph_;
  std::vector<Known> known_;  // one a tensor
};

}  // namespace

double ClippedNormalMean(double mean, double deviation, double low, double high) {
  if (!(deviation > 0.0)) return std::clamp(mean, low, high);
  const double a = (low - mean) / deviation;
  const double b = (high - mean) / deviation;
  double result =
      mean * (Distribution(b) - Distribution(a)) + deviation * (Density(a) - Density(b));
  if (low > -kInfinity) result += low * Distribution(a);
  if (high < kInfinity) result += high * Distribution(-b);
  return result;
}

Result<ExpectedMeans> ExpectedInputs(const graph::Model& model, const OperatorChoices& choices) {
  const graph::Graph& graph = model.graph;
  const Expectation expectation(graph);
  ExpectedMeans result;
  result.inputs.resize(graph.ops.size());
  bool any = false;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    if (!FindWeights(op) || ChoiceOf(choices, i).in_float) continue;
    const TensorId input = op.inputs[0];
    const Known& known = expectation.Of(input);
    if (known.picture || graph.tensors[static_cast<size_t>(input)].is_constant()) continue;
    if (known.mean.empty()) {
      result.unknown.push_back(i);
    } else {
      result.inputs[i].assign(known.mean.begin(), known.mean.end());
      any = true;
    }
  }
  if (any || result.unknown.empty()) return result;
  return Error(StatusCode::kUnsupported,
               "bias_correction=analytic: {}, so the mean input of \"{}\" is not known, nor any "
               "other; take bias_correction=true, which measures them",
               graph::HasStatistics(graph)
                   ? "the layers read nothing that batch normalization describes"
                   : "the model has no batch normalization, or is a .tflite file that does not say "
                     "what it was (a Keras .h5 does)",
               graph::DisplayName(graph, graph.ops[result.unknown.front()]));
}

}  // namespace qbench::quantize
