// ONNX files (graph/import/onnx/onnx_model.h). A mutation changes the file's bytes, or one number
// or name of its messages, which leaves the protobuf sound.
#include <random>

#include "graph/import/onnx/onnx_model.h"
#include "onnx.pb.h"
#include "tests/fuzz/judge_model.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

namespace pb = ::qbench::onnx_proto;

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const char* name :
       {"activations", "arithmetic", "attention",    "channels_last", "convolutions", "dense",
        "flatten",     "gelu",       "merged_heads", "normalization", "operators9",   "operators10",
        "pooling",     "products",   "quantized",    "resize",        "rows",         "shapes",
        "shuffle",     "transposed", "types",        "windows"}) {
    Result<Bytes> file = ReadFile(std::filesystem::path(QBENCH_SOURCE_DIR) /
                                  "tests/import/data/onnx" / (std::string(name) + ".onnx"));
    if (!file.ok()) Fail(file.status().message());
    seeds.push_back(std::move(*file));
  }
  return seeds;
}

class MessageMutator {
 public:
  explicit MessageMutator(uint64_t seed) : random_(seed) {}

  void Change(pb::GraphProto& graph) {
    if (graph.node_size() == 0) return;
    pb::NodeProto& node = *graph.mutable_node(Below(graph.node_size()));
    switch (Below(6)) {
      case 0:
        return Tensor(graph);
      case 1:
        return Attribute(node);
      case 2:  // another input, of any node
        if (node.input_size() > 0) *node.mutable_input(Below(node.input_size())) = AnyName(graph);
        return;
      case 3:  // another operator
        node.set_op_type(graph.node(Below(graph.node_size())).op_type());
        return;
      case 4:
        if (Below(2) == 0) {
          node.add_input(AnyName(graph));
        } else if (node.input_size() > 0) {
          node.mutable_input()->RemoveLast();
        }
        return;
      default:
        graph.mutable_node()->SwapElements(Below(graph.node_size()), Below(graph.node_size()));
    }
  }

 private:
  int Below(int limit) { return static_cast<int>(random_() % static_cast<uint64_t>(limit)); }

  int64_t Number() {
    constexpr int64_t kNumbers[] = {
        0,         1,        2, 3, 4, 7, 8, 13, -1, -2, 255, 1 << 16, 1 << 30, int64_t{1} << 40,
        INT64_MAX, INT64_MIN};
    return kNumbers[Below(16)];
  }

  std::string AnyName(const pb::GraphProto& graph) {
    if (graph.initializer_size() > 0 && Below(2) == 0) {
      return graph.initializer(Below(graph.initializer_size())).name();
    }
    const pb::NodeProto& node = graph.node(Below(graph.node_size()));
    return node.output_size() > 0 ? node.output(0) : "x";
  }

  void Tensor(pb::GraphProto& graph) {
    if (graph.initializer_size() == 0) return;
    pb::TensorProto& tensor = *graph.mutable_initializer(Below(graph.initializer_size()));
    if (tensor.dims_size() > 0 && Below(2) == 0) {
      tensor.set_dims(Below(tensor.dims_size()), Number());
    } else if (Below(4) == 0) {
      tensor.set_data_type(Below(20));
    } else if (tensor.raw_data().size() >= sizeof(int64_t)) {
      const int64_t number = Number();
      const size_t last = tensor.raw_data().size() / sizeof(int64_t);
      std::memcpy(tensor.mutable_raw_data()->data() +
                      static_cast<size_t>(Below(static_cast<int>(last))) * sizeof(int64_t),
                  &number, sizeof(int64_t));
    }
  }

  void Attribute(pb::NodeProto& node) {
    if (node.attribute_size() == 0) return;
    pb::AttributeProto& attribute = *node.mutable_attribute(Below(node.attribute_size()));
    if (attribute.ints_size() > 0) {
      attribute.set_ints(Below(attribute.ints_size()), Number());
    } else if (Below(4) == 0) {
      attribute.set_f(Below(2) == 0 ? 1e30F : -3.5F);
    } else {
      attribute.set_i(Number());
    }
  }

  std::mt19937_64 random_;
};

Bytes Mutate(const Bytes& input, uint64_t seed) {
  pb::ModelProto model;
  if (seed % 4 == 0 || !model.ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    return Mutator(seed).Mutate(input);
  }
  MessageMutator mutator(seed);
  for (uint64_t i = 0; i <= seed % 3; ++i) mutator.Change(*model.mutable_graph());
  return BytesOf(model.SerializeAsString());
}

bool Run(ByteSpan input) {
  return Judge(graph::import::ReadOnnxModel(ScratchFile("m.onnx", input)));
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"onnx", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
