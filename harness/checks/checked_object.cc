#include "harness/checks/checked_object.h"
#include "harness/host/abi_tables.h"

#include <algorithm>

namespace qbench::checks {
namespace {

using host::Phase;

constexpr size_t kMostOutputBytes = size_t{1} << 30;

// What create() made, where it is a table that can be used.
template <typename Table, typename Factory>
Result<Table*> CreateTable(CheckContext& context, const Factory* factory, const qbench_host* host) {
  Table* object = nullptr;
  qbench_status code = QBENCH_INTERNAL;
  QB_RETURN_IF_ERROR(host::Call(context.observer, context.id(), Phase::kCreate, code, [&] {
    return factory->create(host, context.id().c_str(), &object);
  }));
  if (code != QBENCH_OK) return Broken("create() gave {}", StatusName(code));
  if (object == nullptr) return Broken("create() gave QBENCH_OK and made nothing");
  if (!host::IsWhole(*object)) return Broken("the object's table is truncated");
  return object;
}

template <typename Table>
Status DestroyTable(CheckContext& context, Table*& object) {
  if (object == nullptr) return OkStatus();
  Table* gone = std::exchange(object, nullptr);
  int unused = 0;
  return host::Call(context.observer, context.id(), Phase::kDestroy, unused, [&] {
    gone->destroy(gone);
    return 0;
  });
}

}  // namespace

Result<std::unique_ptr<CheckedObject>> CheckedObject::Create(CheckContext& context,
                                                             const qbench_host* host) {
  if (context.descriptor->kind == host::PluginKind::kRuntime) {
    QB_ASSIGN_OR_RETURN(std::unique_ptr<CheckedObject> runtime,
                        CheckedRuntime::Create(context, host));
    return runtime;
  }
  QB_ASSIGN_OR_RETURN(std::unique_ptr<CheckedObject> quantizer,
                      CheckedQuantizer::Create(context, host));
  return quantizer;
}

Answer CheckedObject::Init(std::vector<host::Option> options, uint32_t threads) {
  options.insert(options.end(), context_.options.begin(), context_.options.end());
  std::vector<qbench_option> table;
  table.reserve(options.size());
  for (const host::Option& option : options) {
    table.push_back({option.name.c_str(), option.value.c_str()});
  }
  return InitTable(table, threads);
}

Result<std::vector<host::Fact>> CheckedObject::Facts() {
  QB_ASSIGN_OR_RETURN(const void* extension, Extension(QBENCH_PLUGIN_FACTS));
  std::vector<host::Fact> facts;
  if (extension == nullptr) return facts;
  const auto* functions = static_cast<const qbench_plugin_facts*>(extension);
  if (!host::IsWhole(*functions) || functions->count == nullptr || functions->get == nullptr) {
    return Broken("the table of facts is truncated or has a null member");
  }
  QB_ASSIGN_OR_RETURN(const uint32_t count,
                      Get<uint32_t>(Phase::kFacts, [&] { return functions->count(table()); }));
  const char* name = nullptr;
  const char* value = nullptr;
  const auto get = [&](uint32_t index) {
    return Get<qbench_status>(Phase::kFacts,
                              [&] { return functions->get(table(), index, &name, &value); });
  };
  constexpr uint32_t kMostFacts = 10000;
  for (uint32_t i = 0; i < std::min(count, kMostFacts); ++i) {
    QB_ASSIGN_OR_RETURN(const qbench_status status, get(i));
    if (status != QBENCH_OK) return Broken("fact {} of {} gave {}", i, count, StatusName(status));
    if (name == nullptr || value == nullptr) return Broken("fact {} has a null text", i);
    facts.push_back({host::OneLine(name), host::OneLine(value)});
  }
  QB_ASSIGN_OR_RETURN(const qbench_status beyond, get(count));
  if (beyond != QBENCH_INVALID_ARGUMENT) {
    return Broken("fact {}, which there is not, gave {} instead of QBENCH_INVALID_ARGUMENT", count,
                  StatusName(beyond));
  }
  return facts;
}

// --- runtimes ------------------------------------------------------------------------------------

Result<std::unique_ptr<CheckedRuntime>> CheckedRuntime::Create(CheckContext& context,
                                                               const qbench_host* host) {
  QB_ASSIGN_OR_RETURN(
      qbench_runtime * object,
      CreateTable<qbench_runtime>(context, context.library->runtime_factory(), host));
  return std::unique_ptr<CheckedRuntime>(new CheckedRuntime(context, object));
}

Result<std::unique_ptr<CheckedRuntime>> CheckedRuntime::Loaded(CheckContext& context,
                                                               const qbench_host* host,
                                                               const TestModel& model,
                                                               uint32_t threads) {
  QB_ASSIGN_OR_RETURN(std::unique_ptr<CheckedRuntime> runtime, Create(context, host));
  QB_RETURN_IF_ERROR(Must(runtime->Init({}, threads), "init()"));
  QB_RETURN_IF_ERROR(Must(runtime->GiveModel(model), "load()"));
  return runtime;
}

Answer CheckedRuntime::InitTable(const std::vector<qbench_option>& options, uint32_t threads) {
  return Ask(Phase::kInit, [&] {
    return object_->init(object_, options.data(), static_cast<uint32_t>(options.size()), threads);
  });
}

Answer CheckedRuntime::GiveModel(ByteSpan model) {
  return Ask(Phase::kLoad, [&] { return object_->load(object_, model.data(), model.size()); });
}

Result<const char*> CheckedRuntime::LastError() {
  return Get<const char*>(Phase::kFacts, [&] { return object_->last_error(object_); });
}

Result<const void*> CheckedRuntime::Extension(const char* id) {
  return Get<const void*>(Phase::kFacts, [&] { return object_->get_extension(object_, id); });
}

Status CheckedRuntime::Destroy() { return DestroyTable(context_, object_); }

Answer CheckedRuntime::SetInput(uint32_t index, ByteSpan data) {
  return Ask(Phase::kSetInput,
             [&] { return object_->set_input(object_, index, data.data(), data.size()); });
}

Answer CheckedRuntime::Invoke() {
  return Ask(Phase::kInvoke, [&] { return object_->invoke(object_); });
}

Answer CheckedRuntime::GetOutput(uint32_t index, std::span<uint8_t> data) {
  return Ask(Phase::kGetOutput,
             [&] { return object_->get_output(object_, index, data.data(), data.size()); });
}

Answer CheckedRuntime::View(const qbench_runtime_output_view& extension, uint32_t index,
                            const void** data) {
  return Ask(Phase::kGetOutput, [&] { return extension.view(object_, index, data); });
}

Answer CheckedRuntime::EnableProfile(const qbench_runtime_profile& extension) {
  return Ask(Phase::kInit, [&] { return extension.enable(object_); });
}

Result<uint32_t> CheckedRuntime::Count(bool inputs) {
  return Get<uint32_t>(Phase::kLoad, [&] {
    return inputs ? object_->input_count(object_) : object_->output_count(object_);
  });
}

Result<const qbench_tensor_info*> CheckedRuntime::Info(bool inputs, uint32_t index) {
  return Get<const qbench_tensor_info*>(Phase::kLoad, [&] {
    return inputs ? object_->input_info(object_, index) : object_->output_info(object_, index);
  });
}

Status CheckedRuntime::SetInputs(const std::vector<Bytes>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    QB_ASSIGN_OR_RETURN(const GuardedBytes data, GuardedBytes::ReadOnly(inputs[i], 1));
    QB_RETURN_IF_ERROR(Must(SetInput(static_cast<uint32_t>(i), data.bytes()), "set_input()"));
  }
  return OkStatus();
}

