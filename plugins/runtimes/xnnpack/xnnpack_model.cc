#include "plugins/runtimes/xnnpack/xnnpack_model.h"

#include <algorithm>
#include <map>

#include "base/one_line.h"
#include "plugins/runtimes/common/read_model.h"
#include "plugins/runtimes/xnnpack/subgraph_builder.h"

namespace qbench::xnnpack {
namespace {

using graph::Tensor;
using graph::TensorId;
using Clock = std::chrono::steady_clock;

// More than a small board has; a file that asks for it is broken.
constexpr int64_t kMaxBytes = int64_t{2} << 30;

std::string OperatorName(const graph::Graph& graph, const graph::Op& op) {
  return fmt::format("{} '{}'", graph::OpKindName(op.kind), graph::DisplayName(graph, op));
}

}  // namespace

Result<std::unique_ptr<XnnpackModel>> XnnpackModel::Load(ByteSpan model, uint32_t threads,
                                                         Profile profile) {
  QB_RETURN_IF_ERROR(Initialize());
  std::unique_ptr<XnnpackModel> self(new XnnpackModel());
  QB_ASSIGN_OR_RETURN(self->model_, plugin::ReadModel(nullptr, model));
  QB_ASSIGN_OR_RETURN(self->unpacked_, UnpackFloatWeights(self->model_));
  QB_RETURN_IF_ERROR(self->CheckSize());
  self->constants_ = std::make_unique<ConstantStore>(self->model_.graph);
  if (threads > 1) {
    self->pool_.reset(pthreadpool_create(threads));
    if (self->pool_ == nullptr) {
      return Error(StatusCode::kOutOfMemory, "no thread pool of {} threads; ask for fewer",
                   threads);
    }
  }
  std::vector<bool> on_kernels = self->FindLacking();
  for (bool again = true; again;) {
    QB_ASSIGN_OR_RETURN(again, self->MakeRuntimes(on_kernels));
  }
  if (profile == Profile::kOn) {
    QB_RETURN_IF_ERROR(self->SplitSubgraphs());
    self->PrepareTimings();
  }
  QB_RETURN_IF_ERROR(self->AllocateTensors());
  for (ReadyStep& ready : self->steps_) {
    self->has_kernels_ |= ready.step.on_kernels;
    QB_RETURN_IF_ERROR(ready.step.on_kernels ? self->PrepareKernel(ready)
                                             : self->ConnectRuntime(ready));
  }
  return self;
}

Status XnnpackModel::CheckSize() const {
  int64_t total = 0;
  for (const Tensor& tensor : model_.graph.tensors) {
    const int64_t bytes = graph::MemoryBytes(tensor);
    if (bytes > kMaxBytes || (total += bytes) > kMaxBytes) {
      return Error(StatusCode::kOutOfMemory,
                   "the model's tensors need more than {} MB; is the file broken?",
                   kMaxBytes >> 20);
    }
  }
  return OkStatus();
}

// The operators that XNNPACK refuses by themselves. Defining is cheap: no weight is packed.
std::vector<bool> XnnpackModel::FindLacking() {
  const graph::Graph& graph = model_.graph;
  std::vector<bool> lacking(graph.ops.size());
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    Result<SubgraphBuilder> trial = SubgraphBuilder::Create(graph, *constants_, StepOf(graph, i));
    lacking[i] = !trial.ok() || !trial->Define(graph.ops[i]).ok();
  }
  return lacking;
}

Result<RuntimePtr> XnnpackModel::MakeRuntime(const Step& step, pthreadpool_t pool) {
  QB_ASSIGN_OR_RETURN(SubgraphBuilder builder,
                      SubgraphBuilder::Create(model_.graph, *constants_, step));
  for (const size_t op : step.ops) QB_RETURN_IF_ERROR(builder.Define(model_.graph.ops[op]));
  return builder.Finish(pool);
}

