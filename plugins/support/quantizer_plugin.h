// Writes a quantizer plugin as a C++ class: this adapts it to the ABI's C tables (qbench/
// quantizer.h), with status codes, last_error, options and a guard against exceptions. A plugin is
//
//   class MyQuantizer : public qbench::plugin::Quantizer { … };
//   const std::vector<QuantizerInfo>& qbench::plugin::RegisteredQuantizers() {
//     static const std::vector<QuantizerInfo> quantizers = {{.id = "mine", …}};
//     return quantizers;
//   }
//   QBENCH_DEFINE_QUANTIZER_PLUGIN
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "plugins/support/host_services.h"
#include "plugins/support/options.h"
#include "qbench/quantizer.h"

namespace qbench::plugin {

// One object, used once, by one thread: Init, then Quantize. Both may throw.
class Quantizer {
 public:
  virtual ~Quantizer() = default;
  virtual Status Init(const Options& options) = 0;
  // Quantizes a float32 .tflite file and emits the artifact. The same model, options and samples
  // give the same bytes.
  virtual Status Quantize(ByteSpan model, const HostServices& host) = 0;
};

// Texts are literals: they live as long as the plugin.
struct QuantizerInfo {
  const char* id;
  const char* summary;
  std::vector<qbench_option_info> options;
  bool needs_samples = false;             // of the calibration split
  bool needs_train = false;               // of the training split
  bool baseline = false;                  // QBENCH_QUANTIZER_BASELINE
  const char* only_when_named = nullptr;  // why; null: it is taken by default
  std::unique_ptr<Quantizer> (*make)();
};

// What the plugin holds; each plugin defines it. The vector never changes.
const std::vector<QuantizerInfo>& RegisteredQuantizers();

// The members of qbench_plugin_entry, for the macro below.
qbench_status InitQuantizerPlugin(const char* plugin_path);
void DeinitQuantizerPlugin();
const void* GetQuantizerFactory(const char* factory_id);

}  // namespace qbench::plugin

#define QBENCH_DEFINE_QUANTIZER_PLUGIN                           \
  extern "C" const qbench_plugin_entry_t qbench_plugin_entry = { \
      sizeof(qbench_plugin_entry_t),                             \
      QBENCH_ABI_MAJOR,                                          \
      QBENCH_ABI_MINOR,                                          \
      &::qbench::plugin::InitQuantizerPlugin,                    \
      &::qbench::plugin::DeinitQuantizerPlugin,                  \
      &::qbench::plugin::GetQuantizerFactory,                    \
  };
