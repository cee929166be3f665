#include "plugins/support/runtime_plugin.h"

#include <algorithm>
#include <cstring>

#include "plugins/support/abi_status.h"

namespace qbench::plugin {
namespace {

std::filesystem::path plugin_file;

// The inputs or the outputs of a loaded model, as the ABI shows them.
class Tensors {
 public:
  Status Set(std::vector<TensorDescription> descriptions) {
    descriptions_ = std::move(descriptions);
    for (const TensorDescription& tensor : descriptions_) {
      if (tensor.shape.size() > QBENCH_MAX_RANK) {
        return Error(StatusCode::kUnsupported, "tensor \"{}\" has {} dimensions; at most {}",
                     tensor.name, tensor.shape.size(), QBENCH_MAX_RANK);
      }
      qbench_tensor_info info{};
      info.struct_size = sizeof(info);
      info.type = tensor.type;
      info.name = tensor.name.c_str();
      info.rank = static_cast<int32_t>(tensor.shape.size());
      std::ranges::copy(tensor.shape, info.dims);
      info.scale = tensor.scale;
      info.zero_point = tensor.zero_point;
      size_t bytes = qbench_type_size(tensor.type);
      for (const int32_t dimension : tensor.shape) bytes *= static_cast<size_t>(dimension);
      infos_.push_back(info);
      bytes_.push_back(bytes);
    }
    return OkStatus();
  }

  uint32_t count() const { return static_cast<uint32_t>(infos_.size()); }
  const qbench_tensor_info* info(uint32_t index) const {
    return index < count() ? &infos_[index] : nullptr;
  }
  Status CheckIndex(const char* what, uint32_t index) const {
    if (index < count()) return OkStatus();
    return Error(StatusCode::kInvalidArgument, "no {} {}: the model has {}", what, index, count());
  }
  Status Check(const char* what, uint32_t index, size_t size) const {
    QB_RETURN_IF_ERROR(CheckIndex(what, index));
    if (size == bytes_[index]) return OkStatus();
    return Error(StatusCode::kInvalidArgument, "{} {} has {} bytes, not {}", what, index,
                 bytes_[index], size);
  }

 private:
  std::vector<TensorDescription> descriptions_;  // owns the names
  std::vector<qbench_tensor_info> infos_;
  std::vector<size_t> bytes_;
};

// What stands behind a qbench_runtime.
struct Object {
  explicit Object(const RuntimeInfo& runtime_info);

  qbench_runtime table;
  const RuntimeInfo& info;
  std::unique_ptr<Runtime> runtime;
  ProfiledRuntime* const profiled;  // the same object; null where it cannot be profiled
  enum class State { kCreated, kReady, kLoaded, kFailed } state = State::kCreated;
  Tensors inputs;
  Tensors outputs;
  Facts facts;
  bool profile_enabled = false;
  bool profile_to_read = false;                      // of an invoke of which nothing was read yet
  std::vector<ProfileEvent> profile;                 // of the latest invoke; owns the names
  std::vector<qbench_profile_event> profile_events;  // of the same, as the ABI shows them
  std::string last_error;
};

Object& Self(const qbench_runtime* table) { return *static_cast<Object*>(table->plugin_data); }

// Runs one ABI function's body and keeps its failure's text.
template <typename Body>
qbench_status Call(Object& self, Body&& body) noexcept {
  Status status = Guard(std::forward<Body>(body));
  if (status.ok()) {
    self.last_error.clear();
    return QBENCH_OK;
  }
  const Status kept = Guard([&] {
    self.last_error = status.message();
    return OkStatus();
  });
  return kept.ok() ? ToAbi(status.code()) : QBENCH_OUT_OF_MEMORY;
}

Status CheckLoaded(const Object& self, const char* function) {
  if (self.state == Object::State::kLoaded) return OkStatus();
  return Error(StatusCode::kInvalidArgument, "{}: {}() goes after a load() that succeeded",
               self.info.id, function);
}

qbench_status InitObject(qbench_runtime* table, const qbench_option* options, uint32_t option_count,
                         uint32_t threads) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    if (self.state != Object::State::kCreated) {
      return Error(StatusCode::kInvalidArgument, "{}: init() was called twice", self.info.id);
    }
    if (threads < 1) {
      return Error(StatusCode::kInvalidArgument, "{}: at least one thread", self.info.id);
    }
    QB_ASSIGN_OR_RETURN(const Options parsed,
                        ParseOptions(self.info.id, self.info.options, {options, option_count}));
    QB_RETURN_IF_ERROR(self.runtime->Init(parsed, threads));
    self.state = Object::State::kReady;
    return OkStatus();
  });
}

