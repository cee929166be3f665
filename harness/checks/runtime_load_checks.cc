#include <algorithm>
#include <cstring>

#include "harness/checks/address_limit.h"
#include "harness/checks/check_host.h"
#include "harness/checks/checked_object.h"
#include "harness/checks/damaged_models.h"
#include "harness/checks/runtime_checks.h"
#include "harness/host/abi_tables.h"

namespace qbench::checks {
namespace {

// The ABI's type of an input or output that a file describes; 0 for one that the ABI lacks.
qbench_type TypeOf(graph::DataType type) {
  switch (type) {
    case graph::DataType::kFloat32:
      return QBENCH_FLOAT32;
    case graph::DataType::kFloat16:
      return QBENCH_FLOAT16;
    case graph::DataType::kInt8:
      return QBENCH_INT8;
    case graph::DataType::kUInt8:
      return QBENCH_UINT8;
    case graph::DataType::kInt16:
      return QBENCH_INT16;
    case graph::DataType::kInt32:
      return QBENCH_INT32;
    case graph::DataType::kInt64:
      return QBENCH_INT64;
    case graph::DataType::kBool:
      return QBENCH_BOOL;
    case graph::DataType::kInt4:
      break;
  }
  return 0;
}

Status CheckInfo(const qbench_tensor_info* info, const graph::TfliteTensorInfo& tensor) {
  if (info == nullptr) return Broken("is null");
  if (!host::IsWhole(*info)) return Broken("is truncated");
  if (info->name == nullptr) return Broken("has no name");
  if (info->type != TypeOf(tensor.type)) {
    return Broken("has type {}; the file says {}", info->type, graph::DataTypeName(tensor.type));
  }
  if (info->rank < 0 || info->rank > QBENCH_MAX_RANK) return Broken("has rank {}", info->rank);
  const std::vector<int32_t> dims(info->dims, info->dims + info->rank);
  if (dims != tensor.shape) {
    return Broken("has the shape [{}]; the file says [{}]", fmt::join(dims, ", "),
                  fmt::join(tensor.shape, ", "));
  }
  const float scale = tensor.quantization ? tensor.quantization->scales[0] : 0.0F;
  if (info->scale != scale) return Broken("has scale {}; the file says {}", info->scale, scale);
  const int64_t zero = tensor.quantization ? tensor.quantization->zero_points[0] : 0;
  if (info->zero_point == zero) return OkStatus();
  return Broken("has zero point {}; the file says {}", info->zero_point, zero);
}

Status CheckInfos(CheckedRuntime& runtime, bool inputs,
                  const std::vector<graph::TfliteTensorInfo>& tensors) {
  const char* what = inputs ? "input" : "output";
  QB_ASSIGN_OR_RETURN(const uint32_t count, runtime.Count(inputs));
  if (count != tensors.size()) {
    return Broken("{} {}s; the file has {}", count, what, tensors.size());
  }
  for (uint32_t i = 0; i < count; ++i) {
    QB_ASSIGN_OR_RETURN(const qbench_tensor_info* info, runtime.Info(inputs, i));
    if (Status status = CheckInfo(info, tensors[i]); !status.ok()) {
      return Broken("{} {} {}", what, i, status.message());
    }
  }
  for (const uint32_t beyond : {count, count + 1000}) {
    QB_ASSIGN_OR_RETURN(const qbench_tensor_info* info, runtime.Info(inputs, beyond));
    if (info != nullptr) return Broken("{}_info({}) of {} is not null", what, beyond, count);
  }
  return OkStatus();
}

// Loads `bytes` into a new object, whatever comes of it.
Result<Answer> LoadFresh(CheckContext& context, const qbench_host* host, ByteSpan bytes) {
  QB_ASSIGN_OR_RETURN(const GuardedBytes model, GuardedBytes::ReadOnly(bytes, 64));
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Create(context, host));
  QB_RETURN_IF_ERROR(Must(runtime->Init(), "init()"));
  Answer answer = runtime->GiveModel(model.bytes());
  QB_RETURN_IF_ERROR(runtime->Destroy());
  return answer;
}

// Sizes that are not an input's or output's: empty, a byte off, of another element type.
std::vector<size_t> WrongSizes(size_t size) {
  std::vector<size_t> sizes = {0, size - 1, size + 1, size * 4};
  if (size % 4 == 0) sizes.push_back(size / 4);
  return sizes;
}

}  // namespace

