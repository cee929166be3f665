// Frozen TensorFlow graphs (graph/import/tensorflow/tf_model.h). Most mutations keep the message
// sound, and change a node's operator, inputs, attributes or values.
#include <random>

#include "graph/import/tensorflow/tf_model.h"
#include "tensorflow.pb.h"
#include "tests/fuzz/keras_target.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

constexpr const char* kSeeds[] = {"tf_slim.pb", "tf_fake_quant.pb", "tf_tokens.keras2.pb",
                                  "tf_tokens.keras3.pb"};

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const char* name : kSeeds) {
    Result<Bytes> file = ReadFile(KerasSeed(name));
    if (!file.ok()) Fail(file.status().message());
    seeds.push_back(std::move(*file));
  }
  return seeds;
}

using Random = std::mt19937_64;

int Below(Random& random, int count) {
  return static_cast<int>(random() % static_cast<uint64_t>(count));
}

int64_t OddNumber(Random& random) {
  constexpr int64_t kNumbers[] = {0, -1, 1, 2, 7, 1 << 20, INT32_MAX, INT64_MIN, INT64_MAX};
  return kNumbers[random() % std::size(kNumbers)];
}

void ChangeValue(tensorflow::TensorValue& value, Random& random) {
  const int dims = value.tensor_shape().dim_size();
  const int choice = Below(random, 4);
  if (choice == 0) value.set_dtype(Below(random, 24));
  if (choice == 1 && dims > 0) {
    value.mutable_tensor_shape()->mutable_dim(Below(random, dims))->set_size(OddNumber(random));
  }
  if (choice == 2) value.mutable_tensor_content()->resize(random() % 64);
  if (choice == 3 && value.int_val_size() > 0) {
    value.set_int_val(Below(random, value.int_val_size()), static_cast<int32_t>(OddNumber(random)));
  }
  // Most whole numbers are raw bytes.
  if (std::string& content = *value.mutable_tensor_content(); !content.empty()) {
    content[random() % content.size()] = static_cast<char>(random());
  }
}

void ChangeAttribute(tensorflow::Node& node, Random& random) {
  std::vector<std::string> keys;  // a map has another order each time
  for (const auto& [key, value] : node.attr()) keys.push_back(key);
  if (keys.empty()) return;
  std::ranges::sort(keys);
  tensorflow::Attribute& attribute = (*node.mutable_attr())[keys[random() % keys.size()]];
  if (attribute.has_tensor()) return ChangeValue(*attribute.mutable_tensor(), random);
  if (attribute.has_i()) attribute.set_i(OddNumber(random));
  if (attribute.has_f()) attribute.set_f(static_cast<float>(OddNumber(random)));
  if (attribute.has_b()) attribute.set_b(!attribute.b());
  if (attribute.has_s()) attribute.set_s(random() % 2 == 0 ? "VALID" : "SAME");
  if (attribute.has_shape() && attribute.shape().dim_size() > 0) {
    auto& shape = *attribute.mutable_shape();
    shape.mutable_dim(Below(random, shape.dim_size()))->set_size(OddNumber(random));
  }
  auto* list = attribute.has_list() ? attribute.mutable_list() : nullptr;
  if (list != nullptr && list->i_size() > 0) {
    list->set_i(Below(random, list->i_size()), OddNumber(random));
  }
}

Bytes Mutate(const Bytes& input, uint64_t seed) {
  tensorflow::Graph graph;
  if (seed % 8 == 0 || !graph.ParseFromArray(input.data(), static_cast<int>(input.size())) ||
      graph.node_size() == 0) {
    return Mutator(seed).Mutate(input);
  }
  Random random(seed);
  const int changes = 1 + Below(random, 3);
  for (int i = 0; i < changes; ++i) {
    tensorflow::Node& node = *graph.mutable_node(Below(random, graph.node_size()));
    const tensorflow::Node& other = graph.node(Below(random, graph.node_size()));
    switch (Below(random, 4)) {
      case 0:
        node.set_op(other.op());
        break;
      case 1:
        if (node.input_size() > 0)
          *node.mutable_input(Below(random, node.input_size())) = other.name();
        break;
      default:
        ChangeAttribute(node, random);
    }
  }
  return BytesOf(graph.SerializeAsString());
}

bool Run(ByteSpan input) {
  return Judge(graph::import::ReadFrozenGraph(ScratchFile("m.pb", input)));
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"graphdef", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
