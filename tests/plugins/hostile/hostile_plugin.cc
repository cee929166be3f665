// A quantizer and a runtime that do one bad thing (HOSTILE_DEED) in one of their functions
// (HOSTILE_PLACE), and are as good as the template otherwise: the model is emitted as it is, and
// answers 1 for the first class. Compiled once for every combination, as real plugins, to show that
// each costs one row and harms nothing else. Those that mean ill (ill_deeds.h) use what a plugin
// can know: the job's folder, which is the parent of TMPDIR, and a folder that the test names.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "graph/tflite/tflite_reader.h"
#include "qbench/quantizer.h"
#include "qbench/runtime.h"
#include "tests/plugins/hostile/ill_deeds.h"

namespace {

enum class Deed { segfault, hang, allocate, throws, closes, exits, ill };
enum class Place { init, quantize, invoke, deinit };
constexpr Deed kDeed = Deed::HOSTILE_DEED;
constexpr Place kPlace = Place::HOSTILE_PLACE;
constexpr const char kId[] = HOSTILE_ID;

[[noreturn]] void AllocateWithoutEnd() {
  constexpr size_t kBlock = size_t{4} << 20;
  for (;;) {
    // Touched, so that it is resident; kept reachable, so that it stays.
    static std::vector<char*> blocks;
    auto* block = static_cast<char*>(std::malloc(kBlock));
    if (block != nullptr) std::memset(block, 1, kBlock);
    blocks.push_back(block);
  }
}

void Misbehave(Place place) {
  if (place != kPlace) return;
  switch (kDeed) {
    case Deed::segfault:
      // The signal itself, with its default action: a sanitizer would report and exit.
      std::signal(SIGSEGV, SIG_DFL);
      std::raise(SIGSEGV);
      break;
    case Deed::hang:
      for (;;) pause();
    case Deed::allocate:
      AllocateWithoutEnd();
    case Deed::throws:
      throw std::runtime_error("thrown on purpose");
    case Deed::closes:
      for (int descriptor = 0; descriptor < 1024; ++descriptor) close(descriptor);
      break;
    case Deed::exits:
      std::_Exit(0);
    case Deed::ill:
      qbench::hostile::DoIll(HOSTILE_ID);
      break;
  }
}

// --- quantizer -----------------------------------------------------------------------------------

struct HostileQuantizer {
  qbench_quantizer table;
  const qbench_host* host;
};

qbench_status QuantizerInit(qbench_quantizer*, const qbench_option*, uint32_t) {
  Misbehave(Place::init);
  return QBENCH_OK;
}

qbench_status Quantize(qbench_quantizer* table, const void* model, size_t size) {
  Misbehave(Place::quantize);
  const qbench_host* host = static_cast<HostileQuantizer*>(table->plugin_data)->host;
  const auto* emit =
      static_cast<const qbench_host_emit*>(host->get_extension(host, QBENCH_HOST_EMIT));
  return emit->emit(host, "model", QBENCH_MEDIA_TFLITE, model, size);
}

const char* QuantizerError(const qbench_quantizer*) { return ""; }
const void* QuantizerExtension(const qbench_quantizer*, const char*) { return nullptr; }
void QuantizerDestroy(qbench_quantizer* table) {
  delete static_cast<HostileQuantizer*>(table->plugin_data);
}

constexpr qbench_quantizer_descriptor kQuantizer = {
    {sizeof(kQuantizer), kId, "1", "misbehaves", nullptr, 0}, 0, 0, 0, 0, 0, 0, nullptr};

uint32_t Count() { return 1; }
const qbench_quantizer_descriptor* GetQuantizer(uint32_t) { return &kQuantizer; }
qbench_status CreateQuantizer(const qbench_host* host, const char*, qbench_quantizer** out) {
  auto* self = new HostileQuantizer{{sizeof(qbench_quantizer), nullptr, QuantizerInit, Quantize,
                                     QuantizerError, QuantizerExtension, QuantizerDestroy},
                                    host};
  self->table.plugin_data = self;
  *out = &self->table;
  return QBENCH_OK;
}

constexpr qbench_quantizer_factory kQuantizers = {sizeof(kQuantizers), Count, GetQuantizer,
                                                  CreateQuantizer};

// --- runtime -------------------------------------------------------------------------------------

struct HostileRuntime {
  qbench_runtime table;
  qbench_tensor_info input;
  qbench_tensor_info output;
};

HostileRuntime& Self(const qbench_runtime* table) {
  return *static_cast<HostileRuntime*>(table->plugin_data);
}

qbench_status RuntimeInit(qbench_runtime*, const qbench_option*, uint32_t, uint32_t) {
  Misbehave(Place::init);
  return QBENCH_OK;
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
  return QBENCH_OK;
}

uint32_t One(const qbench_runtime*) { return 1; }
const qbench_tensor_info* InputInfo(const qbench_runtime* table, uint32_t) {
  return &Self(table).input;
}
const qbench_tensor_info* OutputInfo(const qbench_runtime* table, uint32_t) {
  return &Self(table).output;
}
qbench_status SetInput(qbench_runtime*, uint32_t, const void*, size_t) { return QBENCH_OK; }
qbench_status Invoke(qbench_runtime*) {
  Misbehave(Place::invoke);
  return QBENCH_OK;
}
qbench_status GetOutput(qbench_runtime*, uint32_t, void* data, size_t size) {
  const float one = 1;
  std::memset(data, 0, size);
  std::memcpy(data, &one, sizeof(one));
  return QBENCH_OK;
}
const char* RuntimeError(const qbench_runtime*) { return ""; }
const void* RuntimeExtension(const qbench_runtime*, const char*) { return nullptr; }
void RuntimeDestroy(qbench_runtime* table) { delete &Self(table); }

constexpr qbench_runtime_descriptor kRuntime = {
    {sizeof(kRuntime), kId, "1", "misbehaves", nullptr, 0}, 1, 0, 0, 0};

const qbench_runtime_descriptor* GetRuntime(uint32_t) { return &kRuntime; }
qbench_status Probe(const char*, char*, size_t) { return QBENCH_OK; }
qbench_status CreateRuntime(const qbench_host*, const char*, qbench_runtime** out) {
  auto* self = new HostileRuntime{
      {sizeof(qbench_runtime), nullptr, RuntimeInit, Load, One, InputInfo, One, OutputInfo,
       SetInput, Invoke, GetOutput, RuntimeError, RuntimeExtension, RuntimeDestroy},
      {},
      {}};
  self->table.plugin_data = self;
  *out = &self->table;
  return QBENCH_OK;
}

constexpr qbench_runtime_factory kRuntimes = {sizeof(kRuntimes), Count, GetRuntime, Probe,
                                              CreateRuntime};

// --- entry ---------------------------------------------------------------------------------------

qbench_status PluginInit(const char*) { return QBENCH_OK; }
void PluginDeinit() { Misbehave(Place::deinit); }
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
