// A quantizer and a runtime that do what their options tell them, in one of their functions (`at`):
// log lines, print lines, return a status, crash or hang. Else they are as good as the template:
// the model is emitted as it is, and answers 1 for the first class. Written against the C headers
// alone, so that nothing stands between what is told and the ABI.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "graph/tflite/tflite_reader.h"
#include "qbench/quantizer.h"
#include "qbench/runtime.h"

namespace {

// --- what is told --------------------------------------------------------------------------------

constexpr qbench_option_info kAt = {sizeof(kAt), "at", "nowhere", "NAME", "the function"};
constexpr qbench_option_info kStatus = {sizeof(kStatus), "status", "0", "NAME", "its status"};
constexpr qbench_option_info kText = {sizeof(kText), "text", "", "NAME", "its last_error"};
constexpr qbench_option_info kLog = {sizeof(kLog), "log", "", "NAME", "a line to log"};
constexpr qbench_option_info kSeverity = {sizeof(kSeverity), "severity", "2", "0..5",
                                          "its severity"};
constexpr qbench_option_info kTimes = {sizeof(kTimes), "times", "1", "1..10000000", "how often"};
constexpr qbench_option_info kNumbered = {sizeof(kNumbered), "numbered", "false", "true|false",
                                          "each line with its number"};
constexpr qbench_option_info kPrint = {sizeof(kPrint), "print", "", "NAME", "a line to print"};
constexpr qbench_option_info kThen = {sizeof(kThen), "then", "", "segfault|hang", "and at last"};
constexpr const qbench_option_info* kOptions[] = {&kAt,    &kStatus,   &kText,  &kLog, &kSeverity,
                                                  &kTimes, &kNumbered, &kPrint, &kThen};

struct Told {
  const qbench_host* host = nullptr;
  std::string at;
  qbench_status status = QBENCH_OK;
  std::string text;
  std::string log;
  int severity = QBENCH_LOG_WARNING;
  long times = 1;
  bool numbered = false;
  std::string print;
  std::string then;

  void Take(const qbench_option* options, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      const std::string_view name = options[i].name;
      const std::string value = options[i].value;
      if (name == "at") at = value;
      if (name == "status") status = static_cast<qbench_status>(std::atoi(value.c_str()));
      if (name == "text") text = value;
      if (name == "log") log = value;
      if (name == "severity") severity = std::atoi(value.c_str());
      if (name == "times") times = std::atol(value.c_str());
      if (name == "numbered") numbered = value == "true";
      if (name == "print") print = value;
      if (name == "then") then = value;
    }
  }

  qbench_status Do(std::string_view place) const {
    if (place != at) return QBENCH_OK;
    const auto* service =
        static_cast<const qbench_host_log*>(host->get_extension(host, QBENCH_HOST_LOG));
    for (long i = 0; i < times && !log.empty(); ++i) {
      const std::string line = numbered ? log + " " + std::to_string(i) : log;
      service->log(host, severity, line.c_str());
    }
    for (long i = 0; i < times && !print.empty(); ++i) std::printf("%s\n", print.c_str());
    if (then == "segfault") {
      std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would report and exit
      std::raise(SIGSEGV);
    }
    while (then == "hang") pause();
    return status;
  }
};

// --- quantizer -----------------------------------------------------------------------------------

struct ToldQuantizer {
  qbench_quantizer table;
  Told told;
};

ToldQuantizer& Self(const qbench_quantizer* table) {
  return *static_cast<ToldQuantizer*>(table->plugin_data);
}

qbench_status QuantizerInit(qbench_quantizer* table, const qbench_option* options, uint32_t count) {
  Self(table).told.Take(options, count);
  return Self(table).told.Do("init");
}

qbench_status Quantize(qbench_quantizer* table, const void* model, size_t size) {
  const Told& told = Self(table).told;
  if (const qbench_status status = told.Do("quantize"); status != QBENCH_OK) return status;
  if (told.at == "nothing") return QBENCH_OK;  // all is well, and no model
  const auto* emit =
      static_cast<const qbench_host_emit*>(told.host->get_extension(told.host, QBENCH_HOST_EMIT));
  return emit->emit(told.host, "model", QBENCH_MEDIA_TFLITE, model, size);
}

const char* QuantizerError(const qbench_quantizer* table) { return Self(table).told.text.c_str(); }
const void* QuantizerExtension(const qbench_quantizer*, const char*) { return nullptr; }
void QuantizerDestroy(qbench_quantizer* table) { delete &Self(table); }

constexpr qbench_quantizer_descriptor MakeQuantizerDescriptor() {
  qbench_quantizer_descriptor descriptor = {};
  descriptor.base = {sizeof(descriptor),   "told_quantizer", "1",
                     "does as it is told", kOptions,         std::size(kOptions)};
  return descriptor;
}
constexpr qbench_quantizer_descriptor kQuantizer = MakeQuantizerDescriptor();

uint32_t Count() { return 1; }
const qbench_quantizer_descriptor* GetQuantizer(uint32_t index) {
  return index == 0 ? &kQuantizer : nullptr;
}
qbench_status CreateQuantizer(const qbench_host* host, const char*, qbench_quantizer** out) {
  auto* self = new ToldQuantizer{{sizeof(qbench_quantizer), nullptr, QuantizerInit, Quantize,
                                  QuantizerError, QuantizerExtension, QuantizerDestroy},
                                 {}};
  self->told.host = host;
  self->table.plugin_data = self;
  *out = &self->table;
  return QBENCH_OK;
}

