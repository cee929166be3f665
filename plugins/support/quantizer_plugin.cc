#include "plugins/support/quantizer_plugin.h"

#include <cstring>
#include <string>

#include "plugins/support/abi_status.h"

namespace qbench::plugin {
namespace {

// What stands behind a qbench_quantizer.
struct Object {
  Object(const qbench_host* host, const QuantizerInfo& quantizer_info);

  qbench_quantizer table;
  HostServices host;
  const QuantizerInfo& info;
  std::unique_ptr<Quantizer> quantizer;
  enum class State { kCreated, kReady, kUsed } state = State::kCreated;
  std::string last_error;
};

Object& Self(const qbench_quantizer* table) { return *static_cast<Object*>(table->plugin_data); }

// Runs one ABI function's body and keeps its failure's text.
template <typename Body>
qbench_status Call(Object& self, Body&& body) noexcept {
  Status status = Guard(std::forward<Body>(body));
  self.last_error.clear();
  if (!status.ok()) {
    const Status kept = Guard([&] {
      self.last_error = status.message();
      return OkStatus();
    });
    if (!kept.ok()) return QBENCH_OUT_OF_MEMORY;
  }
  return ToAbi(status.code());
}

qbench_status InitObject(qbench_quantizer* table, const qbench_option* options,
                         uint32_t option_count) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    if (self.state != Object::State::kCreated) {
      return Error(StatusCode::kInvalidArgument, "{}: init() was called twice", self.info.id);
    }
    QB_ASSIGN_OR_RETURN(const Options parsed,
                        ParseOptions(self.info.id, self.info.options, {options, option_count}));
    QB_RETURN_IF_ERROR(self.quantizer->Init(parsed));
    self.state = Object::State::kReady;
    return OkStatus();
  });
}

qbench_status QuantizeModel(qbench_quantizer* table, const void* model, size_t size) {
  Object& self = Self(table);
  return Call(self, [&]() -> Status {
    if (self.state != Object::State::kReady) {
      return Error(StatusCode::kInvalidArgument, "{}: quantize() goes once, after init()",
                   self.info.id);
    }
    self.state = Object::State::kUsed;
    return self.quantizer->Quantize({static_cast<const uint8_t*>(model), size}, self.host);
  });
}

const char* LastError(const qbench_quantizer* table) { return Self(table).last_error.c_str(); }

const void* GetExtension(const qbench_quantizer* /*table*/, const char* /*id*/) { return nullptr; }

void Destroy(qbench_quantizer* table) { delete &Self(table); }

Object::Object(const qbench_host* qbench, const QuantizerInfo& quantizer_info)
    : table{sizeof(qbench_quantizer),
            this,
            &InitObject,
            &QuantizeModel,
            &LastError,
            &GetExtension,
            &Destroy},
      host(qbench),
      info(quantizer_info),
      quantizer(quantizer_info.make()) {}

// The descriptors, with the arrays that they point into.
struct Descriptors {
  std::vector<std::vector<const qbench_option_info*>> options;
  std::vector<qbench_quantizer_descriptor> quantizers;
};

const Descriptors& GetDescriptors() {
  static const Descriptors descriptors = [] {
    Descriptors made;
    made.options.reserve(RegisteredQuantizers().size());
    for (const QuantizerInfo& info : RegisteredQuantizers()) {
      auto& options = made.options.emplace_back();
      for (const qbench_option_info& option : info.options) options.push_back(&option);
      made.quantizers.push_back(
          {{sizeof(qbench_quantizer_descriptor), info.id, QBENCH_PLUGIN_VERSION, info.summary,
            options.empty() ? nullptr : options.data(), static_cast<uint32_t>(options.size())},
           info.needs_samples ? 1 : 0,
           0,
           info.needs_train ? 1 : 0,
           0,
           info.baseline ? uint32_t{QBENCH_QUANTIZER_BASELINE} : 0,
           0,
           info.only_when_named});
    }
    return made;
  }();
  return descriptors;
}

uint32_t Count() { return static_cast<uint32_t>(RegisteredQuantizers().size()); }

const qbench_quantizer_descriptor* GetDescriptor(uint32_t index) {
  return index < Count() ? &GetDescriptors().quantizers[index] : nullptr;
}

qbench_status Create(const qbench_host* host, const char* id, qbench_quantizer** out) {
  const Status status = Guard([&]() -> Status {
    for (const QuantizerInfo& info : RegisteredQuantizers()) {
      if (std::strcmp(info.id, id) != 0) continue;
      *out = &(new Object(host, info))->table;
      return OkStatus();
    }
    return Error(StatusCode::kInvalidArgument, "no quantizer \"{}\"", id);
  });
  return ToAbi(status.code());
}

constexpr qbench_quantizer_factory kFactory = {sizeof(qbench_quantizer_factory), &Count,
                                               &GetDescriptor, &Create};

}  // namespace

// Descriptors are made here, where a failure can be told and no other thread runs.
qbench_status InitQuantizerPlugin(const char* /*plugin_path*/) {
  return ToAbi(Guard([] {
                 GetDescriptors();
                 return OkStatus();
               }).code());
}

void DeinitQuantizerPlugin() {}

const void* GetQuantizerFactory(const char* factory_id) {
  return std::strcmp(factory_id, QBENCH_QUANTIZER_FACTORY) == 0 ? &kFactory : nullptr;
}

}  // namespace qbench::plugin
