#include "kernels/interpreter.h"

#include <cstdlib>
#include <new>

#include "graph/validate.h"
#include "kernels/kernel.h"

namespace qbench::kernels {
namespace {

constexpr size_t kAlignment = 16;
// More than a small board has; a file that asks for it is broken.
constexpr int64_t kMaxBytes = int64_t{2} << 30;

struct FreeDeleter {
  void operator()(uint8_t* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<uint8_t, FreeDeleter>;

// Constants that are aligned in the file are used where they are.
bool UsableInPlace(const graph::Tensor& tensor) {
  return tensor.is_constant() && tensor.type != graph::DataType::kInt4 &&
         reinterpret_cast<uintptr_t>(tensor.constant->bytes().data()) % kAlignment == 0;
}

}  // namespace

struct Interpreter::Impl {
  std::shared_ptr<const graph::Model> model;
  Arithmetic arithmetic = Arithmetic::kReference;
  std::vector<Memory> owned;
  std::vector<std::span<uint8_t>> tensors;
  std::vector<Run> runs;

  Status AllocateTensors();
  Status PrepareOps();
  Operand OperandOf(graph::TensorId id);
};

Status Interpreter::Impl::AllocateTensors() {
  int64_t total = 0;
  for (const graph::Tensor& tensor : model->graph.tensors) {
    const int64_t bytes = graph::MemoryBytes(tensor);
    if (bytes > kMaxBytes || (total += UsableInPlace(tensor) ? 0 : bytes) > kMaxBytes) {
      return Error(StatusCode::kOutOfMemory,
                   "the model's tensors need more than {} MB; is the file broken?",
                   kMaxBytes >> 20);
    }
  }
  for (const graph::Tensor& tensor : model->graph.tensors) {
    const auto bytes = static_cast<size_t>(graph::MemoryBytes(tensor));
    if (UsableInPlace(tensor)) {
      // Not const, as TensorData has it; whoever writes to a constant breaks its contract.
      tensors.emplace_back(const_cast<uint8_t*>(tensor.constant->bytes().data()), bytes);
      continue;
    }
    const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment + kAlignment;
    Memory memory(static_cast<uint8_t*>(std::aligned_alloc(kAlignment, rounded)));
    if (memory == nullptr) {
      return Error(StatusCode::kOutOfMemory, "no memory for tensor '{}' of {} bytes", tensor.name,
                   bytes);
    }
    std::memset(memory.get(), 0, rounded);
    if (tensor.type == graph::DataType::kInt4) {
      const auto values = graph::UnpackInt4(tensor.constant->bytes(), bytes);
      std::memcpy(memory.get(), values.data(), bytes);
    } else if (tensor.is_constant()) {
      std::memcpy(memory.get(), tensor.constant->bytes().data(), bytes);
    }
    tensors.emplace_back(memory.get(), bytes);
    owned.push_back(std::move(memory));
  }
  return OkStatus();
}

Operand Interpreter::Impl::OperandOf(graph::TensorId id) {
  if (id == graph::kNoTensor) return {};
  const auto index = static_cast<size_t>(id);
  return {&model->graph.tensors[index], tensors[index].data()};
}

Status Interpreter::Impl::PrepareOps() {
  for (const graph::Op& op : model->graph.ops) {
    OpContext context;
    context.op = &op;
    for (const graph::TensorId id : op.inputs) context.inputs.push_back(OperandOf(id));
    for (const graph::TensorId id : op.outputs) context.outputs.push_back(OperandOf(id));
    context.arithmetic = OperatorArithmetic(arithmetic, context);
    Result<Run> run = PrepareOp(context);
    if (!run.ok()) {
      return run.status().WithContext(
          fmt::format("{} '{}'", graph::OpKindName(op.kind), graph::DisplayName(model->graph, op)));
    }
    runs.push_back(std::move(run).value());
  }
  return OkStatus();
}

Interpreter::Interpreter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Interpreter::Interpreter(Interpreter&&) noexcept = default;
Interpreter& Interpreter::operator=(Interpreter&&) noexcept = default;
Interpreter::~Interpreter() = default;

Result<Interpreter> Interpreter::Create(std::shared_ptr<const graph::Model> model,
                                        Arithmetic arithmetic) {
  QB_RETURN_IF_ERROR(graph::Validate(*model));
  try {
    auto impl = std::make_unique<Impl>();
    impl->model = std::move(model);
    impl->arithmetic = arithmetic;
    QB_RETURN_IF_ERROR(impl->AllocateTensors());
    QB_RETURN_IF_ERROR(impl->PrepareOps());
    return Interpreter(std::move(impl));
  } catch (const std::bad_alloc&) {
    return Error(StatusCode::kOutOfMemory, "no memory to prepare the model");
  }
}

std::span<uint8_t> Interpreter::TensorData(graph::TensorId tensor) {
  return impl_->tensors[static_cast<size_t>(tensor)];
}

Status Interpreter::Invoke() {
  for (const Run& run : impl_->runs) run();
  return OkStatus();
}

Status Interpreter::InvokeTimed(std::span<std::chrono::nanoseconds> times) {
  using Clock = std::chrono::steady_clock;
  if (times.size() != impl_->runs.size()) {
    return Error(StatusCode::kInvalidArgument, "{} times for {} operators", times.size(),
                 impl_->runs.size());
  }
  for (size_t i = 0; i < times.size(); ++i) {
    const Clock::time_point start = Clock::now();
    impl_->runs[i]();
    times[i] = Clock::now() - start;
  }
  return OkStatus();
}

}  // namespace qbench::kernels