Result<std::vector<Bytes>> CheckedRuntime::Outputs() {
  QB_ASSIGN_OR_RETURN(const uint32_t count, Count(/*inputs=*/false));
  std::vector<Bytes> outputs;
  for (uint32_t i = 0; i < count; ++i) {
    QB_ASSIGN_OR_RETURN(const qbench_tensor_info* info, Info(/*inputs=*/false, i));
    if (info == nullptr) return Broken("output {} of {} has no info", i, count);
    size_t size = qbench_type_size(info->type);
    for (int32_t d = 0; d < std::min(info->rank, QBENCH_MAX_RANK); ++d) {
      size *= static_cast<size_t>(std::max(info->dims[d], 0));
      if (size > kMostOutputBytes) return Broken("output {} claims more than 1 GiB", i);
    }
    QB_ASSIGN_OR_RETURN(GuardedBytes data, GuardedBytes::Make(size));
    QB_RETURN_IF_ERROR(Must(GetOutput(i, data.span()), "get_output()"));
    outputs.emplace_back(data.span().begin(), data.span().end());
  }
  return outputs;
}

Result<std::vector<Bytes>> CheckedRuntime::Run(const std::vector<Bytes>& inputs) {
  QB_RETURN_IF_ERROR(SetInputs(inputs));
  QB_RETURN_IF_ERROR(Must(Invoke(), "invoke()"));
  return Outputs();
}

// --- quantizers ----------------------------------------------------------------------------------

Result<std::unique_ptr<CheckedQuantizer>> CheckedQuantizer::Create(CheckContext& context,
                                                                   const qbench_host* host) {
  QB_ASSIGN_OR_RETURN(
      qbench_quantizer * object,
      CreateTable<qbench_quantizer>(context, context.library->quantizer_factory(), host));
  return std::unique_ptr<CheckedQuantizer>(new CheckedQuantizer(context, object));
}

Answer CheckedQuantizer::InitTable(const std::vector<qbench_option>& options,
                                   uint32_t /*threads*/) {
  return Ask(Phase::kInit, [&] {
    return object_->init(object_, options.data(), static_cast<uint32_t>(options.size()));
  });
}

Answer CheckedQuantizer::GiveModel(ByteSpan model) {
  return Ask(Phase::kQuantize,
             [&] { return object_->quantize(object_, model.data(), model.size()); });
}

Result<const char*> CheckedQuantizer::LastError() {
  return Get<const char*>(Phase::kFacts, [&] { return object_->last_error(object_); });
}

Result<const void*> CheckedQuantizer::Extension(const char* id) {
  return Get<const void*>(Phase::kFacts, [&] { return object_->get_extension(object_, id); });
}

Status CheckedQuantizer::Destroy() { return DestroyTable(context_, object_); }

Status MustEqual(const std::vector<Bytes>& actual, const std::vector<Bytes>& expected,
                 std::string_view when) {
  if (actual.size() != expected.size()) {
    return Broken("{} outputs instead of {} {}", actual.size(), expected.size(), when);
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] == expected[i]) continue;
    size_t different = 0;
    for (size_t b = 0; b < std::min(actual[i].size(), expected[i].size()); ++b) {
      if (actual[i][b] != expected[i][b]) ++different;
    }
    return Broken("output {} differs in {} of {} bytes {}", i, different, expected[i].size(), when);
  }
  return OkStatus();
}

}  // namespace qbench::checks
