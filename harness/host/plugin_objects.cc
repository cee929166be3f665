#include <algorithm>

#include "harness/host/abi_tables.h"
#include "harness/host/plugin_calls.h"
#include "harness/host/plugin_library.h"

namespace qbench::host {
namespace {

constexpr uint32_t kMaxTensors = 65536;
constexpr uint32_t kMaxFacts = 10000;

// Options as the ABI wants them; they point into `options`.
std::vector<qbench_option> ToAbi(std::span<const Option> options) {
  std::vector<qbench_option> result;
  for (const Option& option : options)
    result.push_back({option.name.c_str(), option.value.c_str()});
  return result;
}

template <typename Object>
Result<std::vector<Fact>> ReadFacts(CallObserver* observer, const std::string& id, Object* object) {
  const void* extension = nullptr;
  QB_RETURN_IF_ERROR(Call(observer, id, Phase::kFacts, extension,
                          [&] { return object->get_extension(object, QBENCH_PLUGIN_FACTS); }));
  if (extension == nullptr) return std::vector<Fact>();
  const auto* table = static_cast<const qbench_plugin_facts*>(extension);
  if (!IsWhole(*table) || table->count == nullptr || table->get == nullptr) {
    return Error(StatusCode::kCorrupt, "{}'s table of facts is truncated or has a null member", id);
  }
  uint32_t count = 0;
  QB_RETURN_IF_ERROR(
      Call(observer, id, Phase::kFacts, count, [&] { return table->count(object); }));
  std::vector<Fact> facts;
  for (uint32_t i = 0; i < std::min(count, kMaxFacts); ++i) {
    const char* name = nullptr;
    const char* value = nullptr;
    qbench_status code = QBENCH_INTERNAL;
    QB_RETURN_IF_ERROR(Call(observer, id, Phase::kFacts, code,
                            [&] { return table->get(object, i, &name, &value); }));
    QB_RETURN_IF_ERROR(FromAbi(code, id, Phase::kFacts, nullptr));
    if (name == nullptr || value == nullptr) {
      return Error(StatusCode::kCorrupt, "{}'s fact {} of {} has no name or no value", id, i,
                   count);
    }
    facts.push_back({OneLine(name), OneLine(value)});
  }
  return facts;
}

template <typename Object>
void Destroy(CallObserver* observer, const std::string& id, Object* object) {
  if (object == nullptr) return;
  int unused = 0;
  (void)CallUnchecked(observer, id, Phase::kDestroy, unused, [&] {
    object->destroy(object);
    return 0;
  });
}

Result<TensorInfo> ReadTensor(const qbench_tensor_info* info) {
  if (info == nullptr) return Error(StatusCode::kCorrupt, "is null");
  if (!IsWhole(*info) || info->name == nullptr) {
    return Error(StatusCode::kCorrupt, "is truncated or has no name");
  }
  if (qbench_type_size(info->type) == 0) {
    return Error(StatusCode::kCorrupt, "has the unknown type {}", info->type);
  }
  if (info->rank < 0 || info->rank > QBENCH_MAX_RANK) {
    return Error(StatusCode::kCorrupt, "has rank {}", info->rank);
  }
  TensorInfo tensor;
  tensor.name = OneLine(info->name);
  tensor.type = info->type;
  tensor.scale = info->scale;
  tensor.zero_point = info->zero_point;
  uint64_t elements = 1;
  for (int32_t i = 0; i < info->rank; ++i) {
    const int32_t dim = info->dims[i];
    elements *= static_cast<uint64_t>(std::max(dim, 0));
    if (dim < 1 || elements > (uint64_t{1} << 31)) {
      return Error(StatusCode::kCorrupt, "has a dimension of {}, or too many elements", dim);
    }
    tensor.dims.push_back(dim);
  }
  return tensor;
}

using CountFunction = uint32_t (*)(const qbench_runtime*);
using InfoFunction = const qbench_tensor_info* (*)(const qbench_runtime*, uint32_t);

Result<std::vector<TensorInfo>> ReadTensors(CallObserver* observer, const std::string& id,
                                            const qbench_runtime* object, const char* what,
                                            CountFunction count_function,
                                            InfoFunction info_function) {
  uint32_t count = 0;
  QB_RETURN_IF_ERROR(
      Call(observer, id, Phase::kLoad, count, [&] { return count_function(object); }));
  if (count == 0 || count > kMaxTensors) {
    return Error(StatusCode::kCorrupt, "{}: the loaded model has {} {}s", id, count, what);
  }
  std::vector<TensorInfo> tensors;
  for (uint32_t i = 0; i < count; ++i) {
    const qbench_tensor_info* info = nullptr;
    QB_RETURN_IF_ERROR(
        Call(observer, id, Phase::kLoad, info, [&] { return info_function(object, i); }));
    Result<TensorInfo> tensor = ReadTensor(info);
    if (!tensor.ok()) {
      return tensor.status().WithContext(fmt::format("{}: {} {} of the model", id, what, i));
    }
    tensors.push_back(std::move(tensor).value());
  }
  return tensors;
}

}  // namespace

size_t TensorInfo::ElementCount() const {
  size_t count = 1;
  for (const int32_t dim : dims) count *= static_cast<size_t>(dim);
  return count;
}

size_t TensorInfo::ByteSize() const { return ElementCount() * qbench_type_size(type); }

std::string DescribeTensor(const TensorInfo& info) {
  constexpr const char* kNames[] = {"?",     "float32", "float16", "int8", "uint8",
                                    "int16", "int32",   "int64",   "bool"};
  const char* name = qbench_type_size(info.type) == 0 ? kNames[0] : kNames[info.type];
  return fmt::format("{} [{}]", name, fmt::join(info.dims, ", "));
}

Quantizer::Quantizer(std::shared_ptr<PluginLibrary> library, std::string id, CallObserver* observer,
                     qbench_quantizer* object)
    : library_(std::move(library)), id_(std::move(id)), observer_(observer), object_(object) {}

Quantizer::Quantizer(Quantizer&& other) noexcept
    : library_(std::move(other.library_)),
      id_(std::move(other.id_)),
      observer_(other.observer_),
      object_(std::exchange(other.object_, nullptr)) {}

Quantizer::~Quantizer() { Destroy(observer_, id_, object_); }

Status Quantizer::Init(std::span<const Option> options) {
  const std::vector<qbench_option> table = ToAbi(options);
  return CallObject(observer_, id_, Phase::kInit, object_, [&] {
    return object_->init(object_, table.data(), static_cast<uint32_t>(table.size()));
  });
}

Status Quantizer::Quantize(ByteSpan model) {
  return CallObject(observer_, id_, Phase::kQuantize, object_,
                    [&] { return object_->quantize(object_, model.data(), model.size()); });
}

Result<std::vector<Fact>> Quantizer::Facts() { return ReadFacts(observer_, id_, object_); }

Runtime::Runtime(std::shared_ptr<PluginLibrary> library, std::string id, CallObserver* observer,
                 qbench_runtime* object)
    : library_(std::move(library)), id_(std::move(id)), observer_(observer), object_(object) {}

Runtime::Runtime(Runtime&& other) noexcept
    : library_(std::move(other.library_)),
      id_(std::move(other.id_)),
      observer_(other.observer_),
      object_(std::exchange(other.object_, nullptr)),
      output_view_(other.output_view_),
      inputs_(std::move(other.inputs_)),
      outputs_(std::move(other.outputs_)) {}

Runtime::~Runtime() { Destroy(observer_, id_, object_); }

Status Runtime::Init(std::span<const Option> options, uint32_t threads) {
  const std::vector<qbench_option> table = ToAbi(options);
  const Status status = CallObject(observer_, id_, Phase::kInit, object_, [&] {
    return object_->init(object_, table.data(), static_cast<uint32_t>(table.size()), threads);
  });
  return FailedService(id_, Phase::kInit, status);  // no service of a runtime can fail
}

Status Runtime::Load(ByteSpan model) {
  QB_RETURN_IF_ERROR(CallObject(observer_, id_, Phase::kLoad, object_, [&] {
    return object_->load(object_, model.data(), model.size());
  }));
  QB_ASSIGN_OR_RETURN(inputs_, ReadTensors(observer_, id_, object_, "input", object_->input_count,
                                           object_->input_info));
  QB_ASSIGN_OR_RETURN(outputs_, ReadTensors(observer_, id_, object_, "output",
                                            object_->output_count, object_->output_info));
  const void* extension = nullptr;
  QB_RETURN_IF_ERROR(Call(observer_, id_, Phase::kLoad, extension, [&] {
    return object_->get_extension(object_, QBENCH_RUNTIME_OUTPUT_VIEW);
  }));
  output_view_ = static_cast<const qbench_runtime_output_view*>(extension);
  if (output_view_ != nullptr && (!IsWhole(*output_view_) || output_view_->view == nullptr)) {
    return Error(StatusCode::kCorrupt, "{}'s table {} is truncated or has a null member", id_,
                 QBENCH_RUNTIME_OUTPUT_VIEW);
  }
  return OkStatus();
}

Status Runtime::SetInput(uint32_t index, ByteSpan data) {
  return CallObject(observer_, id_, Phase::kSetInput, object_,
                    [&] { return object_->set_input(object_, index, data.data(), data.size()); });
}

Status Runtime::Invoke() {
  qbench_status code = QBENCH_INTERNAL;
  QB_RETURN_IF_ERROR(CallUnchecked(observer_, id_, Phase::kInvoke, code,
                                   [&] { return object_->invoke(object_); }));
  if (code == QBENCH_OK) return OkStatus();
  const char* text = nullptr;
  QB_RETURN_IF_ERROR(
      Call(observer_, id_, Phase::kInvoke, text, [&] { return object_->last_error(object_); }));
  return FromAbi(code, id_, Phase::kInvoke, text);
}

Status Runtime::CheckAfterInvoke() {
  return observer_ == nullptr ? OkStatus() : observer_->Check(id_, Phase::kInvoke);
}

Status Runtime::GetOutput(uint32_t index, std::span<uint8_t> data) {
  return CallObject(observer_, id_, Phase::kGetOutput, object_,
                    [&] { return object_->get_output(object_, index, data.data(), data.size()); });
}

Result<ByteSpan> Runtime::ViewOutput(uint32_t index) {
  const void* data = nullptr;
  QB_RETURN_IF_ERROR(CallObject(observer_, id_, Phase::kGetOutput, object_,
                                [&] { return output_view_->view(object_, index, &data); }));
  const TensorInfo& info = outputs_[index];
  if (data == nullptr ||
      reinterpret_cast<uintptr_t>(data) % std::max<size_t>(qbench_type_size(info.type), 1) != 0) {
    return Error(StatusCode::kCorrupt, "{} shows output {} at a null or unaligned address", id_,
                 index);
  }
  return ByteSpan(static_cast<const uint8_t*>(data), info.ByteSize());
}

Result<std::vector<Fact>> Runtime::Facts() { return ReadFacts(observer_, id_, object_); }

}  // namespace qbench::host
