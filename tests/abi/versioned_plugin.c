/* A quantizer that emits the model as it is and a runtime that doubles two numbers, with every
 * extension that there is. Built against the headers of 1.0 as they were (abi_1_0), against
 * today's, and with LONGER as a later version's headers would have it: with members behind those of
 * today in every table. Behind the tables of 1.0 lies what is no member of theirs, to be left
 * alone. */
#include <stdlib.h>
#include <string.h>

#include "qbench/profile.h"
#include "qbench/quantizer.h"
#include "qbench/runtime.h"

/* `name` is a table of `type` with something behind it, which the table's size counts if LONGER. */
#define TABLE(type, name) \
  struct {                \
    type table;           \
    int64_t behind[8];    \
  } name
#define BEHIND \
  { -1, -1, -1, -1, -1, -1, -1, -1 }
#ifdef LONGER
#define SIZE(type) (sizeof(type) + 8 * sizeof(int64_t))
#else
#define SIZE(type) sizeof(type)
#endif
#if !defined(LONGER) && !defined(MINOR)
#define MINOR QBENCH_ABI_MINOR
#elif !defined(MINOR)
#define MINOR 0 /* it needs no more of a host than 1.0 had */
#endif

static const TABLE(qbench_option_info, kOption) = {
    {SIZE(qbench_option_info), "word", "hello", "NAME", "what it logs"}, BEHIND};
static const qbench_option_info *const kOptions[] = {&kOption.table};

/* Logs a line, if the host has a log that reaches so far. */
static void say(const qbench_host *host, const char *line) {
  const qbench_host_log *log = host->get_extension(host, QBENCH_HOST_LOG);
  if (log != NULL && log->struct_size >= offsetof(qbench_host_log, log) + sizeof(log->log)) {
    log->log(host, QBENCH_LOG_WARNING, line);
  }
}

/* --- quantizer --- */

struct quantizer {
  TABLE(qbench_quantizer, public);
  const qbench_host *host;
};

static qbench_status quantizer_init(qbench_quantizer *self, const qbench_option *options,
                                    uint32_t option_count) {
  (void)self, (void)options, (void)option_count;
  return QBENCH_OK;
}
static qbench_status quantize(qbench_quantizer *self, const void *model, size_t size) {
  const qbench_host *host = ((struct quantizer *)self->plugin_data)->host;
  const qbench_host_emit *emit = host->get_extension(host, QBENCH_HOST_EMIT);
  say(host, "quantizing");
  if (emit == NULL) return QBENCH_HOST_ERROR;
  return emit->emit(host, "model", QBENCH_MEDIA_TFLITE, model, size);
}
static const char *quantizer_error(const qbench_quantizer *self) {
  (void)self;
  return "";
}
static const void *quantizer_extension(const qbench_quantizer *self, const char *id) {
  (void)self, (void)id;
  return NULL;
}
static void quantizer_destroy(qbench_quantizer *self) { free(self->plugin_data); }

static const TABLE(qbench_quantizer_descriptor, kQuantizer) = {
    .table = {.base = {SIZE(qbench_quantizer_descriptor), "versioned", "1", "hands the model on",
                       kOptions, 1},
#ifdef TRAINS
              .needs_train = 1,
              .flags = QBENCH_QUANTIZER_BASELINE,
              .only_when_named = "it is a test",
#endif
              .needs_samples = 0},
    .behind = BEHIND};

static uint32_t one_factory(void) { return 1; }
static const qbench_quantizer_descriptor *get_quantizer(uint32_t index) {
  return index == 0 ? &kQuantizer.table : NULL;
}
static qbench_status create_quantizer(const qbench_host *host, const char *id,
                                      qbench_quantizer **out) {
  struct quantizer *self = calloc(1, sizeof(*self));
  (void)id;
  if (self == NULL) return QBENCH_OUT_OF_MEMORY;
  memset(self->public.behind, -1, sizeof(self->public.behind));
  self->public.table = (qbench_quantizer){
      SIZE(qbench_quantizer), self, quantizer_init, quantize, quantizer_error, quantizer_extension,
      quantizer_destroy};
  self->host = host;
  *out = &self->public.table;
  return QBENCH_OK;
}
static const TABLE(qbench_quantizer_factory, kQuantizers) = {
    {SIZE(qbench_quantizer_factory), one_factory, get_quantizer, create_quantizer}, BEHIND};

/* --- runtime --- */

struct runtime {
  TABLE(qbench_runtime, public);
  const qbench_host *host;
  float values[2];
};

static const TABLE(qbench_tensor_info, kPair) = {{.struct_size = SIZE(qbench_tensor_info),
                                                  .type = QBENCH_FLOAT32,
                                                  .name = "pair",
                                                  .rank = 2,
                                                  .dims = {1, 2}},
                                                 BEHIND};

static struct runtime *runtime_of(const void *self) {
  return ((const qbench_runtime *)self)->plugin_data;
}
static qbench_status runtime_init(qbench_runtime *self, const qbench_option *options,
                                  uint32_t option_count, uint32_t threads) {
  (void)threads;
  say(runtime_of(self)->host, option_count == 0 ? "hello" : options[0].value);
  return QBENCH_OK;
}
static qbench_status load(qbench_runtime *self, const void *model, size_t size) {
  (void)self, (void)model, (void)size;
  return QBENCH_OK;
}
static uint32_t one(const qbench_runtime *self) {
  (void)self;
  return 1;
}
static const qbench_tensor_info *pair(const qbench_runtime *self, uint32_t index) {
  (void)self;
  return index == 0 ? &kPair.table : NULL;
}
static qbench_status set_input(qbench_runtime *self, uint32_t index, const void *data,
                               size_t size) {
  if (index != 0 || size != sizeof(runtime_of(self)->values)) return QBENCH_INVALID_ARGUMENT;
  memcpy(runtime_of(self)->values, data, size);
  return QBENCH_OK;
}
static qbench_status invoke(qbench_runtime *self) {
  runtime_of(self)->values[0] *= 2;
  runtime_of(self)->values[1] *= 2;
  return QBENCH_OK;
}
static qbench_status get_output(qbench_runtime *self, uint32_t index, void *data, size_t size) {
  if (index != 0 || size != sizeof(runtime_of(self)->values)) return QBENCH_INVALID_ARGUMENT;
  memcpy(data, runtime_of(self)->values, size);
  return QBENCH_OK;
}
static const char *runtime_error(const qbench_runtime *self) {
  (void)self;
  return "";
}
static void runtime_destroy(qbench_runtime *self) { free(self->plugin_data); }

