// A sound quantizer (`sound_quantizer`: the model as it is, once it has asked whether to stop and
// read the samples) and copies of it with one defect each, the id saying which.
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/conformance/mutants.h"

namespace qbench::mutants {
namespace {

constexpr const char* kQuantizers[] = {
    "sound_quantizer", "other_bytes", "shares_bytes",    "goes_on",      "never_asks",
    "emits_nothing",   "emits_text",  "emits_shape",     "dies_of_text", "dies_without",
    "swallows_errors", "calls_early", "quantizes_twice", "says_internal"};

struct Quantizer {
  qbench_quantizer table = {};
  std::string id;
  std::string error;
  const qbench_host* host = nullptr;
  bool initialized = false;
  bool used = false;

  bool Is(const char* defect) const { return id == defect; }
  qbench_status Fail(qbench_status status, std::string text) {
    error = std::move(text);
    return status;
  }
  template <typename Service>
  const Service* Find(const char* service) const {
    return static_cast<const Service*>(host->get_extension(host, service));
  }
};

Quantizer& Self(const qbench_quantizer* t) { return *static_cast<Quantizer*>(t->plugin_data); }

qbench_status Init(qbench_quantizer* table, const qbench_option* options, uint32_t count) {
  Quantizer& self = Self(table);
  if (self.initialized) return self.Fail(QBENCH_INVALID_ARGUMENT, "init() was called twice");
  if (count > 0) {
    return self.Fail(QBENCH_INVALID_ARGUMENT,
                     std::string("no option ") + options[0].name + "; there is none");
  }
  self.initialized = true;
  return QBENCH_OK;
}

// Reads every sample, asking before each whether to stop.
qbench_status ReadSamples(Quantizer& self) {
  const auto* cancel = self.Find<qbench_host_cancel>(QBENCH_HOST_CANCEL);
  const auto* samples = self.Find<qbench_host_samples>(QBENCH_HOST_SAMPLES);
  if (self.Is("dies_without") && cancel == nullptr) Die();
  if (self.Is("never_asks")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3500));
    return QBENCH_OK;
  }
  const uint64_t count =
      samples == nullptr ? 0 : samples->count(self.host, QBENCH_SPLIT_CALIBRATION);
  Bytes sample;
  for (uint64_t i = 0; i < count; ++i) {
    const bool stop = cancel != nullptr && cancel->requested(self.host) != 0;
    if (stop && !self.Is("goes_on")) return self.Fail(QBENCH_CANCELLED, "cancelled");
    const qbench_tensor_info* info = samples->info(self.host);
    sample.resize(sizeof(float) * static_cast<size_t>(info->dims[1]) *
                  static_cast<size_t>(info->dims[2]) * static_cast<size_t>(info->dims[3]));
    const qbench_status read = samples->read(self.host, QBENCH_SPLIT_CALIBRATION, i, sample.data(),
                                             sample.size(), nullptr);
    if (read != QBENCH_OK && !self.Is("swallows_errors")) return self.Fail(read, "no sample");
  }
  return QBENCH_OK;
}

// What `other_bytes` and `shares_bytes` put into the artifact's description.
std::atomic<int> made_in_all = 0;
std::atomic<int> at_work = 0;

Bytes Rewrite(const Quantizer& self, const Bytes& model) {
  auto read = graph::ReadTflite(std::make_shared<const Bytes>(model));
  if (self.Is("other_bytes")) read->description = "made " + std::to_string(++made_in_all);
  if (self.Is("shares_bytes")) {
    const int others = ++at_work;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    read->description = "beside " + std::to_string(std::max(others, at_work.load()));
    --at_work;
  }
  if (self.Is("emits_shape")) {
    graph::Graph& graph = read->graph;
    graph.ops.pop_back();
    graph.outputs = {graph.ops.back().inputs[0]};
  }
  const auto written = graph::WriteTflite(*read);
  return written.ok() ? *written : Bytes();
}

