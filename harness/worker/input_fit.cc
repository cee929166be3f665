#include "harness/worker/input_fit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/one_line.h"
#include "graph/constant_values.h"
#include "graph/input_arithmetic.h"

namespace qbench::worker {
namespace {

// Windows are looked at in a grid of so many steps each way, at most.
constexpr int64_t kGridSteps = 16;
// Numbers in a window, which the work grows with the square of. 7 x 7 x 3 is 147.
constexpr size_t kMostInWindow = 256;
// Fewer channels with a deviation tell nothing together.
constexpr size_t kLeastChannels = 4;

using Read = std::function<void(size_t image, std::span<float> values)>;

// The convolution that reads the picture.
struct FirstLayer {
  const graph::Op* op = nullptr;
  int64_t height = 0;  // of the picture
  int64_t width = 0;
  int64_t channels = 0;
  int64_t kernel_h = 0;
  int64_t kernel_w = 0;
  int64_t dilation_h = 1;
  int64_t dilation_w = 1;
  std::vector<float> weights;  // [outputs, kernel_h, kernel_w, channels]
  std::vector<float> bias;

  size_t outputs() const { return bias.size(); }
  size_t window() const { return static_cast<size_t>(kernel_h * kernel_w * channels); }
};

const graph::Tensor& TensorAt(const graph::Graph& graph, graph::TensorId id) {
  return graph.tensors[static_cast<size_t>(id)];
}

// Constants of a float convolution with statistics, read by `op` from a picture of this shape.
std::optional<FirstLayer> AsFirstLayer(const graph::Graph& graph, const graph::Op& op,
                                       const graph::Shape& picture) {
  if (op.kind != graph::OpKind::kConv2D || !op.statistics || op.inputs.size() < 2) return {};
  const graph::Tensor& weights = TensorAt(graph, op.inputs[1]);
  if (!weights.is_constant() || weights.type != graph::DataType::kFloat32) return {};
  FirstLayer layer;
  layer.op = &op;
  layer.height = picture[1];
  layer.width = picture[2];
  layer.channels = picture[3];
  layer.kernel_h = weights.shape[1];
  layer.kernel_w = weights.shape[2];
  const auto& options = std::get<graph::Conv2DOptions>(op.options);
  layer.dilation_h = options.dilation_h;
  layer.dilation_w = options.dilation_w;
  const auto outputs = static_cast<size_t>(weights.shape[0]);
  // Grouped convolutions read a part of the channels each.
  if (weights.shape[3] != picture[3] || layer.window() > kMostInWindow) return {};
  if (op.statistics->mean.size() != outputs || op.statistics->deviation.size() != outputs)
    return {};
  layer.weights = weights.constant->Values<float>();
  layer.bias.assign(outputs, 0.0F);
  if (op.inputs.size() > 2 && op.inputs[2] != graph::kNoTensor) {
    const graph::Tensor& bias = TensorAt(graph, op.inputs[2]);
    if (!bias.is_constant() || bias.type != graph::DataType::kFloat32) return {};
    layer.bias = bias.constant->Values<float>();
  }
  if (layer.bias.size() != outputs || layer.weights.size() != outputs * layer.window()) return {};
  return layer;
}

std::optional<FirstLayer> FindFirstLayer(const graph::Graph& graph) {
  if (graph.inputs.size() != 1) return {};
  const graph::Shape& picture = TensorAt(graph, graph.inputs[0]).shape;
  if (picture.size() != 4) return {};
  const graph::Uses uses = graph::FindUses(graph);
  graph::TensorId image = graph.inputs[0];
  // Padding adds an edge alone, which is left out.
  const auto& first = uses.users[static_cast<size_t>(image)];
  if (first.size() == 1) {
    const graph::Op& op = graph.ops[static_cast<size_t>(first[0])];
    if (op.kind == graph::OpKind::kPad) image = op.outputs[0];
  }
  for (const int32_t user : uses.users[static_cast<size_t>(image)]) {
    const graph::Op& op = graph.ops[static_cast<size_t>(user)];
    if (op.inputs.empty() || op.inputs[0] != image) continue;
    if (auto layer = AsFirstLayer(graph, op, picture)) return layer;
  }
  return {};
}

// Means and mean products of the pixels of a window, over windows and images.
class WindowMoments {
 public:
  explicit WindowMoments(const FirstLayer& layer)
      : layer_(layer), sums_(layer.window()), products_(layer.window() * layer.window()) {}

