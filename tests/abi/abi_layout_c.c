/* The headers in C, with the layout asserted. */
#include "tests/abi/abi_layout.h"

/* A plugin's entry, as C writes it. */
static qbench_status plugin_init(const char *plugin_path) {
  (void)plugin_path;
  return QBENCH_OK;
}
static void plugin_deinit(void) {}
static const void *plugin_get_factory(const char *factory_id) {
  (void)factory_id;
  return NULL;
}
const qbench_plugin_entry_t qbench_plugin_entry = {sizeof(qbench_plugin_entry_t),
                                                   QBENCH_ABI_MAJOR,
                                                   QBENCH_ABI_MINOR,
                                                   plugin_init,
                                                   plugin_deinit,
                                                   plugin_get_factory};