constexpr qbench_quantizer_factory kQuantizers = {sizeof(kQuantizers), Count, GetQuantizer,
                                                  CreateQuantizer};

// --- runtime -------------------------------------------------------------------------------------

struct ToldRuntime {
  qbench_runtime table;
  Told told;
  qbench_tensor_info input;
  qbench_tensor_info output;
};

ToldRuntime& Self(const qbench_runtime* table) {
  return *static_cast<ToldRuntime*>(table->plugin_data);
}

qbench_status RuntimeInit(qbench_runtime* table, const qbench_option* options, uint32_t count,
                          uint32_t) {
  Self(table).told.Take(options, count);
  return Self(table).told.Do("init");
}

qbench_tensor_info FloatTensor(const qbench::graph::Shape& shape) {
  qbench_tensor_info info = {};
  info.struct_size = sizeof(info);
  info.type = QBENCH_FLOAT32;
  info.name = "";
  info.rank = static_cast<int32_t>(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) info.dims[i] = shape[i];
  return info;
}

qbench_status Load(qbench_runtime* table, const void* model, size_t size) {
  const auto info = qbench::graph::InspectTflite({static_cast<const uint8_t*>(model), size});
  if (!info.ok() || info->inputs.size() != 1 || info->outputs.size() != 1) {
    return QBENCH_INVALID_ARGUMENT;
  }
  Self(table).input = FloatTensor(info->inputs[0].shape);
  Self(table).output = FloatTensor(info->outputs[0].shape);
  return Self(table).told.Do("load");
}

uint32_t One(const qbench_runtime*) { return 1; }
const qbench_tensor_info* InputInfo(const qbench_runtime* table, uint32_t) {
  return &Self(table).input;
}
const qbench_tensor_info* OutputInfo(const qbench_runtime* table, uint32_t) {
  return &Self(table).output;
}
qbench_status SetInput(qbench_runtime* table, uint32_t, const void*, size_t) {
  return Self(table).told.Do("set_input");
}
qbench_status Invoke(qbench_runtime* table) { return Self(table).told.Do("invoke"); }
qbench_status GetOutput(qbench_runtime* table, uint32_t, void* data, size_t size) {
  const float one = 1;
  std::memset(data, 0, size);
  std::memcpy(data, &one, sizeof(one));
  return Self(table).told.Do("get_output");
}
const char* RuntimeError(const qbench_runtime* table) { return Self(table).told.text.c_str(); }
uint32_t FactCount(const void*) { return 1; }
qbench_status GetFact(const void* table, uint32_t, const char** name, const char** value) {
  *name = "told";
  *value = "everything";
  const Told& told = Self(static_cast<const qbench_runtime*>(table)).told;
  if (told.at == "no_fact") *name = nullptr;
  return told.Do("facts");
}
constexpr qbench_plugin_facts kFacts = {sizeof(kFacts), FactCount, GetFact};
const void* RuntimeExtension(const qbench_runtime*, const char* id) {
  return std::strcmp(id, QBENCH_PLUGIN_FACTS) == 0 ? &kFacts : nullptr;
}
void RuntimeDestroy(qbench_runtime* table) { delete &Self(table); }

constexpr qbench_runtime_descriptor kRuntime = {
    {sizeof(kRuntime), "told_runtime", "1", "does as it is told", kOptions, std::size(kOptions)},
    1,
    0,
    0,
    0};

const qbench_runtime_descriptor* GetRuntime(uint32_t index) {
  return index == 0 ? &kRuntime : nullptr;
}
qbench_status Probe(const char*, char*, size_t) { return QBENCH_OK; }
qbench_status CreateRuntime(const qbench_host* host, const char*, qbench_runtime** out) {
  auto* self = new ToldRuntime{
      {sizeof(qbench_runtime), nullptr, RuntimeInit, Load, One, InputInfo, One, OutputInfo,
       SetInput, Invoke, GetOutput, RuntimeError, RuntimeExtension, RuntimeDestroy},
      {},
      {},
      {}};
  self->told.host = host;
  self->table.plugin_data = self;
  *out = &self->table;
  return QBENCH_OK;
}

constexpr qbench_runtime_factory kRuntimes = {sizeof(kRuntimes), Count, GetRuntime, Probe,
                                              CreateRuntime};

// --- entry ---------------------------------------------------------------------------------------

qbench_status PluginInit(const char*) { return QBENCH_OK; }
void PluginDeinit() {}
const void* GetFactory(const char* id) {
  if (std::strcmp(id, QBENCH_QUANTIZER_FACTORY) == 0) return &kQuantizers;
  if (std::strcmp(id, QBENCH_RUNTIME_FACTORY) == 0) return &kRuntimes;
  return nullptr;
}

}  // namespace

extern "C" const qbench_plugin_entry_t qbench_plugin_entry = {sizeof(qbench_plugin_entry_t),
                                                              QBENCH_ABI_MAJOR,
                                                              QBENCH_ABI_MINOR,
                                                              PluginInit,
                                                              PluginDeinit,
                                                              GetFactory};
