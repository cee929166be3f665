#include "graph/import/onnx/onnx_patterns.h"

#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/import/onnx/onnx_tensor.h"

namespace qbench::graph::import::onnx {
namespace {

// The node that makes a name, its only reader, and names that are one number.
struct Names {
  std::map<std::string, pb::NodeProto*> made_by;
  std::map<std::string, std::vector<pb::NodeProto*>> read_by;
  std::map<std::string, double> numbers;
};

std::optional<double> OneNumber(const pb::TensorProto& tensor) {
  if (tensor.data_type() != kFloat || tensor.dims_size() > 1) return std::nullopt;
  if (tensor.dims_size() == 1 && tensor.dims(0) != 1) return std::nullopt;
  if (tensor.float_data_size() == 1) return tensor.float_data(0);
  if (tensor.raw_data().size() != sizeof(float)) return std::nullopt;
  float value;
  std::memcpy(&value, tensor.raw_data().data(), sizeof(float));
  return value;
}

Names FindNames(pb::GraphProto& graph) {
  Names names;
  for (const pb::TensorProto& tensor : graph.initializer()) {
    if (const auto number = OneNumber(tensor)) names.numbers[tensor.name()] = *number;
  }
  for (pb::NodeProto& node : *graph.mutable_node()) {
    for (const std::string& input : node.input()) names.read_by[input].push_back(&node);
    for (const std::string& output : node.output()) names.made_by[output] = &node;
    if (node.op_type() != "Constant" || node.output_size() != 1) continue;
    for (const pb::AttributeProto& attribute : node.attribute()) {
      const auto number = attribute.name() == "value" && attribute.has_t()
                              ? OneNumber(attribute.t())
                          : attribute.name() == "value_float" ? std::optional<double>(attribute.f())
                                                              : std::nullopt;
      if (number) names.numbers[node.output(0)] = *number;
    }
  }
  for (const pb::ValueInfoProto& output : graph.output()) {
    names.read_by[output.name()].push_back(nullptr);
  }
  return names;
}

bool IsNear(double a, double b) { return std::abs(a - b) < 1e-4 * std::abs(b); }

// The only node that reads what `node` makes, if it is of that operator.
pb::NodeProto* Next(const Names& names, const pb::NodeProto& node, std::string_view op_type) {
  const auto found = names.read_by.find(node.output(0));
  if (found == names.read_by.end() || found->second.size() != 1) return nullptr;
  pb::NodeProto* next = found->second[0];
  const bool fits = next != nullptr && next->op_type() == op_type && next->input_size() == 2 &&
                    next->output_size() == 1;
  return fits ? next : nullptr;
}

const std::string& Other(const pb::NodeProto& node, const std::string& input) {
  return node.input(node.input(0) == input ? 1 : 0);
}

// The other operand where one is this number.
std::optional<std::string> Operand(const Names& names, const pb::NodeProto& node, double number,
                                   bool either) {
  if (node.input_size() != 2) return std::nullopt;
  for (int i = either ? 0 : 1; i < 2; ++i) {
    const auto found = names.numbers.find(node.input(i));
    if (found != names.numbers.end() && IsNear(found->second, number)) return node.input(1 - i);
  }
  return std::nullopt;
}

// x, where the input of erf is x / sqrt(2).
std::optional<std::string> OfErf(const Names& names, const pb::NodeProto& erf) {
  const auto found = names.made_by.find(erf.input(0));
  if (found == names.made_by.end()) return std::nullopt;
  const pb::NodeProto& node = *found->second;
  if (node.op_type() == "Div") return Operand(names, node, std::sqrt(2.0), false);
  if (node.op_type() == "Mul") return Operand(names, node, std::sqrt(0.5), true);
  return std::nullopt;
}

// Whether `name` is x / 2.
bool IsHalf(const Names& names, const std::string& name, const std::string& x) {
  const auto found = names.made_by.find(name);
  if (found == names.made_by.end()) return false;
  const pb::NodeProto& node = *found->second;
  return (node.op_type() == "Mul" && Operand(names, node, 0.5, true) == x) ||
         (node.op_type() == "Div" && Operand(names, node, 2.0, false) == x);
}

// The last node of the formula: x * (1 + erf) * 0.5, x * 0.5 * (1 + erf) or x * ((1 + erf) * 0.5).
pb::NodeProto* LastOf(const Names& names, const pb::NodeProto& erf, const std::string& x) {
  const pb::NodeProto* sum = Next(names, erf, "Add");
  if (sum == nullptr || !Operand(names, *sum, 1.0, true)) return nullptr;
  pb::NodeProto* product = Next(names, *sum, "Mul");
  if (product == nullptr) return nullptr;
  const std::string& factor = Other(*product, sum->output(0));
  if (IsHalf(names, factor, x)) return product;
  if (factor == x) {
    pb::NodeProto* half = Next(names, *product, "Mul");
    return half != nullptr && Operand(names, *half, 0.5, true) ? half : nullptr;
  }
  if (!Operand(names, *product, 0.5, true)) return nullptr;
  pb::NodeProto* last = Next(names, *product, "Mul");
  return last != nullptr && Other(*last, product->output(0)) == x ? last : nullptr;
}

}  // namespace

void FindGelu(pb::GraphProto& graph) {
  const Names names = FindNames(graph);
  for (pb::NodeProto& node : *graph.mutable_node()) {
    if (node.op_type() != "Erf" || node.input_size() != 1 || node.output_size() != 1) continue;
    const std::optional<std::string> x = OfErf(names, node);
    if (!x) continue;
    pb::NodeProto* last = LastOf(names, node, *x);
    if (last == nullptr) continue;
    const std::string input = *x;
    last->clear_input();
    last->clear_attribute();
    last->add_input(input);
    last->set_op_type("Gelu");
    last->clear_domain();
    // What made erf and the sum is needed by nothing: the sum's only reader was in the formula.
    node.set_op_type("Identity");
  }
}

}  // namespace qbench::graph::import::onnx
