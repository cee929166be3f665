#include "tests/plugins/quantizer_runner.h"

#include <dlfcn.h>

#include "gtest/gtest.h"

namespace qbench::plugin {

const qbench_quantizer_factory* Load(const std::string& id) {
  const std::string path = std::string(QBENCH_BINARY_DIR "/lib/qbench/plugins/") + id + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    ADD_FAILURE() << dlerror();
    return nullptr;
  }
  const auto* entry =
      static_cast<const qbench_plugin_entry_t*>(dlsym(library, "qbench_plugin_entry"));
  if (entry == nullptr || entry->init(path.c_str()) != QBENCH_OK) {
    ADD_FAILURE() << path;
    return nullptr;
  }
  EXPECT_EQ(entry->abi_major, QBENCH_ABI_MAJOR);
  EXPECT_EQ(entry->get_factory("qbench.factory.no_such_thing/1"), nullptr);
  return static_cast<const qbench_quantizer_factory*>(entry->get_factory(QBENCH_QUANTIZER_FACTORY));
}

QuantizerPointer Create(const std::string& id, const FakeHost& host) {
  const qbench_quantizer_factory* factory = Load(id);
  qbench_quantizer* quantizer = nullptr;
  EXPECT_EQ(factory->create(host.host(), id.c_str(), &quantizer), QBENCH_OK);
  return {quantizer, quantizer->destroy};
}

Outcome Quantize(const std::string& id, FakeHost& host, const Bytes& model,
                 const std::vector<qbench_option>& options) {
  const QuantizerPointer quantizer = Create(id, host);
  Outcome outcome;
  outcome.status =
      quantizer->init(quantizer.get(), options.data(), static_cast<uint32_t>(options.size()));
  if (outcome.status == QBENCH_OK) {
    outcome.status = quantizer->quantize(quantizer.get(), model.data(), model.size());
  }
  outcome.error = quantizer->last_error(quantizer.get());
  EXPECT_EQ(outcome.status == QBENCH_OK, outcome.error.empty());
  if (host.emitted.contains("model")) outcome.model = host.emitted["model"].bytes;
  return outcome;
}

}  // namespace qbench::plugin