  void Add(std::span<const double> pixels) {
    const int64_t rows = layer_.height - (layer_.kernel_h - 1) * layer_.dilation_h;
    const int64_t columns = layer_.width - (layer_.kernel_w - 1) * layer_.dilation_w;
    if (rows < 1 || columns < 1) return;
    const int64_t row_steps = std::min(rows, kGridSteps);
    const int64_t column_steps = std::min(columns, kGridSteps);
    for (int64_t i = 0; i < row_steps; ++i) {
      for (int64_t j = 0; j < column_steps; ++j) {
        AddWindow(pixels, i * rows / row_steps, j * columns / column_steps);
      }
    }
  }

  double count() const { return count_; }
  double Mean(size_t i) const { return sums_[i] / count_; }
  double Covariance(size_t i, size_t j) const {
    return products_[std::max(i, j) * sums_.size() + std::min(i, j)] / count_ - Mean(i) * Mean(j);
  }

 private:
  void AddWindow(std::span<const double> pixels, int64_t row, int64_t column) {
    window_.clear();
    for (int64_t y = 0; y < layer_.kernel_h; ++y) {
      for (int64_t x = 0; x < layer_.kernel_w; ++x) {
        const int64_t place =
            ((row + y * layer_.dilation_h) * layer_.width + column + x * layer_.dilation_w) *
            layer_.channels;
        for (int64_t c = 0; c < layer_.channels; ++c) {
          window_.push_back(pixels[static_cast<size_t>(place + c)]);
        }
      }
    }
    for (size_t i = 0; i < window_.size(); ++i) {
      sums_[i] += window_[i];
      double* const row_of_i = &products_[i * window_.size()];
      for (size_t j = 0; j <= i; ++j) row_of_i[j] += window_[i] * window_[j];
    }
    count_ += 1;
  }

  const FirstLayer& layer_;
  std::vector<double> sums_;
  std::vector<double> products_;  // below the diagonal
  std::vector<double> window_;
  double count_ = 0;
};

// The median over the channels that vary; nothing where they are too few.
std::optional<double> Divergence(const FirstLayer& layer, const WindowMoments& moments,
                                 const PixelScaling& scaling) {
  const size_t size = layer.window();
  const auto channels = static_cast<size_t>(layer.channels);
  std::vector<double> divergences;
  std::vector<double> factors(size);
  for (size_t output = 0; output < layer.outputs(); ++output) {
    const double expected = layer.op->statistics->mean[output];
    const double deviation = layer.op->statistics->deviation[output];
    if (!(deviation > 1e-6)) continue;
    double mean = layer.bias[output];
    for (size_t i = 0; i < size; ++i) {
      const size_t channel = i % channels;
      factors[i] = static_cast<double>(layer.weights[output * size + i]) / scaling.std[channel];
      mean += factors[i] * (moments.Mean(i) - scaling.mean[channel]);
    }
    double variance = 0;
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) {
        variance += factors[i] * factors[j] * moments.Covariance(i, j);
      }
    }
    const double expected_variance = deviation * deviation;
    // Windows without any contrast have none; a thousandth of the deviation is as good as none.
    variance = std::max(variance, 1e-6 * expected_variance);
    const double shift = mean - expected;
    divergences.push_back(0.5 * ((variance + shift * shift) / expected_variance - 1 -
                                 std::log(variance / expected_variance)));
  }
  if (divergences.size() < kLeastChannels) return std::nullopt;
  const auto middle = divergences.begin() + static_cast<int64_t>(divergences.size() / 2);
  std::ranges::nth_element(divergences, middle);
  if (!std::isfinite(*middle)) return std::nullopt;
  return *middle;
}

// What pixels are usually made to, for colours in the order of red, green, blue.
std::vector<PixelScaling> UsualScalings(size_t channels) {
  const auto all = [&](float mean, float std) {
    return PixelScaling{std::vector<float>(channels, mean), std::vector<float>(channels, std)};
  };
  std::vector<PixelScaling> scalings = {all(127.5F, 127.5F), all(0.0F, 255.0F), all(0.0F, 1.0F),
                                        all(127.5F, 255.0F), all(0.0F, 127.5F)};
  if (channels == 3) {
    scalings.push_back({{123.675F, 116.28F, 103.53F}, {58.395F, 57.12F, 57.375F}});
    scalings.push_back({{103.939F, 116.779F, 123.68F}, {1.0F, 1.0F, 1.0F}});
  }
  return scalings;
}