qbench_status LoadModel(qbench_runtime* table, const void* model, size_t size) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    if (self.state != Object::State::kReady) {
      return Error(StatusCode::kInvalidArgument, "{}: load() goes once, after init()",
                   self.info.id);
    }
    self.state = Object::State::kFailed;
    QB_RETURN_IF_ERROR(self.runtime->Load({static_cast<const uint8_t*>(model), size}));
    QB_RETURN_IF_ERROR(self.inputs.Set(self.runtime->Inputs()));
    QB_RETURN_IF_ERROR(self.outputs.Set(self.runtime->Outputs()));
    self.state = Object::State::kLoaded;
    return OkStatus();
  });
}

uint32_t InputCount(const qbench_runtime* table) { return Self(table).inputs.count(); }
const qbench_tensor_info* InputInfo(const qbench_runtime* table, uint32_t index) {
  return Self(table).inputs.info(index);
}
uint32_t OutputCount(const qbench_runtime* table) { return Self(table).outputs.count(); }
const qbench_tensor_info* OutputInfo(const qbench_runtime* table, uint32_t index) {
  return Self(table).outputs.info(index);
}

qbench_status SetInput(qbench_runtime* table, uint32_t index, const void* data, size_t size) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    QB_RETURN_IF_ERROR(CheckLoaded(self, "set_input"));
    QB_RETURN_IF_ERROR(self.inputs.Check("input", index, size));
    return self.runtime->SetInput(index, {static_cast<const uint8_t*>(data), size});
  });
}

// When the host asks, so that its clock around the invoke does not see it.
Status ReadProfile(Object& self) {
  self.profile_events.clear();
  QB_ASSIGN_OR_RETURN(self.profile, self.profiled->ProfileEvents());
  for (const ProfileEvent& event : self.profile) {
    self.profile_events.push_back({sizeof(qbench_profile_event), event.op, event.partition,
                                   event.name.c_str(), event.time_ns});
  }
  return OkStatus();
}

qbench_status Invoke(qbench_runtime* table) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    QB_RETURN_IF_ERROR(CheckLoaded(self, "invoke"));
    self.profile_to_read = self.profile_enabled;
    return self.runtime->Invoke();
  });
}

qbench_status GetOutput(qbench_runtime* table, uint32_t index, void* data, size_t size) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    QB_RETURN_IF_ERROR(CheckLoaded(self, "get_output"));
    QB_RETURN_IF_ERROR(self.outputs.Check("output", index, size));
    QB_ASSIGN_OR_RETURN(const ByteSpan output, self.runtime->ViewOutput(index));
    QB_RETURN_IF_ERROR(self.outputs.Check("output", index, output.size()));
    std::memcpy(data, output.data(), size);
    return OkStatus();
  });
}

qbench_status ViewOutput(qbench_runtime* table, uint32_t index, const void** data) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    QB_RETURN_IF_ERROR(CheckLoaded(self, "view"));
    QB_RETURN_IF_ERROR(self.outputs.CheckIndex("output", index));
    QB_ASSIGN_OR_RETURN(const ByteSpan output, self.runtime->ViewOutput(index));
    QB_RETURN_IF_ERROR(self.outputs.Check("output", index, output.size()));
    *data = output.data();
    return OkStatus();
  });
}

const char* LastError(const qbench_runtime* table) { return Self(table).last_error.c_str(); }

// Facts change when a model is loaded and run, so every count describes them anew.
uint32_t FactCount(const void* table) {
  Object& self = Self(static_cast<const qbench_runtime*>(table));
  const Status described = Guard([&] {
    if (self.state != Object::State::kCreated) self.facts = self.runtime->DescribeFacts();
    return OkStatus();
  });
  if (!described.ok()) self.facts.clear();
  return static_cast<uint32_t>(self.facts.size());
}

qbench_status GetFact(const void* self, uint32_t index, const char** name, const char** value) {
  const Facts& facts = Self(static_cast<const qbench_runtime*>(self)).facts;
  if (index >= facts.size()) return QBENCH_INVALID_ARGUMENT;
  *name = facts[index].first.c_str();
  *value = facts[index].second.c_str();
  return QBENCH_OK;
}

constexpr qbench_plugin_facts kFacts = {sizeof(qbench_plugin_facts), &FactCount, &GetFact};

qbench_status EnableProfile(qbench_runtime* table) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    if (self.state != Object::State::kReady) {
      return Error(StatusCode::kInvalidArgument,
                   "{}: a profile is enabled after init() and before load()", self.info.id);
    }
    QB_RETURN_IF_ERROR(self.profiled->EnableProfile());
    self.profile_enabled = true;
    return OkStatus();
  });
}

uint32_t EventCount(const qbench_runtime* table) {
  Object& self = Self(table);
  if (self.profile_to_read) {
    self.profile_to_read = false;
    if (Call(self, [&] { return ReadProfile(self); }) != QBENCH_OK) self.profile_events.clear();
  } else if (self.profile_events.empty()) {
    self.last_error.clear();  // that there is nothing is no failure
  }
  return static_cast<uint32_t>(self.profile_events.size());
}
const qbench_profile_event* Event(const qbench_runtime* table, uint32_t index) {
  return index < EventCount(table) ? &Self(table).profile_events[index] : nullptr;
}
uint64_t ResolutionNs(const qbench_runtime* table) {
  return Self(table).profiled->ProfileResolutionNs();
}
const char* DelegateName(const qbench_runtime* table) {
  return Self(table).profiled->DelegateName();
}

