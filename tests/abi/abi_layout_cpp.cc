// The headers in C++, with the layout asserted.
#include "tests/abi/abi_layout.h"

static qbench_status PluginInit(const char*) { return QBENCH_OK; }
static void PluginDeinit() {}
static const void* PluginGetFactory(const char*) { return nullptr; }
extern "C" const qbench_plugin_entry_t qbench_plugin_entry = {sizeof(qbench_plugin_entry_t),
                                                              QBENCH_ABI_MAJOR,
                                                              QBENCH_ABI_MINOR,
                                                              PluginInit,
                                                              PluginDeinit,
                                                              PluginGetFactory};