std::vector<size_t> Spread(std::span<const size_t> images) {
  std::vector<size_t> chosen;
  const size_t count = std::min(images.size(), kFitImages);
  for (size_t i = 0; i < count; ++i) chosen.push_back(images[i * images.size() / count]);
  return chosen;
}

bool IsScaling(const PixelScaling& scaling, size_t channels) {
  return scaling.mean.size() == channels && scaling.std.size() == channels;
}

Json ScalingJson(const PixelScaling& scaling) {
  return {{"mean", scaling.mean}, {"std", scaling.std}};
}

}  // namespace

std::optional<InputFit> FitFirstLayer(const graph::Model& model, const PixelScaling& own,
                                      std::span<const size_t> images, const Read& read) {
  const std::optional<FirstLayer> layer = FindFirstLayer(model.graph);
  if (!layer) return std::nullopt;
  const auto channels = static_cast<size_t>(layer->channels);
  if (!IsScaling(own, channels)) return std::nullopt;
  WindowMoments moments(*layer);
  std::vector<float> values(static_cast<size_t>(layer->height * layer->width) * channels);
  std::vector<double> pixels(values.size());
  const std::vector<size_t> chosen = Spread(images);
  for (const size_t image : chosen) {
    read(image, values);
    for (size_t i = 0; i < values.size(); ++i) {
      pixels[i] = static_cast<double>(values[i]) * own.std[i % channels] + own.mean[i % channels];
    }
    moments.Add(pixels);
  }
  if (moments.count() == 0) return std::nullopt;
  const std::optional<double> divergence = Divergence(*layer, moments, own);
  if (!divergence) return std::nullopt;
  InputFit fit{.layer = SafeName(graph::DisplayName(model.graph, *layer->op)),
               .images = static_cast<int64_t>(chosen.size()),
               .divergence = *divergence,
               .others = {}};
  for (PixelScaling& other : UsualScalings(channels)) {
    if (other.mean == own.mean && other.std == own.std) continue;
    if (const auto its = Divergence(*layer, moments, other)) {
      fit.others.push_back({std::move(other), *its});
    }
  }
  return fit;
}

std::optional<InputReach> ReachOfInput(const graph::Model& artifact, const PixelScaling& own,
                                       std::span<const size_t> images, const Read& read) {
  const auto range = graph::FindInputRange(artifact.graph);
  if (!range || own.mean.empty() || !IsScaling(own, own.mean.size())) return std::nullopt;
  InputReach reach{.low = range->min, .high = range->max};
  for (size_t c = 0; c < own.mean.size(); ++c) {
    const double black = -static_cast<double>(own.mean[c]) / own.std[c];
    const double white = (255.0 - own.mean[c]) / own.std[c];
    const auto [low, high] = std::minmax(black, white);
    reach.pixels_low = c == 0 ? low : std::min(reach.pixels_low, low);
    reach.pixels_high = c == 0 ? high : std::max(reach.pixels_high, high);
  }
  const graph::Shape& shape = TensorAt(artifact.graph, artifact.graph.inputs[0]).shape;
  std::vector<float> values(static_cast<size_t>(graph::ElementCount(shape)));
  const double margin = (reach.high - reach.low) / 20;
  int64_t seen = 0;
  int64_t outside = 0;
  for (const size_t image : Spread(images)) {
    read(image, values);
    for (const float value : values) {
      if (value < reach.low - margin || value > reach.high + margin) ++outside;
    }
    seen += static_cast<int64_t>(values.size());
  }
  if (seen == 0) return std::nullopt;
  reach.outside = static_cast<double>(outside) / static_cast<double>(seen);
  return reach;
}

Json InputJson(const std::optional<InputFit>& fit, const std::optional<InputReach>& reach) {
  Json json;
  if (fit) {
    Json others = Json::array();
    for (const InputFit::Other& other : fit->others) {
      others.push_back(ScalingJson(other.scaling));
      others.back()["divergence"] = other.divergence;
    }
    json["fit"] = {{"layer", fit->layer},
                   {"images", fit->images},
                   {"divergence", fit->divergence},
                   {"others", std::move(others)}};
  }
  if (reach) {
    json["reach"] = {{"low", reach->low},
                     {"high", reach->high},
                     {"pixels_low", reach->pixels_low},
                     {"pixels_high", reach->pixels_high},
                     {"outside", reach->outside}};
  }
  return json;
}

}  // namespace qbench::worker
