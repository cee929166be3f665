/* The smallest runtime: whatever the image, it answers the class that its option names. It computes
 * nothing of the model: it is the baseline that a model must beat, and the frame of a real runtime.
 * A real one reads the shapes that are options here from the .tflite file in load(), and the
 * outputs from the inputs in invoke(). docs/plugin-abi.md explains each step. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qbench/runtime.h"

static const char kId[] = "template_runtime";

/* The options, in the order of template_runtime.values. */
enum { kHeight, kWidth, kChannels, kClasses, kAnswer, kOptionCount };
static const qbench_option_info kOptionInfos[kOptionCount] = {
    {sizeof(qbench_option_info), "height", "96", "1..4096", "of the model's input"},
    {sizeof(qbench_option_info), "width", "96", "1..4096", "of the model's input"},
    {sizeof(qbench_option_info), "channels", "3", "1..4", "of the model's input"},
    {sizeof(qbench_option_info), "classes", "6", "1..100000", "outputs of the model"},
    {sizeof(qbench_option_info), "answer", "0", "0..99999", "the class that is always answered"},
};
static const qbench_option_info *const kOptions[kOptionCount] = {
    &kOptionInfos[0], &kOptionInfos[1], &kOptionInfos[2], &kOptionInfos[3], &kOptionInfos[4]};

static const qbench_runtime_descriptor kDescriptor = {
    .base = {sizeof(qbench_runtime_descriptor), kId, "1.0.0",
             "answers one class whatever the image: the baseline to beat (an example)", kOptions,
             kOptionCount},
    .oracle = 1 /* not for measuring: runs only where it is named */};

/* One object: the table that the host sees, and what belongs to it. */
typedef struct template_runtime {
  qbench_runtime table;
  long values[kOptionCount];
  qbench_tensor_info input, output;
  float *scores; /* `classes` numbers, of the latest invoke */
  int loaded;
  char error[256];
} template_runtime;

static template_runtime *self_of(const qbench_runtime *table) { return table->plugin_data; }

static qbench_status fail(template_runtime *self, qbench_status status, const char *format,
                          const char *detail) {
  snprintf(self->error, sizeof(self->error), format, detail);
  return status;
}

/* Reads `option`; the limits are those that its info states. */
static qbench_status take_option(template_runtime *self, const qbench_option *option) {
  for (int i = 0; i < kOptionCount; ++i) {
    if (strcmp(option->name, kOptionInfos[i].name) != 0) continue;
    long low = 0, high = 0;
    if (sscanf(kOptionInfos[i].values, "%ld..%ld", &low, &high) != 2) break;
    char *end = NULL;
    errno = 0;
    self->values[i] = strtol(option->value, &end, 10);
    if (end == option->value || *end != '\0' || errno != 0 || self->values[i] < low ||
        self->values[i] > high) {
      snprintf(self->error, sizeof(self->error), "%s is \"%s\", not a number of %s", option->name,
               option->value, kOptionInfos[i].values);
      return QBENCH_INVALID_ARGUMENT;
    }
    return QBENCH_OK;
  }
  return fail(self, QBENCH_INVALID_ARGUMENT,
              "no option \"%s\"; there are height, width, channels, classes and answer",
              option->name);
}

static qbench_tensor_info float_tensor(const char *name, int32_t rank) {
  qbench_tensor_info info = {
      .struct_size = sizeof(info), .type = QBENCH_FLOAT32, .name = name, .rank = rank};
  return info;
}

static qbench_status runtime_init(qbench_runtime *table, const qbench_option *options,
                                  uint32_t option_count, uint32_t threads) {
  template_runtime *self = self_of(table);
  (void)threads; /* one is enough */
  for (uint32_t i = 0; i < option_count; ++i) {
    const qbench_status status = take_option(self, &options[i]);
    if (status != QBENCH_OK) return status;
  }
  if (self->values[kAnswer] >= self->values[kClasses]) {
    return fail(self, QBENCH_INVALID_ARGUMENT, "%s must be below classes", "answer");
  }
  return QBENCH_OK;
}

static qbench_status runtime_load(qbench_runtime *table, const void *model, size_t size) {
  template_runtime *self = self_of(table);
  /* A .tflite file has its identifier behind the first offset. */
  if (size < 8 || memcmp((const char *)model + 4, "TFL3", 4) != 0) {
    return fail(self, QBENCH_INVALID_ARGUMENT, "not a %s file", ".tflite");
  }
  self->input = float_tensor("input", 4);
  self->input.dims[0] = 1;
  self->input.dims[1] = (int32_t)self->values[kHeight];
  self->input.dims[2] = (int32_t)self->values[kWidth];
  self->input.dims[3] = (int32_t)self->values[kChannels];
  self->output = float_tensor("scores", 2);
  self->output.dims[0] = 1;
  self->output.dims[1] = (int32_t)self->values[kClasses];
  self->scores = calloc((size_t)self->values[kClasses], sizeof(float));
  if (self->scores == NULL) return QBENCH_OUT_OF_MEMORY;
  self->loaded = 1;
  return QBENCH_OK;
}