Status CheckProbe(CheckContext& context) {
  const qbench_runtime_factory* factory = context.library->runtime_factory();
  for (const size_t size : {size_t{1}, size_t{2}, size_t{16}, size_t{1024}}) {
    QB_ASSIGN_OR_RETURN(GuardedBytes reason, GuardedBytes::Make(size));
    std::memset(reason.span().data(), 'x', size);
    auto* text = reinterpret_cast<char*>(reason.span().data());
    qbench_status code = QBENCH_INTERNAL;
    QB_RETURN_IF_ERROR(host::Call(context.observer, context.id(), host::Phase::kProbe, code, [&] {
      return factory->probe(context.id().c_str(), text, size);
    }));
    if (code == QBENCH_OK) continue;
    if (code != QBENCH_UNAVAILABLE) return Broken("probe() gave {}", StatusName(code));
    if (strnlen(text, size) == size) return Broken("the reason does not end within {} bytes", size);
    if (size > 2 && *text == '\0') return Broken("probe() gave QBENCH_UNAVAILABLE and no reason");
  }
  return OkStatus();
}

Status CheckRuntimeOrder(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  graph::Random random(context.seed);
  const std::vector<Bytes> inputs = model.RandomInputs(random);
  Bytes room(4);
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Create(context, host.host()));
  QB_RETURN_IF_ERROR(MustRefuse(runtime->GiveModel(model), {}, "load() before init()"));
  QB_ASSIGN_OR_RETURN(const auto fresh, CheckedRuntime::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(fresh->Init(), "init()"));
  QB_RETURN_IF_ERROR(MustRefuse(fresh->Init(), {}, "a second init()"));
  QB_RETURN_IF_ERROR(MustRefuse(fresh->SetInput(0, inputs[0]), {}, "set_input() before load()"));
  QB_RETURN_IF_ERROR(MustRefuse(fresh->Invoke(), {}, "invoke() before load()"));
  QB_RETURN_IF_ERROR(MustRefuse(fresh->GetOutput(0, room), {}, "get_output() before load()"));
  QB_RETURN_IF_ERROR(Must(fresh->GiveModel(model), "load() after calls that were refused"));
  QB_ASSIGN_OR_RETURN(const std::vector<Bytes> outputs, fresh->Run(inputs));
  QB_RETURN_IF_ERROR(MustRefuse(fresh->GiveModel(model), {}, "a second load()"));
  return OkStatus();
}

Status CheckNotAModel(CheckContext& context) {
  const CheckHost host(context);
  for (const auto& [name, bytes] : NotModels(context.seed)) {
    context.Step(name);
    QB_ASSIGN_OR_RETURN(const Answer answer, LoadFresh(context, host.host(), bytes));
    QB_RETURN_IF_ERROR(MustRefuse(answer, {QBENCH_INVALID_ARGUMENT}, "load() of " + name));
  }
  return OkStatus();
}

Status CheckDamagedModels(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  for (const DamagedModel& damaged : DamagedModels(model.bytes.bytes(), context.seed, 40)) {
    context.Step(damaged.name);
    QB_ASSIGN_OR_RETURN(const Answer answer, LoadFresh(context, host.host(), damaged.bytes));
    QB_RETURN_IF_ERROR(answer.broken);
    if (damaged.truncated) {
      QB_RETURN_IF_ERROR(
          MustRefuse(answer, {QBENCH_INVALID_ARGUMENT}, "load() of " + damaged.name));
    } else if (!answer.ok()) {
      QB_RETURN_IF_ERROR(MustRefuse(answer, {}, "load() of " + damaged.name));
    }
  }
  return OkStatus();
}

Status CheckForeignModel(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->foreign));
  QB_ASSIGN_OR_RETURN(const Answer answer, LoadFresh(context, host.host(), model.bytes.bytes()));
  if (answer.ok()) return OkStatus();
  QB_RETURN_IF_ERROR(
      MustRefuse(answer, {QBENCH_UNSUPPORTED}, "load() of a model with the operator COS"));
  return MustNameForeignOperator(answer);
}

Status CheckTensorInfos(CheckContext& context) {
  const CheckHost host(context);
  for (const auto& file : {context.files->model, context.files->other}) {
    if (file.empty()) continue;
    QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(file));
    QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Loaded(context, host.host(), model));
    QB_RETURN_IF_ERROR(CheckInfos(*runtime, /*inputs=*/true, model.info.inputs));
    QB_RETURN_IF_ERROR(CheckInfos(*runtime, /*inputs=*/false, model.info.outputs));
    QB_ASSIGN_OR_RETURN(const qbench_tensor_info* before, runtime->Info(true, 0));
    graph::Random random(context.seed);
    QB_ASSIGN_OR_RETURN(const auto outputs, runtime->Run(model.RandomInputs(random)));
    // The infos live until destroy: what was handed out before is as true afterwards.
    if (Status status = CheckInfo(before, model.info.inputs[0]); !status.ok()) {
      return Broken("after invoke() the info of input 0 {}", status.message());
    }
  }
  return OkStatus();
}

