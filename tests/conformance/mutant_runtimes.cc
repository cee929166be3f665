// A sound runtime (`sound`, on the reference kernels) and copies of it with one defect each, the
// runtime's id saying which: what `qbench plugin check` must find. On the bare C tables, since
// plugins/support would mend most of it.
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

#include "graph/tflite/tflite_reader.h"
#include "kernels/interpreter.h"
#include "qbench/profile.h"
#include "tests/conformance/mutants.h"

namespace qbench::mutants {
namespace {

constexpr const char* kRuntimes[] = {
    "sound",          "talks_in_create",  "null_error",       "any_extension",
    "endless_facts",  "takes_any_option", "takes_any_value",  "refuses_default",
    "probe_overruns", "bad_destroy",      "leaks_state",      "shares_state",
    "forgets_inputs", "early_outputs",    "drifts",           "one_thread",
    "takes_text",     "dies_of_damage",   "unnamed_operator", "wrong_status",
    "wrong_shape",    "takes_any_size",   "reads_beyond",     "writes_beyond",
    "writes_refused", "throws",           "invokes_unloaded", "off_by_three",
    "off_in_float",   "dies_of_softmax",  "hangs_at_softmax", "leaks_memory",
    "dies_of_memory", "counts_threads",   "writes_model",     "unknown_code",
    "stale_view",     "loses_events"};

constexpr qbench_option_info kOption = {sizeof(kOption), "mode", "a", "a|b", "which mode"};
constexpr const qbench_option_info* kOptions[] = {&kOption};

struct Runtime {
  qbench_runtime table = {};
  std::string id;
  std::string error;
  uint32_t threads = 0;
  std::thread::id maker = std::this_thread::get_id();
  bool initialized = false;
  bool failed = false;
  std::shared_ptr<const graph::Model> model;
  std::optional<kernels::Interpreter> interpreter;
  std::vector<qbench_tensor_info> inputs, outputs;
  std::vector<Bytes> results;
  Bytes previous;
  int invokes = 0;

