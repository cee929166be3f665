#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "tests/conformance/mutants.h"

namespace qbench::mutants {

void Die() {
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
  std::abort();
}

void Hang() {
  for (;;) pause();
}

qbench_type AbiType(graph::DataType type) {
  switch (type) {
    case graph::DataType::kFloat32:
      return QBENCH_FLOAT32;
    case graph::DataType::kInt8:
      return QBENCH_INT8;
    case graph::DataType::kUInt8:
      return QBENCH_UINT8;
    case graph::DataType::kInt16:
      return QBENCH_INT16;
    default:
      return QBENCH_INT32;
  }
}

namespace {

qbench_status PluginInit(const char*) { return QBENCH_OK; }
void PluginDeinit() {}
const void* GetFactory(const char* id) {
  if (std::strcmp(id, QBENCH_QUANTIZER_FACTORY) == 0) return &kQuantizerFactory;
  if (kBadEntry || std::strcmp(id, QBENCH_RUNTIME_FACTORY) == 0) return &kRuntimeFactory;
  return nullptr;
}

}  // namespace
}  // namespace qbench::mutants

extern "C" const qbench_plugin_entry_t qbench_plugin_entry = {sizeof(qbench_plugin_entry_t),
                                                              QBENCH_ABI_MAJOR,
                                                              QBENCH_ABI_MINOR,
                                                              qbench::mutants::PluginInit,
                                                              qbench::mutants::PluginDeinit,
                                                              qbench::mutants::GetFactory};
