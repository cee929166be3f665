// What the builder of a layer sees of it and of the graph that is being made: options, inputs,
// weights, and the means to add operators. Every error names the layer and its class.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "graph/import/graph_builder.h"
#include "graph/import/keras/keras_config.h"
#include "graph/import/keras/keras_file.h"
#include "graph/ir.h"

namespace qbench::graph::import {

// What helps where a model cannot be imported: the end of a message.
inline constexpr char kConvertInstead[] =
    "or convert the model where it is built, with tf.lite.TFLiteConverter: qbench measures that "
    ".tflite as it is, and quantizes it where it knows all operators (qbench inspect says)";

// The graph under construction and what is shared between its layers.
struct KerasImport {
  GraphBuilder builder;
  std::map<std::string, TensorId> weights;  // by name; a layer called twice has them once
  // What keeps a weight's data alive: constants that hold them where the file's reader put them.
  // When the last goes, after the import, their memory does.
  std::map<const uint8_t*, std::shared_ptr<const void>> data_owners;
  const KerasFile* file = nullptr;
  // Of a .keras file: its groups by their paths.
  std::map<std::string, const KerasWeightGroup*> groups;
  // Some layer has its channels before height and width.
  bool channels_first = false;
  // Of wrapped layers whose weights at inference are not those of the file.
  std::vector<std::unique_ptr<KerasWeightGroup>> replaced_groups;
};

// Among the names of a variable: whatever it is called, if it is the layer's only one.
inline constexpr std::string_view kAnyVariable = "*";

// What a number or list of NumPy stands for; anything else as it is.
const Json& Plain(const Json& json);

// A layer's options, read with their types. A key that is missing or null gives the fallback.
class LayerOptions {
 public:
  // `layer` is its name below the outermost model ("outer/inner").
  LayerOptions(std::string layer, std::string class_name, const Json& config);

  const std::string& name() const { return name_; }
  const std::string& class_name() const { return class_name_; }
  // Another name under which the file may have the layer's weights: of a layer in a wrapper, the
  // wrapper's. Empty: none.
  const std::string& other_name() const { return other_name_; }
  void SetOtherName(std::string name) { other_name_ = std::move(name); }
  const Json& config() const { return config_; }

  bool Has(const char* key) const;  // there, and not null
  const Json& operator[](const char* key) const;

  // kCorrupt where the value is of another type or out of range. Sizes of windows are 1 to 4096,
  // those of filters and units (SizeOfWeights, which must be there) 1 to 2^24.
  Result<bool> Bool(const char* key, bool fallback) const;
  Result<double> Number(const char* key, double fallback) const;
  Result<std::string> Text(const char* key, std::string fallback) const;
  Result<int32_t> Size(const char* key, int32_t fallback) const;
  Result<int32_t> SizeOfWeights(const char* key) const;
  // One size for both directions, or [height, width].
  using Pair = std::pair<int32_t, int32_t>;
  Result<Pair> SizePair(const char* key, int32_t fallback) const;
  // The same of a part of an option, with numbers from `low`.
  Result<Pair> ReadPair(const Json& json, const char* key, int32_t low) const;
  // One number, or a list of them nested in lists of one ([[[a, b, c]]]).
  Result<std::vector<float>> Numbers(const char* key, float fallback) const;

  Result<Padding> ReadPadding() const;
  // The option `axis` (a number or a list of one, from either end) is the last of `rank`.
  bool AxisIsLast(size_t rank) const;
  // The option `axis`, from the front; by default the last. kUnsupported where there are several,
  // or it is the batch.
  Result<size_t> OneAxis(size_t rank) const;
  // kUnsupported where the option data_format is not channels_last. (Where it is channels_first,
  // the layer is built as one of channels_last, between two that turn the image.)
  Status CheckChannelsLast() const;

  // kCorrupt: what Keras cannot have written. kUnsupported: what qbench cannot read.
  Status Corrupt(std::string_view what) const;
  Status Unsupported(std::string_view what) const;
  // kUnsupported for the value of an option, with what can be done about any of them.
  Status UnsupportedOption(std::string_view what) const;

 private:
  std::string name_;
  std::string class_name_;
  std::string other_name_;
  const Json& config_;
};

// One call of a layer.
class LayerCall {
 public:
  // `weights` may be null: the layer has none in the file. `arguments`: KerasCall::arguments.
  LayerCall(KerasImport& import, const LayerOptions& options, const KerasWeightGroup* weights,
            bool nested, std::vector<TensorId> inputs, const Json* arguments = nullptr);