static uint32_t one_fact(const void *self) {
  (void)self;
  return 1;
}
static qbench_status get_fact(const void *self, uint32_t index, const char **name,
                              const char **value) {
  (void)self;
  *name = "engine";
  *value = "two times";
  return index == 0 ? QBENCH_OK : QBENCH_INVALID_ARGUMENT;
}
static const TABLE(qbench_plugin_facts, kFacts) = {{SIZE(qbench_plugin_facts), one_fact, get_fact},
                                                   BEHIND};

static qbench_status view(qbench_runtime *self, uint32_t index, const void **data) {
  *data = runtime_of(self)->values;
  return index == 0 ? QBENCH_OK : QBENCH_INVALID_ARGUMENT;
}
static const TABLE(qbench_runtime_output_view, kView) = {{SIZE(qbench_runtime_output_view), view},
                                                         BEHIND};

static const TABLE(qbench_profile_event, kEvent) = {
    {SIZE(qbench_profile_event), 0, -1, "Multiply", 1000}, BEHIND};
static qbench_status enable(qbench_runtime *self) {
  (void)self;
  return QBENCH_OK;
}
static const qbench_profile_event *event(const qbench_runtime *self, uint32_t index) {
  (void)self;
  return index == 0 ? &kEvent.table : NULL;
}
static uint64_t resolution_ns(const qbench_runtime *self) {
  (void)self;
  return 1;
}
static const char *delegate_name(const qbench_runtime *self) {
  (void)self;
  return NULL;
}
static const TABLE(qbench_runtime_profile, kProfile) = {
    {SIZE(qbench_runtime_profile), enable, one, event, resolution_ns, delegate_name}, BEHIND};

static const void *runtime_extension(const qbench_runtime *self, const char *id) {
  (void)self;
  if (strcmp(id, QBENCH_PLUGIN_FACTS) == 0) return &kFacts.table;
  if (strcmp(id, QBENCH_RUNTIME_OUTPUT_VIEW) == 0) return &kView.table;
  if (strcmp(id, QBENCH_RUNTIME_PROFILE) == 0) return &kProfile.table;
  return NULL;
}

static const TABLE(qbench_runtime_descriptor, kRuntime) = {
    .table = {.base = {SIZE(qbench_runtime_descriptor), "versioned", "1", "doubles", kOptions, 1},
#ifdef TRAINS
              .flags = QBENCH_RUNTIME_CALIBRATION,
#endif
              .oracle = 1},
    .behind = BEHIND};
static const qbench_runtime_descriptor *get_runtime(uint32_t index) {
  return index == 0 ? &kRuntime.table : NULL;
}
static qbench_status probe(const char *id, char *reason, size_t reason_size) {
  (void)id, (void)reason, (void)reason_size;
  return QBENCH_OK;
}
static qbench_status create_runtime(const qbench_host *host, const char *id, qbench_runtime **out) {
  struct runtime *self = calloc(1, sizeof(*self));
  (void)id;
  if (self == NULL) return QBENCH_OUT_OF_MEMORY;
  memset(self->public.behind, -1, sizeof(self->public.behind));
  self->public.table = (qbench_runtime){SIZE(qbench_runtime),
                                        self,
                                        runtime_init,
                                        load,
                                        one,
                                        pair,
                                        one,
                                        pair,
                                        set_input,
                                        invoke,
                                        get_output,
                                        runtime_error,
                                        runtime_extension,
                                        runtime_destroy};
  self->host = host;
  *out = &self->public.table;
  return QBENCH_OK;
}
static const TABLE(qbench_runtime_factory, kRuntimes) = {
    {SIZE(qbench_runtime_factory), one_factory, get_runtime, probe, create_runtime}, BEHIND};

/* --- entry --- */

static qbench_status plugin_init(const char *plugin_path) {
  (void)plugin_path;
  return QBENCH_OK;
}
static void plugin_deinit(void) {}
static const void *get_factory(const char *id) {
  if (strcmp(id, QBENCH_QUANTIZER_FACTORY) == 0) return &kQuantizers.table;
  if (strcmp(id, QBENCH_RUNTIME_FACTORY) == 0) return &kRuntimes.table;
  return NULL;
}

#ifdef LONGER
/* The symbol has the size of the longer table. */
typedef TABLE(qbench_plugin_entry_t, longer_entry);
QBENCH_EXPORT extern const longer_entry kEntry __asm__("qbench_plugin_entry");
const longer_entry kEntry = {
    {SIZE(qbench_plugin_entry_t), QBENCH_ABI_MAJOR, MINOR, plugin_init, plugin_deinit, get_factory},
    BEHIND};
#else
QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry = {sizeof(qbench_plugin_entry_t),
                                                                 QBENCH_ABI_MAJOR,
                                                                 MINOR,
                                                                 plugin_init,
                                                                 plugin_deinit,
                                                                 get_factory};
#endif
