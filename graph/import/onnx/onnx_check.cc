#include <algorithm>
#include <string>
#include <vector>

#include "base/one_line.h"
#include "fmt/ranges.h"
#include "graph/import/onnx/onnx_fold.h"
#include "graph/import/onnx/onnx_import.h"

namespace qbench::graph::import::onnx {
namespace {

// No real model has as many; it bounds the search among them.
constexpr size_t kMostKinds = 1000;
constexpr size_t kMostNamed = 12;

struct Missing {
  std::string op_type;  // with its domain, where that is not ONNX's own
  std::string first;    // a node's name
  size_t count = 0;
};

bool IsOwn(const pb::NodeProto& node) {
  return node.domain().empty() || node.domain() == "ai.onnx";
}

std::vector<Missing> ListMissing(const pb::GraphProto& graph) {
  std::vector<Missing> missing;
  for (const pb::NodeProto& node : graph.node()) {
    const bool known = FindNodeBuilder(node.op_type()) != nullptr || IsFolded(node.op_type());
    if (known && IsOwn(node)) continue;
    const std::string op_type =
        IsOwn(node) ? node.op_type() : fmt::format("{}.{}", node.domain(), node.op_type());
    auto found = std::ranges::find(missing, op_type, &Missing::op_type);
    if (found == missing.end()) {
      if (missing.size() == kMostKinds) continue;
      const std::string& name =
          node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
      found = missing.insert(found, {op_type, name, 0});
    }
    ++found->count;
  }
  return missing;
}

}  // namespace

Status CheckNodes(const pb::GraphProto& graph) {
  const std::vector<Missing> missing = ListMissing(graph);
  if (missing.empty()) return OkStatus();
  std::vector<std::string> texts;
  for (const Missing& one : missing) {
    if (texts.size() == kMostNamed) {
      texts.push_back(fmt::format("{} more operators", missing.size() - kMostNamed));
      break;
    }
    texts.push_back(fmt::format("{} (node \"{}\"{})", SafeName(one.op_type), SafeName(one.first),
                                one.count == 1 ? "" : fmt::format(" and {} more", one.count - 1)));
  }
  return Error(StatusCode::kUnsupported,
               "operators that cannot be read: {}; build the model without them, or convert it to "
               ".tflite by other means: qbench measures that file as it is",
               fmt::join(texts, ", "));
}

}  // namespace qbench::graph::import::onnx