Status CheckInputSizes(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Loaded(context, host.host(), model));
  graph::Random random(context.seed);
  const std::vector<Bytes> inputs = model.RandomInputs(random);
  QB_ASSIGN_OR_RETURN(const auto expected, runtime->Run(inputs));
  for (const size_t size : WrongSizes(inputs[0].size())) {
    QB_ASSIGN_OR_RETURN(const GuardedBytes data, GuardedBytes::Make(size));
    QB_RETURN_IF_ERROR(MustRefuse(
        runtime->SetInput(0, data.bytes()), {QBENCH_INVALID_ARGUMENT},
        fmt::format("set_input() of {} bytes for an input of {}", size, inputs[0].size())));
  }
  const auto beyond = static_cast<uint32_t>(inputs.size());
  QB_RETURN_IF_ERROR(MustRefuse(runtime->SetInput(beyond, inputs[0]), {QBENCH_INVALID_ARGUMENT},
                                fmt::format("set_input() of input {} of {}", beyond, beyond)));
  QB_RETURN_IF_ERROR(Must(runtime->Invoke(), "invoke() after inputs that were refused"));
  QB_ASSIGN_OR_RETURN(const auto outputs, runtime->Outputs());
  return MustEqual(outputs, expected, "after inputs that were refused");
}

Status CheckOutputSizes(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Loaded(context, host.host(), model));
  graph::Random random(context.seed);
  QB_ASSIGN_OR_RETURN(const auto expected, runtime->Run(model.RandomInputs(random)));
  constexpr uint8_t kMark = 0xA5;
  for (const size_t size : WrongSizes(expected[0].size())) {
    QB_ASSIGN_OR_RETURN(GuardedBytes data, GuardedBytes::Make(size));
    std::ranges::fill(data.span(), kMark);
    const std::string what =
        fmt::format("get_output() of {} bytes of an output of {}", size, expected[0].size());
    QB_RETURN_IF_ERROR(
        MustRefuse(runtime->GetOutput(0, data.span()), {QBENCH_INVALID_ARGUMENT}, what));
    if (std::ranges::any_of(data.bytes(), [&](uint8_t byte) { return byte != kMark; })) {
      return Broken("{} was refused and wrote all the same", what);
    }
  }
  Bytes room(expected[0].size());
  const auto beyond = static_cast<uint32_t>(expected.size());
  return MustRefuse(runtime->GetOutput(beyond, room), {QBENCH_INVALID_ARGUMENT},
                    fmt::format("get_output() of output {} of {}", beyond, beyond));
}

Status CheckOutOfMemory(CheckContext& context) {
  if (AddressLimit::Impossible()) {
    context.Skip("a sanitizer takes more address space than can be limited");
    return OkStatus();
  }
  if (context.files->large.empty()) {
    context.Skip("it runs no RELU in float32");
    return OkStatus();
  }
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->large));
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(runtime->Init(), "init()"));
  constexpr uint64_t kLittle = uint64_t{8} << 20;
  QB_ASSIGN_OR_RETURN(const AddressLimit limit, AddressLimit::Make(kLittle));
  const Answer answer = runtime->GiveModel(model);
  limit.Lift();
  QB_RETURN_IF_ERROR(answer.broken);
  if (answer.ok()) {
    context.Note("it loaded a model with 64 MB of activations into 8 MB of memory");
    return OkStatus();
  }
  QB_RETURN_IF_ERROR(MustRefuse(answer, {}, "load() without memory"));
  if (answer.status != QBENCH_OUT_OF_MEMORY) {
    context.Note(fmt::format("without memory it gives {} (\"{}\"), not QBENCH_OUT_OF_MEMORY",
                             StatusName(answer.status), answer.error));
  }
  QB_RETURN_IF_ERROR(runtime->Destroy());
  QB_ASSIGN_OR_RETURN(const Answer again, LoadFresh(context, host.host(), model.bytes.bytes()));
  return Must(again, "load() once there is memory again");
}

}  // namespace qbench::checks
