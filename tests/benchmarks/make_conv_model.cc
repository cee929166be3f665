// Writes a float model of a size that takes as long as one wants: an image of SIDE x SIDE, LAYERS
// convolutions 3x3 of CHANNELS channels with RELU, the mean, a softmax over six classes. Weights
// are random: for latency alone. It has 9 x SIDE^2 x CHANNELS^2 MACs a layer after the first.
//
//     make_conv_model OUT.tflite SIDE CHANNELS LAYERS
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "base/files.h"
#include "graph/tflite/tflite_writer.h"

namespace qbench {
namespace {

using graph::OpKind;
using graph::TensorId;

constexpr int32_t kClasses = 6;

class Maker {
 public:
  graph::Model Make(int32_t side, int32_t channels, int layers) {
    graph::Graph& g = model_.graph;
    TensorId x = Activation({1, side, side, 3});
    g.inputs = {x};
    int32_t from = 3;
    for (int layer = 0; layer < layers; ++layer, from = channels) {
      graph::Conv2DOptions options;
      options.activation = graph::Activation::kRelu;
      x = Add(OpKind::kConv2D, options,
              {x, Weight({channels, 3, 3, from}, 9 * from), Weight({channels}, channels)},
              {1, side, side, channels});
    }
    const TensorId axes = g.AddConstant("axes", {2}, std::vector<int32_t>{1, 2});
    x = Add(OpKind::kMean, graph::MeanOptions{}, {x, axes}, {1, from});
    x = Add(OpKind::kFullyConnected, graph::FullyConnectedOptions{},
            {x, Weight({kClasses, from}, from), Weight({kClasses}, from)}, {1, kClasses});
    g.outputs = {Add(OpKind::kSoftmax, graph::SoftmaxOptions{}, {x}, {1, kClasses})};
    return model_;
  }

 private:
  TensorId Activation(const graph::Shape& shape) {
    return model_.graph.AddTensor(
        {.name = fmt::format("t{}", model_.graph.tensors.size()), .shape = shape});
  }
  // Of a size that keeps activations from growing.
  TensorId Weight(const graph::Shape& shape, int32_t inputs) {
    const double limit = 2.0 / inputs;
    std::vector<float> values(static_cast<size_t>(graph::ElementCount(shape)));
    for (float& value : values) {
      value = static_cast<float>(limit * (static_cast<double>(random_()) / random_.max() - 0.4));
    }
    return model_.graph.AddConstant(fmt::format("w{}", model_.graph.tensors.size()), shape, values);
  }
  TensorId Add(OpKind kind, graph::OpOptions options, std::vector<TensorId> inputs,
               const graph::Shape& shape) {
    const TensorId out = Activation(shape);
    model_.graph.ops.push_back({kind, std::move(options), std::move(inputs), {out}, ""});
    return out;
  }

  graph::Model model_;
  std::mt19937 random_{1};
};

Status Write(const char* file, int32_t side, int32_t channels, int layers) {
  if (side < 3 || channels < 1 || layers < 1) {
    return Error(StatusCode::kInvalidArgument, "SIDE from 3, CHANNELS and LAYERS from 1");
  }
  QB_ASSIGN_OR_RETURN(const Bytes bytes, graph::WriteTflite(Maker().Make(side, channels, layers)));
  return WriteFileAtomically(file, ByteSpan(bytes));
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: make_conv_model OUT.tflite SIDE CHANNELS LAYERS\n", stderr);
    return 2;
  }
  const qbench::Status status =
      qbench::Write(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
  if (status.ok()) return 0;
  fmt::print(stderr, "make_conv_model: {}\n", status.message());
  return 2;
}