static uint32_t runtime_tensor_count(const qbench_runtime *table) {
  return self_of(table)->loaded ? 1 : 0;
}

static const qbench_tensor_info *runtime_input_info(const qbench_runtime *table, uint32_t index) {
  return self_of(table)->loaded && index == 0 ? &self_of(table)->input : NULL;
}

static const qbench_tensor_info *runtime_output_info(const qbench_runtime *table, uint32_t index) {
  return self_of(table)->loaded && index == 0 ? &self_of(table)->output : NULL;
}

static qbench_status runtime_set_input(qbench_runtime *table, uint32_t index, const void *data,
                                       size_t size) {
  template_runtime *self = self_of(table);
  (void)data; /* the answer does not depend on it */
  const size_t expected = (size_t)self->values[kHeight] * (size_t)self->values[kWidth] *
                          (size_t)self->values[kChannels] * sizeof(float);
  if (!self->loaded || index != 0 || size != expected) {
    return fail(self, QBENCH_INVALID_ARGUMENT, "no such input, or another %s", "size");
  }
  return QBENCH_OK;
}

static qbench_status runtime_invoke(qbench_runtime *table) {
  template_runtime *self = self_of(table);
  if (!self->loaded) return fail(self, QBENCH_INVALID_ARGUMENT, "no %s is loaded", "model");
  self->scores[self->values[kAnswer]] = 1.0F;
  return QBENCH_OK;
}

static qbench_status runtime_get_output(qbench_runtime *table, uint32_t index, void *data,
                                        size_t size) {
  template_runtime *self = self_of(table);
  if (!self->loaded || index != 0 || size != (size_t)self->values[kClasses] * sizeof(float)) {
    return fail(self, QBENCH_INVALID_ARGUMENT, "no such output, or another %s", "size");
  }
  memcpy(data, self->scores, size);
  return QBENCH_OK;
}

static const char *runtime_last_error(const qbench_runtime *table) { return self_of(table)->error; }

static const void *runtime_get_extension(const qbench_runtime *table, const char *id) {
  (void)table;
  (void)id;
  return NULL;
}

static void runtime_destroy(qbench_runtime *table) {
  template_runtime *self = self_of(table);
  free(self->scores);
  free(self);
}

static uint32_t factory_count(void) { return 1; }

static const qbench_runtime_descriptor *factory_get_descriptor(uint32_t index) {
  return index == 0 ? &kDescriptor : NULL;
}

/* Needs neither a library nor hardware, so it works everywhere. */
static qbench_status factory_probe(const char *id, char *reason, size_t reason_size) {
  (void)id;
  (void)reason;
  (void)reason_size;
  return QBENCH_OK;
}

static qbench_status factory_create(const qbench_host *host, const char *id, qbench_runtime **out) {
  (void)host; /* uses none of its services */
  if (strcmp(id, kId) != 0) return QBENCH_INVALID_ARGUMENT;
  template_runtime *self = calloc(1, sizeof(*self));
  if (self == NULL) return QBENCH_OUT_OF_MEMORY;
  for (int i = 0; i < kOptionCount; ++i) {
    self->values[i] = strtol(kOptionInfos[i].default_value, NULL, 10);
  }
  self->table = (qbench_runtime){.struct_size = sizeof(qbench_runtime),
                                 .plugin_data = self,
                                 .init = runtime_init,
                                 .load = runtime_load,
                                 .input_count = runtime_tensor_count,
                                 .input_info = runtime_input_info,
                                 .output_count = runtime_tensor_count,
                                 .output_info = runtime_output_info,
                                 .set_input = runtime_set_input,
                                 .invoke = runtime_invoke,
                                 .get_output = runtime_get_output,
                                 .last_error = runtime_last_error,
                                 .get_extension = runtime_get_extension,
                                 .destroy = runtime_destroy};
  *out = &self->table;
  return QBENCH_OK;
}

static const qbench_runtime_factory kFactory = {sizeof(qbench_runtime_factory), factory_count,
                                                factory_get_descriptor, factory_probe,
                                                factory_create};

static qbench_status plugin_init(const char *plugin_path) {
  (void)plugin_path;
  return QBENCH_OK;
}

static void plugin_deinit(void) {}

static const void *plugin_get_factory(const char *factory_id) {
  return strcmp(factory_id, QBENCH_RUNTIME_FACTORY) == 0 ? &kFactory : NULL;
}

QBENCH_EXPORT const qbench_plugin_entry_t qbench_plugin_entry = {sizeof(qbench_plugin_entry_t),
                                                                 QBENCH_ABI_MAJOR,
                                                                 QBENCH_ABI_MINOR,
                                                                 plugin_init,
                                                                 plugin_deinit,
                                                                 plugin_get_factory};
