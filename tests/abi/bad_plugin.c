/* Plugins that cannot be loaded, each in its own way: BAD_<WHAT> is defined on the command line. */
#include <signal.h>
#include <stddef.h>

#include "qbench/plugin.h"

static qbench_status plugin_init(const char *plugin_path) {
  (void)plugin_path;
#ifdef BAD_INIT_FAILS
  return QBENCH_UNAVAILABLE;
#else
  return QBENCH_OK;
#endif
}

static void plugin_deinit(void) {}

static const void *plugin_get_factory(const char *factory_id) {
  (void)factory_id;
  return NULL;
}

#ifdef BAD_CRASHES_AT_LOAD
__attribute__((constructor)) static void crash(void) {
  signal(SIGSEGV, SIG_DFL); /* a sanitizer would report and exit */
  raise(SIGSEGV);
}
#endif

#if defined(BAD_TOO_OLD)
#define MAJOR (QBENCH_ABI_MAJOR - 1)
#elif defined(BAD_TOO_NEW)
#define MAJOR (QBENCH_ABI_MAJOR + 1)
#else
#define MAJOR QBENCH_ABI_MAJOR
#endif

#ifdef BAD_MINOR_TOO_NEW
#define MINOR (QBENCH_ABI_MINOR + 1)
#else
#define MINOR QBENCH_ABI_MINOR
#endif

#if defined(BAD_NO_SYMBOL)
QBENCH_EXPORT const int some_other_symbol = 1;
#elif defined(BAD_TRUNCATED)
/* Claims the whole table, and has half of it. */
QBENCH_EXPORT extern const struct half_table {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  qbench_status (*init)(const char *plugin_path);
} half_table_entry __asm__("qbench_plugin_entry");
const struct half_table half_table_entry = {sizeof(qbench_plugin_entry_t), MAJOR, MINOR,
                                            plugin_init};
#elif defined(BAD_SMALL_SIZE)
QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry = {
    offsetof(qbench_plugin_entry_t, get_factory),
    MAJOR,
    MINOR,
    plugin_init,
    plugin_deinit,
    plugin_get_factory};
#elif defined(BAD_NULL_MEMBER)
QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry = {
    sizeof(qbench_plugin_entry_t), MAJOR, MINOR, plugin_init, NULL, plugin_get_factory};
#else
QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry = {
    sizeof(qbench_plugin_entry_t), MAJOR, MINOR, plugin_init, plugin_deinit, plugin_get_factory};
#endif
