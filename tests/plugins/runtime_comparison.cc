#include "tests/plugins/runtime_comparison.h"

#include <dlfcn.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "graph/tflite/tflite_writer.h"

namespace qbench {
namespace {

const qbench_runtime_factory* FactoryOf(const std::string& id) {
  const std::string path = std::string(QBENCH_BINARY_DIR "/lib/qbench/plugins/") + id + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  const auto* entry =
      static_cast<const qbench_plugin_entry_t*>(dlsym(library, "qbench_plugin_entry"));
  if (entry == nullptr || entry->init(path.c_str()) != QBENCH_OK) return nullptr;
  return static_cast<const qbench_runtime_factory*>(entry->get_factory(QBENCH_RUNTIME_FACTORY));
}

template <typename T>
void AddDifference(const Bytes& a, const Bytes& b, TensorDifference& difference) {
  for (size_t i = 0; i + sizeof(T) <= a.size(); i += sizeof(T)) {
    const T x = LoadUnaligned<T>(ByteSpan(a).subspan(i));
    const T y = LoadUnaligned<T>(ByteSpan(b).subspan(i));
    const double apart = std::abs(static_cast<double>(x) - static_cast<double>(y));
    ++difference.elements;
    if (std::memcmp(&x, &y, sizeof(T)) != 0) ++difference.different;
    // A NaN in one of them is infinitely far off.
    difference.largest = std::max(difference.largest, std::isnan(apart) ? HUGE_VAL : apart);
  }
}

void Compare(graph::DataType type, const Bytes& a, const Bytes& b, TensorDifference& difference) {
  switch (type) {
    case graph::DataType::kFloat32:
      return AddDifference<float>(a, b, difference);
    case graph::DataType::kInt8:
      return AddDifference<int8_t>(a, b, difference);
    case graph::DataType::kInt16:
      return AddDifference<int16_t>(a, b, difference);
    default:
      return AddDifference<uint8_t>(a, b, difference);
  }
}

struct FreeDeleter {
  void operator()(uint8_t* memory) const { std::free(memory); }
};

}  // namespace

Result<PluginModel> PluginModel::Load(const std::string& id, const qbench_option& option,
                                      ByteSpan bytes) {
  const qbench_runtime_factory* factory = FactoryOf(id);
  qbench_runtime* runtime = nullptr;
  if (factory == nullptr || factory->create(nullptr, id.c_str(), &runtime) != QBENCH_OK) {
    return Error(StatusCode::kUnsupported, "cannot load the plugin {}", id);
  }
  PluginModel model(runtime);
  QB_RETURN_IF_ERROR(model.StatusOf(runtime->init(runtime, &option, 1, 1)));
  QB_RETURN_IF_ERROR(model.StatusOf(runtime->load(runtime, bytes.data(), bytes.size())));
  return model;
}

Status PluginModel::StatusOf(qbench_status status) const {
  if (status == QBENCH_OK) return OkStatus();
  return Error(status == QBENCH_UNSUPPORTED ? StatusCode::kUnsupported : StatusCode::kInternal,
               "{}", runtime_->last_error(runtime_.get()));
}

Status PluginModel::Run(const std::vector<Bytes>& inputs) {
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    QB_RETURN_IF_ERROR(
        StatusOf(runtime_->set_input(runtime_.get(), i, inputs[i].data(), inputs[i].size())));
  }
  return StatusOf(runtime_->invoke(runtime_.get()));
}

Result<Bytes> PluginModel::Output(size_t index, size_t size) const {
  Bytes bytes(size);
  QB_RETURN_IF_ERROR(StatusOf(runtime_->get_output(runtime_.get(), static_cast<uint32_t>(index),
                                                   bytes.data(), bytes.size())));
  return bytes;
}

std::string WhyNoLitert() {
  const qbench_runtime_factory* factory = FactoryOf("litert");
  if (factory == nullptr) return "cannot load the plugin litert";
  std::array<char, 512> reason{};
  const bool works = factory->probe("litert", reason.data(), reason.size()) == QBENCH_OK;
  return works ? "" : reason.data();
}

graph::Model WithEveryOutput(graph::Model model) {
  model.signature.reset();
  model.graph.outputs.clear();
  for (const graph::Op& op : model.graph.ops) model.graph.outputs.push_back(op.outputs[0]);
  return model;
}

Result<std::vector<TensorDifference>> CompareWithLitert(
    const graph::Model& model, const std::string& mode,
    const std::vector<std::vector<Bytes>>& inputs) {
  const graph::Model instrumented = WithEveryOutput(model);
  QB_ASSIGN_OR_RETURN(const Bytes file, graph::WriteTflite(instrumented));
  const size_t rounded = (file.size() + 63) / 64 * 64;
  const std::unique_ptr<uint8_t, FreeDeleter> aligned(
      static_cast<uint8_t*>(std::aligned_alloc(64, rounded)));
  std::memcpy(aligned.get(), file.data(), file.size());
  const ByteSpan bytes(aligned.get(), file.size());
  QB_ASSIGN_OR_RETURN(PluginModel litert,
                      PluginModel::Load("litert", {"kernels", mode.c_str()}, bytes));
  QB_ASSIGN_OR_RETURN(PluginModel reference,
                      PluginModel::Load("reference", {"arithmetic", mode.c_str()}, bytes));
  std::vector<TensorDifference> differences;
  for (const graph::Op& op : instrumented.graph.ops) {
    const graph::Tensor& x = instrumented.graph.tensors[static_cast<size_t>(op.inputs[0])];
    differences.push_back(
        {fmt::format("{} {} '{}'", graph::OpKindName(op.kind), graph::DataTypeName(x.type),
                     graph::DisplayName(instrumented.graph, op))});
  }
  for (const std::vector<Bytes>& run : inputs) {
    QB_RETURN_IF_ERROR(litert.Run(run));
    QB_RETURN_IF_ERROR(reference.Run(run));
    for (size_t i = 0; i < differences.size(); ++i) {
      const graph::Tensor& tensor =
          instrumented.graph.tensors[static_cast<size_t>(instrumented.graph.outputs[i])];
      const size_t size =
          static_cast<size_t>(graph::ElementCount(tensor.shape)) * graph::DataTypeSize(tensor.type);
      QB_ASSIGN_OR_RETURN(const Bytes a, litert.Output(i, size));
      QB_ASSIGN_OR_RETURN(const Bytes b, reference.Output(i, size));
      Compare(tensor.type, a, b, differences[i]);
    }
  }
  return differences;
}

}  // namespace qbench