Result<bool> XnnpackModel::MakeRuntimes(std::vector<bool>& on_kernels) {
  steps_.clear();
  int partitions = 0;
  for (Step& step : MakeSteps(model_.graph, on_kernels)) {
    ReadyStep& ready = steps_.emplace_back();
    ready.step = std::move(step);
    if (ready.step.on_kernels) continue;
    ready.partition = partitions++;
    Result<RuntimePtr> runtime = MakeRuntime(ready.step, pool_.get());
    if (runtime.ok()) {
      ready.runtime = std::move(runtime).value();
      continue;
    }
    if (runtime.status().code() == StatusCode::kOutOfMemory) return runtime.status();
    // It does not say which operator it refuses, so each is tried.
    bool found = false;
    for (const size_t op : ready.step.ops) {
      if (MakeRuntime(StepOf(model_.graph, op), nullptr).ok()) continue;
      on_kernels[op] = true;
      found = true;
    }
    if (!found) return runtime.status();
    return true;
  }
  return false;
}

Status XnnpackModel::SplitSubgraphs() {
  std::vector<ReadyStep> split;
  for (ReadyStep& whole : steps_) {
    if (whole.step.on_kernels) {
      split.push_back(std::move(whole));
      continue;
    }
    whole.runtime.reset();  // frees its packed weights before they are packed anew
    for (Step& step : SplitStep(model_.graph, whole.step)) {
      QB_ASSIGN_OR_RETURN(RuntimePtr runtime, MakeRuntime(step, pool_.get()));
      ReadyStep& ready = split.emplace_back();
      ready.step = std::move(step);
      ready.runtime = std::move(runtime);
      ready.partition = whole.partition;
    }
  }
  steps_ = std::move(split);
  return OkStatus();
}

void XnnpackModel::PrepareTimings() {
  const graph::Graph& graph = model_.graph;
  std::map<TensorId, int> partition_of_reader;
  for (ReadyStep& ready : steps_) {
    std::string names;
    for (const size_t op : ready.step.ops) {
      names += (names.empty() ? "" : " + ") + std::string(graph::OpKindName(graph.ops[op].kind));
      for (const TensorId id : graph.ops[op].inputs) partition_of_reader[id] = ready.partition;
      timings_.push_back({unpacked_.left[op], ready.partition, names, {}});
    }
    ready.timing = timings_.size() - 1;
  }
  for (const UnpackedWeights::Gone& gone : unpacked_.gone) {
    const auto partition = partition_of_reader.find(gone.output);
    timings_.push_back({gone.op,
                        partition == partition_of_reader.end() ? -1 : partition->second,
                        std::string(graph::OpKindName(graph::OpKind::kDequantize)),
                        {}});
  }
}

Status XnnpackModel::AllocateTensors() {
  tensors_.resize(model_.graph.tensors.size());
  const auto allocate = [&](TensorId id) {
    std::span<uint8_t>& data = tensors_[static_cast<size_t>(id)];
    if (!data.empty()) return OkStatus();
    const Tensor& tensor = model_.graph.tensors[static_cast<size_t>(id)];
    const auto bytes = static_cast<size_t>(graph::MemoryBytes(tensor));
    PaddedMemory memory = AllocatePadded(bytes);
    if (memory == nullptr) {
      return Error(StatusCode::kOutOfMemory, "no memory for tensor '{}' of {} bytes",
                   SafeName(tensor.name), bytes);
    }
    // A constant can be an output of the graph.
    if (tensor.is_constant()) std::memcpy(memory.get(), tensor.constant->bytes().data(), bytes);
    data = {memory.get(), bytes};
    memory_.push_back(std::move(memory));
    return OkStatus();
  };
  for (const TensorId id : model_.graph.inputs) QB_RETURN_IF_ERROR(allocate(id));
  for (const TensorId id : model_.graph.outputs) QB_RETURN_IF_ERROR(allocate(id));
  for (const ReadyStep& ready : steps_) {
    for (const TensorId id : ready.step.outputs) QB_RETURN_IF_ERROR(allocate(id));
  }
  return OkStatus();
}

Status XnnpackModel::ConnectRuntime(ReadyStep& ready) {
  std::vector<xnn_external_value> values;
  for (const auto* ids : {&ready.step.inputs, &ready.step.outputs}) {
    for (const TensorId id : *ids) {
      values.push_back({static_cast<uint32_t>(values.size()), TensorData(id).data()});
    }
  }
  return FromXnn(xnn_setup_runtime(ready.runtime.get(), values.size(), values.data()), "setup");
}