  const LayerOptions& options() const { return options_; }
  const std::vector<TensorId>& inputs() const { return inputs_; }
  bool is_keras3() const;
  bool in_channels_first_model() const { return import_.channels_first; }
  // A call of the same layer, or of a part of it that has options of its own, on other inputs. The
  // part's weights are those of the layer, or in a .keras file in a group of its own below the
  // layer's, called by one of `groups`.
  LayerCall With(const LayerOptions& options, std::vector<TensorId> inputs) const;
  LayerCall Part(const LayerOptions& options, std::initializer_list<std::string_view> groups,
                 std::vector<TensorId> inputs) const;
  // The input that is called so, or stands at that place; nothing where there is none.
  std::optional<TensorId> NamedInput(const char* name, size_t place) const;
  // Of an operator: what it is called with at that place, null where there is nothing; and the
  // tensor that such an argument is, if it is one.
  const Json& Argument(size_t index) const;
  std::optional<TensorId> TensorOf(const Json& argument) const;
  // The only input; kCorrupt where there are more or none, or where its rank is not `rank` (0:
  // any).
  Result<TensorId> Input(size_t rank = 0) const;
  const Shape& ShapeOf(TensorId tensor) const {
    return import_.builder.graph.tensors[tensor].shape;
  }
  int32_t Channels(TensorId tensor) const { return ShapeOf(tensor).back(); }
  // The operator of an earlier layer that makes the tensor, or null. Until one is added.
  const Op* MakerOf(TensorId tensor) const;
  // The values of an int32 constant.
  std::vector<int32_t> IntegersOf(TensorId constant) const {
    return import_.builder.graph.tensors[constant].constant->Values<int32_t>();
  }

  // The layer's variable of one of these names, which differ between versions of Keras. kCorrupt
  // where it is missing, ambiguous, of another shape or not of a floating-point type.
  // Asked for in the order in which Keras makes them: .keras files tell variables by that alone.
  Result<std::vector<float>> Weight(std::initializer_list<std::string_view> names,
                                    const std::vector<int64_t>& dims);
  // The same as a constant of `shape`, with the last dimension of `dims` first; its data are not
  // copied. The same tensor at every call of a shared layer.
  Result<TensorId> Kernel(std::string_view name, const std::vector<int64_t>& dims, Shape shape);

  // A weight of the layer, in TensorFlow Lite's layout; the same tensor at every call of a shared
  // layer. `suffix` tells the layer's constants apart.
  TensorId WeightConstant(std::string_view suffix, Shape shape, const std::vector<float>& values);
  // A constant that may differ from call to call.
  template <typename T>
  TensorId Constant(std::string_view suffix, Shape shape, const std::vector<T>& values) {
    return import_.builder.graph.AddConstant(UniqueName(suffix), std::move(shape), values);
  }

  // Adds an operator of this layer and returns its output. kCorrupt or kUnsupported where inputs
  // and options do not fit together, or the tensor would be absurdly large.
  Result<TensorId> Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs);
  Result<TensorId> Emit(OpKind kind, std::vector<TensorId> inputs) {
    return Emit(kind, DefaultOptions(kind), std::move(inputs));
  }
  // What is known of the outputs of the operator that was added last.
  void SetStatistics(OutputStatistics statistics) {
    import_.builder.graph.ops.back().statistics = std::move(statistics);
  }
  // Of a layer that stands in wrappers: the outermost one's name, with the models around it.
  void SetWrapper(std::string name) { wrapper_name_ = std::move(name); }
  // Gives `tensor`, an activation, the range in the layer's (or its wrapper's) variables
  // `stem`_min and `stem`_max; false where there are none. kCorrupt where they are no range.
  Result<bool> LearnRange(TensorId tensor, std::string_view stem);
  // What the wrappers around `layer` leave on its weights and its output, once its operators, from
  // `first_op` on, are there. (quantized_layers.cc)
  Status TakeWrapper(const KerasLayer& layer, TensorId output, size_t first_op);
  // kCorrupt where the file has variables of the layer that were not asked for, as far as it can
  // be told: of a .keras file, where any were.
  Status CheckAllTaken() const;
  // Gives the layer's name to its last tensor.
  void NameOutput(TensorId output);

 private:
  Result<std::optional<LearnedRange>> FindRange(std::string_view stem);
  Status LearnWeightRanges(size_t first_op);
  Status CheckWrapperVariables(const KerasLayer& layer) const;
  // A variable of the wrapper, or of the layer where there is none; null where it has none.
  const KerasWeight* OwnVariable(std::string_view variable) const;
  std::string UniqueName(std::string_view suffix);
  Result<const KerasWeight*> FindWeight(std::initializer_list<std::string_view> names,
                                        const std::vector<int64_t>& dims);
  // By its name, or by its place alone: null where there is none.
  Result<const KerasWeight*> FindByName(std::initializer_list<std::string_view> names) const;
  Result<const KerasWeight*> TakeNext(std::string_view name);
  // The tensor of an earlier call, or a new one with what `make` returns.
  TensorId SharedConstant(std::string_view suffix, Shape shape,
                          const std::function<graph::Constant()>& make);

  KerasImport& import_;
  const LayerOptions& options_;
  const KerasWeightGroup* weights_;
  bool nested_;
  std::vector<TensorId> inputs_;
  const Json* arguments_;
  std::string wrapper_name_;
  size_t taken_ = 0;     // of the weights, where they are in order
  size_t first_tensor_;  // tensors before this one are not of this call
};

}  // namespace qbench::graph::import