qbench_status Emit(Quantizer& self, ByteSpan model) {
  const auto* emit = self.Find<qbench_host_emit>(QBENCH_HOST_EMIT);
  if (emit == nullptr) return self.Fail(QBENCH_UNAVAILABLE, "the host takes no artifact");
  if (self.Is("emits_nothing")) return QBENCH_OK;
  const std::string_view text = "not a model at all";
  const ByteSpan bytes = self.Is("emits_text") ? AsBytes(text) : model;
  const qbench_status emitted =
      emit->emit(self.host, "model", QBENCH_MEDIA_TFLITE, bytes.data(), bytes.size());
  if (emitted == QBENCH_OK || self.Is("swallows_errors")) return QBENCH_OK;
  return self.Fail(emitted, "the artifact could not be emitted");
}

qbench_status Quantize(qbench_quantizer* table, const void* model, size_t size) {
  Quantizer& self = Self(table);
  if (!self.initialized || (self.used && !self.Is("quantizes_twice"))) {
    return self.Fail(QBENCH_INVALID_ARGUMENT, "quantize() goes once, after init()");
  }
  if (self.used) return QBENCH_OK;
  self.used = true;
  const auto* begin = static_cast<const uint8_t*>(model);
  const Bytes bytes(begin, begin + size);
  const auto read = graph::ReadTflite(std::make_shared<const Bytes>(bytes));
  if (!read.ok()) {
    if (self.Is("dies_of_text")) Die();
    const bool unsupported = read.status().code() == StatusCode::kUnsupported;
    if (unsupported && self.Is("says_internal")) return self.Fail(QBENCH_INTERNAL, "cannot");
    return self.Fail(unsupported ? QBENCH_UNSUPPORTED : QBENCH_INVALID_ARGUMENT,
                     read.status().message());
  }
  const qbench_status status = ReadSamples(self);
  if (status != QBENCH_OK) return status;
  const bool rewrites = self.Is("other_bytes") || self.Is("shares_bytes") || self.Is("emits_shape");
  return Emit(self, rewrites ? Rewrite(self, bytes) : bytes);
}

qbench_status QuantizeAndCatch(qbench_quantizer* table, const void* model, size_t size) {
  try {
    return Quantize(table, model, size);
  } catch (const std::bad_alloc&) {
    return Self(table).Fail(QBENCH_OUT_OF_MEMORY, "out of memory");
  }
}

const char* LastError(const qbench_quantizer* table) { return Self(table).error.c_str(); }
const void* GetExtension(const qbench_quantizer*, const char*) { return nullptr; }
void Destroy(qbench_quantizer* table) { delete &Self(table); }

constexpr size_t kCount = std::size(kQuantizers);
const std::vector<qbench_quantizer_descriptor>& Descriptors() {
  static const std::vector<qbench_quantizer_descriptor> descriptors = [] {
    std::vector<qbench_quantizer_descriptor> made;
    for (const char* id : kQuantizers) {
      made.push_back({{sizeof(qbench_quantizer_descriptor), id, "1", "has one defect", nullptr, 0},
                      1,
                      0,
                      0,
                      0,
                      0,
                      0,
                      nullptr});
    }
    return made;
  }();
  return descriptors;
}

uint32_t Count() { return kCount; }
const qbench_quantizer_descriptor* GetDescriptor(uint32_t index) {
  return index < kCount ? &Descriptors()[index] : nullptr;
}

qbench_status Create(const qbench_host* host, const char* id, qbench_quantizer** out) {
  const bool known = std::ranges::any_of(
      kQuantizers, [&](const char* mine) { return std::strcmp(mine, id) == 0; });
  if (!known) return QBENCH_INVALID_ARGUMENT;
  auto* self = new Quantizer;
  self->id = id;
  self->host = host;
  self->table = {
      sizeof(qbench_quantizer), self, Init, QuantizeAndCatch, LastError, GetExtension, Destroy};
  if (self->Is("calls_early")) {
    const auto* samples = self->Find<qbench_host_samples>(QBENCH_HOST_SAMPLES);
    if (samples != nullptr) samples->count(host, QBENCH_SPLIT_CALIBRATION);
  }
  *out = &self->table;
  return QBENCH_OK;
}

}  // namespace

const qbench_quantizer_factory kQuantizerFactory = {sizeof(kQuantizerFactory), Count, GetDescriptor,
                                                    Create};

}  // namespace qbench::mutants
