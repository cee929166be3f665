/* qbench plugin ABI: the one symbol that a plugin exports.
 *
 *     QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry = {
 *         sizeof(qbench_plugin_entry_t), QBENCH_ABI_MAJOR, QBENCH_ABI_MINOR,
 *         init, deinit, get_factory};
 */
#ifndef QBENCH_PLUGIN_H_
#define QBENCH_PLUGIN_H_

#include "qbench/abi.h"
#include "qbench/host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a factory makes, for lists, messages and provenance. */
typedef struct qbench_plugin_descriptor {
  uint32_t struct_size;
  const char *id;      /* what the user types after --plugins: lower-case letters, digits, '_' */
  const char *version; /* of the plugin */
  const char *summary; /* one line: what it makes or runs */
  const qbench_option_info *const *options; /* option_count entries; null if there are none */
  uint32_t option_count;
} qbench_plugin_descriptor;

/* Facts about this object that belong into the provenance of every row: the version, path and
 * hash of a library that it opened, operators that a delegate took. An extension of quantizer and
 * runtime objects. */
#define QBENCH_PLUGIN_FACTS "qbench.plugin.facts/1"
typedef struct qbench_plugin_facts {
  uint32_t struct_size;
  /* `self` is the table of the object that was asked for the extension. */
  uint32_t (*count)(const void *self);
  /* Name and value of fact `index` < count(); QBENCH_INVALID_ARGUMENT beyond. */
  qbench_status (*get)(const void *self, uint32_t index, const char **name, const char **value);
} qbench_plugin_facts;

typedef struct qbench_plugin_entry_t {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  /* Called once after loading, with the path of the plugin's file. Fast: no hardware is touched,
   * no file is read. Where it fails nothing else of the plugin is called, deinit neither.
   * [main-thread] */
  qbench_status (*init)(const char *plugin_path);
  /* Called once, after every object was destroyed. [main-thread] */
  void (*deinit)(void);
  /* The factory with this id (QBENCH_QUANTIZER_FACTORY, QBENCH_RUNTIME_FACTORY) or null. It lives
   * until deinit. [any-thread] */
  const void *(*get_factory)(const char *factory_id);
} qbench_plugin_entry_t;

extern QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry;

#ifdef __cplusplus
}
#endif

#endif /* QBENCH_PLUGIN_H_ */
