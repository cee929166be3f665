/* The smallest quantizer: emits the model as it is. Start yours from here: do something to the
 * bytes in quantize(). docs/plugin-abi.md explains each step. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qbench/quantizer.h"

static const char kId[] = "template_quantizer";

static const qbench_option_info kMaxKib = {sizeof(qbench_option_info), "max_kib", "0", "0..1000000",
                                           "refuse models of more than so many KiB; 0: take all"};
static const qbench_option_info *const kOptions[] = {&kMaxKib};

static const qbench_quantizer_descriptor kDescriptor = {
    .base = {sizeof(qbench_quantizer_descriptor), kId, "1.0.0",
             "hands the model on as it is (an example)", kOptions, 1},
    .needs_samples = 0,
    .needs_train = 0};

/* One object: the table that the host sees, and what belongs to it. */
typedef struct template_quantizer {
  qbench_quantizer table;
  const qbench_host *host;
  enum { kCreated, kReady, kUsed } state;
  long max_kib;
  char error[256];
} template_quantizer;

static template_quantizer *self_of(const qbench_quantizer *table) { return table->plugin_data; }

static qbench_status fail(template_quantizer *self, qbench_status status, const char *format,
                          const char *detail) {
  snprintf(self->error, sizeof(self->error), format, detail);
  return status;
}

static qbench_status quantizer_init(qbench_quantizer *table, const qbench_option *options,
                                    uint32_t option_count) {
  template_quantizer *self = self_of(table);
  if (self->state != kCreated) {
    return fail(self, QBENCH_INVALID_ARGUMENT, "%s goes once", "init()");
  }
  for (uint32_t i = 0; i < option_count; ++i) {
    if (strcmp(options[i].name, "max_kib") != 0) {
      return fail(self, QBENCH_INVALID_ARGUMENT, "no option \"%s\"; there is max_kib",
                  options[i].name);
    }
    char *end = NULL;
    errno = 0;
    self->max_kib = strtol(options[i].value, &end, 10);
    if (end == options[i].value || *end != '\0' || errno != 0 || self->max_kib < 0 ||
        self->max_kib > 1000000) {
      return fail(self, QBENCH_INVALID_ARGUMENT,
                  "max_kib is \"%s\", not a number from 0 to 1000000", options[i].value);
    }
  }
  self->state = kReady;
  return QBENCH_OK;
}

static qbench_status quantizer_quantize(qbench_quantizer *table, const void *model, size_t size) {
  template_quantizer *self = self_of(table);
  if (self->state != kReady) {
    return fail(self, QBENCH_INVALID_ARGUMENT, "%s goes once, after init()", "quantize()");
  }
  self->state = kUsed;
  if (self->max_kib > 0 && size > (size_t)self->max_kib * 1024) {
    return fail(self, QBENCH_UNSUPPORTED, "the model is larger than %s allows", "max_kib");
  }
  const qbench_host_emit *emit = self->host->get_extension(self->host, QBENCH_HOST_EMIT);
  if (emit == NULL) return fail(self, QBENCH_INTERNAL, "the host has no service %s", "emit");
  const qbench_status status = emit->emit(self->host, "model", QBENCH_MEDIA_TFLITE, model, size);
  if (status != QBENCH_OK) return fail(self, status, "the host did not take the %s", "model");
  return QBENCH_OK;
}

static const char *quantizer_last_error(const qbench_quantizer *table) {
  return self_of(table)->error;
}

static const void *quantizer_get_extension(const qbench_quantizer *table, const char *id) {
  (void)table;
  (void)id;
  return NULL;
}

static void quantizer_destroy(qbench_quantizer *table) { free(self_of(table)); }

static uint32_t factory_count(void) { return 1; }

static const qbench_quantizer_descriptor *factory_get_descriptor(uint32_t index) {
  return index == 0 ? &kDescriptor : NULL;
}

static qbench_status factory_create(const qbench_host *host, const char *id,
                                    qbench_quantizer **out) {
  if (strcmp(id, kId) != 0) return QBENCH_INVALID_ARGUMENT;
  template_quantizer *self = calloc(1, sizeof(*self));
  if (self == NULL) return QBENCH_OUT_OF_MEMORY;
  self->host = host;
  self->table = (qbench_quantizer){.struct_size = sizeof(qbench_quantizer),
                                   .plugin_data = self,
                                   .init = quantizer_init,
                                   .quantize = quantizer_quantize,
                                   .last_error = quantizer_last_error,
                                   .get_extension = quantizer_get_extension,
                                   .destroy = quantizer_destroy};
  *out = &self->table;
  return QBENCH_OK;
}

static const qbench_quantizer_factory kFactory = {sizeof(qbench_quantizer_factory), factory_count,
                                                  factory_get_descriptor, factory_create};

static qbench_status plugin_init(const char *plugin_path) {
  (void)plugin_path;
  return QBENCH_OK;
}

static void plugin_deinit(void) {}

static const void *plugin_get_factory(const char *factory_id) {
  return strcmp(factory_id, QBENCH_QUANTIZER_FACTORY) == 0 ? &kFactory : NULL;
}

QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry = {sizeof(qbench_plugin_entry_t),
                                                                 QBENCH_ABI_MAJOR,
                                                                 QBENCH_ABI_MINOR,
                                                                 plugin_init,
                                                                 plugin_deinit,
                                                                 plugin_get_factory};
