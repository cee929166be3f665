// Makes one XNNPACK runtime of operators of the model library's graph.
//
// What XNNPACK lacks (its version of February 2022, Debian 12's; newer ones have more, but not
// under functions that both have): 16-bit activations; CONCATENATION and TANH; in int8 and uint8
// also SOFTMAX, AVERAGE_POOL_2D that is not over the whole input, HARD_SWISH, LEAKY_RELU, and
// changes from one scale to another (QUANTIZE of integers, RELU with two scales); MEAN other than
// over height and width. Weights that are not constant.
#pragma once

#include <map>
#include <vector>

#include "graph/ir.h"
#include "plugins/runtimes/xnnpack/constant_store.h"
#include "plugins/runtimes/xnnpack/partition.h"
#include "plugins/runtimes/xnnpack/xnnpack_library.h"

namespace qbench::xnnpack {

class SubgraphBuilder {
 public:
  // `graph` and `constants` outlive what Finish gives. The values of the step's inputs and outputs
  // get the external ids 0, 1, …: the inputs first.
  static Result<SubgraphBuilder> Create(const graph::Graph& graph, ConstantStore& constants,
                                        const Step& step);

  // kUnsupported, saying why, where XNNPACK has no such operator. Some refusals come from Finish
  // alone (scales too far apart, say).
  Status Define(const graph::Op& op);

  // Packs the weights. `pool` may be null: one thread.
  Result<RuntimePtr> Finish(pthreadpool_t pool);

 private:
  using ValueId = uint32_t;
  struct ValueSpec;

  SubgraphBuilder(const graph::Graph& graph, ConstantStore& constants)
      : graph_(&graph), constants_(&constants) {}

  const graph::Tensor& At(graph::TensorId id) const {
    return graph_->tensors[static_cast<size_t>(id)];
  }
  const graph::Tensor& Input(const graph::Op& op) const { return At(op.inputs[0]); }
  const graph::Tensor& Output(const graph::Op& op) const { return At(op.outputs[0]); }

  // subgraph_builder.cc: values.
  Result<ValueId> DefineValue(const ValueSpec& spec);
  Result<ValueId> Activation(graph::TensorId id, uint32_t external_id, uint32_t flags);
  Result<ValueId> Activation(graph::TensorId id);
  // A value inside the subgraph like tensor `id` but for its shape.
  Result<ValueId> Reshaped(graph::TensorId id, const graph::Shape& shape);
  Result<ValueId> Filter(const graph::Op& op, const graph::Shape& shape);
  Result<ValueId> Bias(const graph::Op& op);

  // subgraph_operators.cc.
  Status DefineBinary(const graph::Op& op);
  Status DefineExtremum(const graph::Op& op);
  Status DefineResizeBilinear(const graph::Op& op);
  Status DefineElu(const graph::Op& op);
  Status DefineSqrt(const graph::Op& op);
  Status DefinePrelu(const graph::Op& op);
  Status DefineConv2D(const graph::Op& op);
  Status DefineDepthwiseConv2D(const graph::Op& op);
  Status DefineFullyConnected(const graph::Op& op);
  Status DefinePerChannelFullyConnected(const graph::Op& op);
  Status DefinePool2D(const graph::Op& op);
  Status DefineMean(const graph::Op& op);
  Status DefineGlobalAverage(const graph::Op& op, graph::Activation activation);
  Status DefinePad(const graph::Op& op);
  Status DefineReshape(const graph::Op& op);
  template <typename Function>
  Status DefineUnary(const graph::Op& op, const Function& define);
  Status DefineClamp(const graph::Op& op);
  Status DefineLogistic(const graph::Op& op);
  Status DefineLeakyRelu(const graph::Op& op);
  Status DefineHardSwish(const graph::Op& op);
  Status DefineSoftmax(const graph::Op& op);
  Status DefineConversion(const graph::Op& op);
  Status CopyReshaped(ValueId from, ValueId to, const graph::Shape& shape);

  const graph::Graph* graph_;
  ConstantStore* constants_;
  SubgraphPtr subgraph_;
  std::map<graph::TensorId, ValueId> values_;
};

}  // namespace qbench::xnnpack