  bool Is(const char* defect) const { return id == defect; }
  qbench_status Fail(qbench_status status, std::string text) {
    error = std::move(text);
    return status;
  }
};

// What `shares_state` has in common.
std::vector<Bytes> shared_results;

Runtime& Self(const qbench_runtime* table) { return *static_cast<Runtime*>(table->plugin_data); }

qbench_status Init(qbench_runtime* table, const qbench_option* options, uint32_t count,
                   uint32_t threads) {
  Runtime& self = Self(table);
  if (self.initialized) return self.Fail(QBENCH_INVALID_ARGUMENT, "init() was called twice");
  for (uint32_t i = 0; i < count && !self.Is("takes_any_option"); ++i) {
    const std::string name = options[i].name;
    const std::string value = options[i].value;
    if (name != "mode") {
      return self.Fail(QBENCH_INVALID_ARGUMENT, "no option " + name + "; there is mode");
    }
    const bool known = value == "a" || value == "b" || self.Is("takes_any_value");
    if (!known || (self.Is("refuses_default") && value == "a")) {
      return self.Fail(QBENCH_INVALID_ARGUMENT, "mode=" + value + ": it is a or b");
    }
  }
  self.initialized = true;
  self.threads = threads;
  return QBENCH_OK;
}

qbench_tensor_info InfoOf(const graph::Tensor& tensor) {
  qbench_tensor_info info = {};
  info.struct_size = sizeof(info);
  info.name = tensor.name.c_str();
  info.type = AbiType(tensor.type);
  info.rank = static_cast<int32_t>(tensor.shape.size());
  std::ranges::copy(tensor.shape, info.dims);
  if (tensor.quantization) {
    info.scale = tensor.quantization->scales[0];
    info.zero_point = static_cast<int32_t>(tensor.quantization->zero_points[0]);
  }
  return info;
}

qbench_status Refuse(Runtime& self, const Status& status) {
  self.failed = true;
  if (self.Is("dies_of_damage") && status.code() == StatusCode::kCorrupt) Die();
  if (status.code() != StatusCode::kUnsupported) {
    return self.Fail(QBENCH_INVALID_ARGUMENT, status.message());
  }
  if (self.Is("unknown_code")) return self.Fail(77, "?");
  if (self.Is("wrong_status")) return self.Fail(QBENCH_INTERNAL, status.message());
  return self.Fail(QBENCH_UNSUPPORTED,
                   self.Is("unnamed_operator") ? "something is not supported" : status.message());
}

bool HasSoftmax(const graph::Model& model) {
  return model.graph.ops.size() == 1 && model.graph.ops[0].kind == graph::OpKind::kSoftmax;
}

qbench_status Load(qbench_runtime* table, const void* model, size_t size) {
  Runtime& self = Self(table);
  if (!self.initialized || self.interpreter) {
    return self.Fail(QBENCH_INVALID_ARGUMENT, "load() goes once, after init()");
  }
  const auto* begin = static_cast<const uint8_t*>(model);
  if (self.Is("takes_text") && size < 100) return QBENCH_OK;
  const auto bytes = std::make_shared<const Bytes>(begin, begin + size);
  auto read = graph::ReadTflite(bytes);
  if (!read.ok()) return Refuse(self, read.status());
  self.model = std::make_shared<const graph::Model>(std::move(*read));
  if (self.Is("dies_of_softmax") && HasSoftmax(*self.model)) Die();
  const graph::Tensor& input =
      self.model->graph.tensors[static_cast<size_t>(self.model->graph.inputs[0])];
  const bool floats = input.type == graph::DataType::kFloat32;
  if (self.Is("hangs_at_softmax") && HasSoftmax(*self.model) && floats) Hang();
  const int64_t elements = graph::ElementCount(self.model->graph.tensors[0].shape);
  if (self.Is("dies_of_memory") && elements > 1000000) {
    auto* block = static_cast<char*>(std::malloc(static_cast<size_t>(elements) * 4));
    if (block == nullptr) Die();
    std::free(block);
  }
  auto made = kernels::Interpreter::Create(self.model);
  if (!made.ok()) return Refuse(self, made.status());
  self.interpreter.emplace(std::move(*made));
  const graph::Graph& graph = self.model->graph;
  for (const graph::TensorId id : graph.inputs) {
    self.inputs.push_back(InfoOf(graph.tensors[static_cast<size_t>(id)]));
  }
  for (const graph::TensorId id : graph.outputs) {
    self.outputs.push_back(InfoOf(graph.tensors[static_cast<size_t>(id)]));
    self.results.emplace_back(self.interpreter->TensorData(id).size());
  }
  if (self.Is("wrong_shape")) ++self.inputs[0].dims[0];
  if (self.Is("writes_model")) {
    auto* first = static_cast<volatile char*>(const_cast<void*>(model));
    *first = *first;
  }
  return QBENCH_OK;
}

qbench_status LoadAndCatch(qbench_runtime* table, const void* model, size_t size) {
  try {
    return Load(table, model, size);
  } catch (const std::bad_alloc&) {
    Self(table).interpreter.reset();
    return Self(table).Fail(QBENCH_OUT_OF_MEMORY, "out of memory");
  }
}

uint32_t InputCount(const qbench_runtime* t) {
  return static_cast<uint32_t>(Self(t).inputs.size());
}
const qbench_tensor_info* InputInfo(const qbench_runtime* t, uint32_t i) {
  return i < InputCount(t) ? &Self(t).inputs[i] : nullptr;
}
uint32_t OutputCount(const qbench_runtime* t) {
  return static_cast<uint32_t>(Self(t).outputs.size());
}
const qbench_tensor_info* OutputInfo(const qbench_runtime* t, uint32_t i) {
  return i < OutputCount(t) ? &Self(t).outputs[i] : nullptr;
}

std::vector<Bytes>& Results(Runtime& self) {
  return self.Is("shares_state") ? shared_results : self.results;
}

qbench_status SetInput(qbench_runtime* table, uint32_t index, const void* data, size_t size) {
  Runtime& self = Self(table);
  if (!self.interpreter) return self.Fail(QBENCH_INVALID_ARGUMENT, "set_input() before load()");
  if (index >= self.inputs.size()) return self.Fail(QBENCH_INVALID_ARGUMENT, "no such input");
  const auto room = self.interpreter->TensorData(self.model->graph.inputs[index]);
  if (self.Is("takes_any_size")) {
    std::memcpy(room.data(), data, std::min(size, room.size()));
    return QBENCH_OK;
  }
  if (size != room.size()) return self.Fail(QBENCH_INVALID_ARGUMENT, "another size is wanted");
  std::memcpy(room.data(), data, size);
  if (self.Is("reads_beyond")) room[0] = static_cast<const volatile uint8_t*>(data)[size];
  if (self.Is("early_outputs")) (void)self.interpreter->Invoke();
  return QBENCH_OK;
}

// What the defects do to the outputs of an invoke.
void Spoil(Runtime& self, Bytes& result, qbench_type type) {
  ++self.invokes;
  if (self.Is("drifts") && self.invokes > 10) result[0] ^= 1;
  if (self.Is("counts_threads") && self.threads > 2) result[3] ^= 0x20;
  if (self.Is("leaks_state") && !self.previous.empty()) result[0] ^= self.previous[0];
  self.previous = result;
  if (self.Is("off_by_three") && type == QBENCH_INT8) {
    auto& value = reinterpret_cast<int8_t&>(result[result.size() / 2]);
    value = static_cast<int8_t>(value > 0 ? value - 3 : value + 3);
  }
  if (self.Is("off_in_float") && type == QBENCH_FLOAT32) {
    float value = LoadUnaligned<float>(result) + 0.01F;
    std::memcpy(result.data(), &value, sizeof(value));
  }
}

qbench_status Invoke(qbench_runtime* table) {
  Runtime& self = Self(table);
  if (self.Is("throws")) throw std::runtime_error("thrown on purpose");
  if (!self.interpreter) {
    if (self.Is("invokes_unloaded")) return QBENCH_OK;
    return self.Fail(QBENCH_INVALID_ARGUMENT, "invoke() before load()");
  }
  if (self.Is("one_thread") && std::this_thread::get_id() != self.maker) {
    return self.Fail(QBENCH_INTERNAL, "invoke() on another thread");
  }
  if (self.Is("leaks_memory")) {
    volatile auto* leaked = static_cast<char*>(std::malloc(64));
    leaked[0] = 1;  // NOLINT(clang-analyzer-unix.Malloc): on purpose
  }
  (void)self.interpreter->Invoke();
  std::vector<Bytes>& results = Results(self);
  results.resize(self.outputs.size());
  for (size_t i = 0; i < results.size(); ++i) {
    const auto data = self.interpreter->TensorData(self.model->graph.outputs[i]);
    results[i].assign(data.begin(), data.end());
    Spoil(self, results[i], self.outputs[i].type);
  }
  // Long enough for the others to write theirs, however busy the machine is.
  if (self.Is("shares_state")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  if (self.Is("forgets_inputs")) {
    for (const graph::TensorId id : self.model->graph.inputs) {
      std::ranges::fill(self.interpreter->TensorData(id), uint8_t{0});
    }
  }
  return QBENCH_OK;
}

qbench_status GetOutput(qbench_runtime* table, uint32_t index, void* data, size_t size) {
  Runtime& self = Self(table);
  if (!self.interpreter) return self.Fail(QBENCH_INVALID_ARGUMENT, "get_output() before load()");
  std::vector<Bytes>& results = Results(self);
  if (index >= results.size()) return self.Fail(QBENCH_INVALID_ARGUMENT, "no such output");
  const Bytes& result = results[index];
  if (size != result.size()) {
    if (self.Is("writes_refused") && size > 0) *static_cast<char*>(data) = 0;
    return self.Fail(QBENCH_INVALID_ARGUMENT, "another size is wanted");
  }
  std::memcpy(data, result.data(), size);
  if (self.Is("early_outputs")) {
    std::memcpy(data, self.interpreter->TensorData(self.model->graph.outputs[index]).data(), size);
  }
  if (self.Is("writes_beyond")) static_cast<volatile uint8_t*>(data)[size] = 0;
  return QBENCH_OK;
}

const char* LastError(const qbench_runtime* table) {
  const Runtime& self = Self(table);
  return self.Is("null_error") ? nullptr : self.error.c_str();
}

uint32_t FactCount(const void*) { return 1; }
qbench_status GetFact(const void* table, uint32_t index, const char** name, const char** value) {
  if (index >= 1 && !Self(static_cast<const qbench_runtime*>(table)).Is("endless_facts")) {
    return QBENCH_INVALID_ARGUMENT;
  }
  *name = "fact";
  *value = "value";
  return QBENCH_OK;
}
constexpr qbench_plugin_facts kFacts = {sizeof(kFacts), FactCount, GetFact};

qbench_status View(qbench_runtime* table, uint32_t index, const void** data) {
  Runtime& self = Self(table);
  if (index >= self.results.size()) return self.Fail(QBENCH_INVALID_ARGUMENT, "no such output");
  if (self.Is("stale_view") && self.invokes > 1)
    self.results[index].assign(self.results[index].size(), 0);
  *data = self.results[index].data();
  return QBENCH_OK;
}
constexpr qbench_runtime_output_view kView = {sizeof(kView), View};

qbench_status EnableProfile(qbench_runtime*) { return QBENCH_OK; }
uint32_t EventCount(const qbench_runtime* table) {
  const Runtime& self = Self(table);
  if (self.invokes == 0) return 0;
  const auto count = static_cast<uint32_t>(self.model->graph.ops.size());
  return self.Is("loses_events") ? count - 1 : count;
}
const qbench_profile_event* Event(const qbench_runtime* table, uint32_t index) {
  static thread_local qbench_profile_event event;
  event = {sizeof(event), static_cast<int32_t>(index), -1, "step", 1};
  return index < EventCount(table) ? &event : nullptr;
}
uint64_t Resolution(const qbench_runtime*) { return 1; }
const char* DelegateName(const qbench_runtime*) { return nullptr; }
constexpr qbench_runtime_profile kProfile = {sizeof(kProfile), EnableProfile, EventCount, Event,
                                             Resolution,       DelegateName};

const void* GetExtension(const qbench_runtime* table, const char* id) {
  if (std::strcmp(id, QBENCH_RUNTIME_OUTPUT_VIEW) == 0) return &kView;
  if (std::strcmp(id, QBENCH_RUNTIME_PROFILE) == 0) return &kProfile;
  if (std::strcmp(id, QBENCH_PLUGIN_FACTS) == 0 || Self(table).Is("any_extension")) return &kFacts;
  return nullptr;
}

void Destroy(qbench_runtime* table) {
  Runtime& self = Self(table);
  if (self.Is("bad_destroy") && self.failed) Die();
  delete &self;
}

constexpr size_t kCount = std::size(kRuntimes);
const std::vector<qbench_runtime_descriptor>& Descriptors() {
  static const std::vector<qbench_runtime_descriptor> descriptors = [] {
    std::vector<qbench_runtime_descriptor> made;
    for (const char* id : kRuntimes) {
      made.push_back({{sizeof(qbench_runtime_descriptor), id, "1", "has one defect", kOptions, 1},
                      1,
                      0,
                      0,
                      0});
    }
    return made;
  }();
  return descriptors;
}

uint32_t Count() { return kCount; }
const qbench_runtime_descriptor* GetDescriptor(uint32_t index) {
  if (index < kCount) return &Descriptors()[index];
  return kBadEntry ? &Descriptors()[0] : nullptr;
}

qbench_status Probe(const char* id, char* reason, size_t size) {
  if (std::strcmp(id, "probe_overruns") == 0 && size < 1024) {
    std::memset(reason, 'x', 1024);
    return QBENCH_UNAVAILABLE;
  }
  return QBENCH_OK;
}

qbench_status Create(const qbench_host* host, const char* id, qbench_runtime** out) {
  const bool known =
      std::ranges::any_of(kRuntimes, [&](const char* mine) { return std::strcmp(mine, id) == 0; });
  if (!known && !kBadEntry) return QBENCH_INVALID_ARGUMENT;
  auto* self = new Runtime;
  self->id = id;
  self->table = {sizeof(qbench_runtime),
                 self,
                 Init,
                 LoadAndCatch,
                 InputCount,
                 InputInfo,
                 OutputCount,
                 OutputInfo,
                 SetInput,
                 Invoke,
                 GetOutput,
                 LastError,
                 GetExtension,
                 Destroy};
  if (self->Is("talks_in_create")) {
    const auto* log =
        static_cast<const qbench_host_log*>(host->get_extension(host, QBENCH_HOST_LOG));
    log->log(host, QBENCH_LOG_INFO, "hello");
  }
  *out = &self->table;
  return QBENCH_OK;
}

}  // namespace

const qbench_runtime_factory kRuntimeFactory = {sizeof(kRuntimeFactory), Count, GetDescriptor,
                                                Probe, Create};

}  // namespace qbench::mutants