Result<kernels::Operand> XnnpackModel::OperandOf(TensorId id) {
  if (id == graph::kNoTensor) return kernels::Operand{};
  const Tensor& tensor = model_.graph.tensors[static_cast<size_t>(id)];
  if (!tensor.is_constant()) return kernels::Operand{&tensor, TensorData(id).data()};
  QB_ASSIGN_OR_RETURN(const uint8_t* data, constants_->Padded(id));
  // Kernels write to their outputs alone, and a constant is none.
  return kernels::Operand{&tensor, const_cast<uint8_t*>(data)};
}

Status XnnpackModel::PrepareKernel(ReadyStep& ready) {
  const graph::Op& op = model_.graph.ops[ready.step.ops[0]];
  kernels::OpContext context;
  context.op = &op;
  for (const TensorId id : op.inputs) {
    QB_ASSIGN_OR_RETURN(const kernels::Operand operand, OperandOf(id));
    context.inputs.push_back(operand);
  }
  for (const TensorId id : op.outputs) {
    QB_ASSIGN_OR_RETURN(const kernels::Operand operand, OperandOf(id));
    context.outputs.push_back(operand);
  }
  Result<kernels::Run> run = kernels::PrepareOp(context);
  if (!run.ok()) return run.status().WithContext(OperatorName(model_.graph, op));
  ready.kernel = std::move(run).value();
  return OkStatus();
}

std::span<uint8_t> XnnpackModel::TensorData(TensorId id) {
  return tensors_[static_cast<size_t>(id)];
}

Status XnnpackModel::InvokeTimed() {
  for (const ReadyStep& ready : steps_) {
    const Clock::time_point start = Clock::now();
    if (ready.step.on_kernels) {
      ready.kernel();
    } else {
      QB_RETURN_IF_ERROR(FromXnn(xnn_invoke_runtime(ready.runtime.get()), "invoke"));
    }
    timings_[ready.timing].time = Clock::now() - start;
  }
  return OkStatus();
}

Status XnnpackModel::Invoke() {
  if (!timings_.empty()) return InvokeTimed();
  if (!has_kernels_) {
    for (const ReadyStep& ready : steps_) {
      QB_RETURN_IF_ERROR(FromXnn(xnn_invoke_runtime(ready.runtime.get()), "invoke"));
    }
    return OkStatus();
  }
  // Reading the clock takes some 50 ns: nothing beside an operator.
  const Clock::time_point start = Clock::now();
  for (const ReadyStep& ready : steps_) {
    if (!ready.step.on_kernels) {
      QB_RETURN_IF_ERROR(FromXnn(xnn_invoke_runtime(ready.runtime.get()), "invoke"));
      continue;
    }
    const Clock::time_point before = Clock::now();
    ready.kernel();
    kernel_time_ += Clock::now() - before;
  }
  total_time_ += Clock::now() - start;
  ++invocations_;
  return OkStatus();
}

XnnpackModel::Division XnnpackModel::division() const {
  Division division;
  std::map<std::string_view, int> kinds;
  for (const ReadyStep& ready : steps_) {
    if (ready.step.on_kernels) {
      ++kinds[graph::OpKindName(model_.graph.ops[ready.step.ops[0]].kind)];
    } else {
      // Split for a profile, several steps are of one subgraph.
      division.subgraphs = static_cast<size_t>(ready.partition) + 1;
      division.xnnpack_operators += ready.step.ops.size();
    }
  }
  for (const auto& [kind, count] : kinds) {
    if (!division.kernel_operators.empty()) division.kernel_operators += ", ";
    division.kernel_operators += fmt::format("{} x{}", kind, count);
  }
  division.unpacked_weights = unpacked_.tensors;
  division.invocations = invocations_;
  if (total_time_.count() > 0) {
    division.kernel_share =
        static_cast<double>(kernel_time_.count()) / static_cast<double>(total_time_.count());
  }
  return division;
}

}  // namespace qbench::xnnpack