constexpr qbench_runtime_profile kProfile = {sizeof(qbench_runtime_profile),
                                             &EnableProfile,
                                             &EventCount,
                                             &Event,
                                             &ResolutionNs,
                                             &DelegateName};

constexpr qbench_runtime_output_view kOutputView = {sizeof(qbench_runtime_output_view),
                                                    &ViewOutput};

const void* GetExtension(const qbench_runtime* table, const char* id) {
  if (std::strcmp(id, QBENCH_PLUGIN_FACTS) == 0) return &kFacts;
  if (std::strcmp(id, QBENCH_RUNTIME_OUTPUT_VIEW) == 0) return &kOutputView;
  const bool profile = std::strcmp(id, QBENCH_RUNTIME_PROFILE) == 0;
  return profile && Self(table).profiled != nullptr ? &kProfile : nullptr;
}

void Destroy(qbench_runtime* table) { delete &Self(table); }

Object::Object(const RuntimeInfo& runtime_info)
    : table{sizeof(qbench_runtime), this,        &InitObject, &LoadModel, &InputCount, &InputInfo,
            &OutputCount,           &OutputInfo, &SetInput,   &Invoke,    &GetOutput,  &LastError,
            &GetExtension,          &Destroy},
      info(runtime_info),
      runtime(runtime_info.make()),
      profiled(dynamic_cast<ProfiledRuntime*>(runtime.get())) {}

// The descriptors, with the arrays that they point into.
struct Descriptors {
  std::vector<std::vector<const qbench_option_info*>> options;
  std::vector<qbench_runtime_descriptor> runtimes;
};

const Descriptors& GetDescriptors() {
  static const Descriptors descriptors = [] {
    Descriptors made;
    made.options.reserve(RegisteredRuntimes().size());
    for (const RuntimeInfo& info : RegisteredRuntimes()) {
      auto& options = made.options.emplace_back();
      for (const qbench_option_info& option : info.options) options.push_back(&option);
      made.runtimes.push_back(
          {{sizeof(qbench_runtime_descriptor), info.id, QBENCH_PLUGIN_VERSION, info.summary,
            options.empty() ? nullptr : options.data(), static_cast<uint32_t>(options.size())},
           info.oracle ? 1 : 0,
           0,
           info.calibration ? uint32_t{QBENCH_RUNTIME_CALIBRATION} : 0,
           0});
    }
    return made;
  }();
  return descriptors;
}

uint32_t Count() { return static_cast<uint32_t>(RegisteredRuntimes().size()); }

const qbench_runtime_descriptor* GetDescriptor(uint32_t index) {
  return index < Count() ? &GetDescriptors().runtimes[index] : nullptr;
}

Result<const RuntimeInfo*> FindRuntime(const char* id) {
  for (const RuntimeInfo& info : RegisteredRuntimes()) {
    if (std::strcmp(info.id, id) == 0) return &info;
  }
  return Error(StatusCode::kInvalidArgument, "no runtime \"{}\"", id);
}

qbench_status Probe(const char* id, char* reason, size_t reason_size) {
  const Status status = Guard([&]() -> Status {
    QB_ASSIGN_OR_RETURN(const RuntimeInfo* info, FindRuntime(id));
    return info->probe == nullptr ? OkStatus() : info->probe();
  });
  const size_t length = std::min(status.message().size(), reason_size - 1);
  std::memcpy(reason, status.message().data(), length);
  reason[length] = '\0';
  return status.ok() ? QBENCH_OK : QBENCH_UNAVAILABLE;
}

qbench_status Create(const qbench_host* /*host*/, const char* id, qbench_runtime** out) {
  const Status status = Guard([&]() -> Status {
    QB_ASSIGN_OR_RETURN(const RuntimeInfo* info, FindRuntime(id));
    *out = &(new Object(*info))->table;
    return OkStatus();
  });
  return ToAbi(status.code());
}

constexpr qbench_runtime_factory kFactory = {sizeof(qbench_runtime_factory), &Count, &GetDescriptor,
                                             &Probe, &Create};

}  // namespace

const std::filesystem::path& PluginFile() { return plugin_file; }

// Descriptors are made here, where a failure can be told and no other thread runs.
qbench_status InitRuntimePlugin(const char* plugin_path) {
  return ToAbi(Guard([&] {
                 plugin_file = plugin_path;
                 GetDescriptors();
                 return OkStatus();
               }).code());
}

void DeinitRuntimePlugin() {}

const void* GetRuntimeFactory(const char* factory_id) {
  return std::strcmp(factory_id, QBENCH_RUNTIME_FACTORY) == 0 ? &kFactory : nullptr;
}

}  // namespace qbench::plugin
