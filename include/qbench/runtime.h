/* qbench plugin ABI: runtimes. A runtime runs a .tflite file. Life of an object: create, init,
 * load (once), then any number of {set_input for every input, invoke, get_output}, destroy.
 *
 * invoke() alone is timed. A runtime does in load() whatever can be done before (and may do the
 * rest in the first invoke, which is reported apart), and allocates nothing in a later invoke.
 */
#ifndef QBENCH_RUNTIME_H_
#define QBENCH_RUNTIME_H_

#include "qbench/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QBENCH_RUNTIME_FACTORY "qbench.factory.runtime/1"

typedef struct qbench_runtime {
  uint32_t struct_size;
  void *plugin_data; /* the plugin's own */

  /* Takes the options and the number of threads that invoke() may use (>= 1).
   * QBENCH_INVALID_ARGUMENT: an option or value that is not known; last_error() names it and
   * lists the valid ones. QBENCH_UNAVAILABLE: a library or hardware is missing. [main-thread] */
  qbench_status (*init)(struct qbench_runtime *self, const qbench_option *options,
                        uint32_t option_count, uint32_t threads);

  /* Makes the model ready to run. `model` (`size` bytes, aligned to 64) lives until destroy. It
   * may come from anywhere: the plugin checks it. QBENCH_INVALID_ARGUMENT: not a sound .tflite
   * file. QBENCH_UNSUPPORTED: an operator or type that this runtime cannot run, named in
   * last_error(). */
  qbench_status (*load)(struct qbench_runtime *self, const void *model, size_t size);

  /* Inputs and outputs of the loaded model, in its order. A free batch dimension is 1. The infos
   * live until destroy. Null for an index beyond. */
  uint32_t (*input_count)(const struct qbench_runtime *self);
  const qbench_tensor_info *(*input_info)(const struct qbench_runtime *self, uint32_t index);
  uint32_t (*output_count)(const struct qbench_runtime *self);
  const qbench_tensor_info *(*output_info)(const struct qbench_runtime *self, uint32_t index);

  /* Copies `size` bytes (exactly the input's) in. The values stay over invokes. */
  qbench_status (*set_input)(struct qbench_runtime *self, uint32_t index, const void *data,
                             size_t size);
  /* Computes the outputs; returns when they are complete. */
  qbench_status (*invoke)(struct qbench_runtime *self);
  /* Copies `size` bytes (exactly the output's) out, of the latest invoke. */
  qbench_status (*get_output)(struct qbench_runtime *self, uint32_t index, void *data, size_t size);

  /* Text of the last failure; never null. Lives until the next call. */
  const char *(*last_error)(const struct qbench_runtime *self);

  /* QBENCH_PLUGIN_FACTS, QBENCH_RUNTIME_OUTPUT_VIEW, QBENCH_RUNTIME_PROFILE (qbench/profile.h), …;
   * null where there is none. [any-thread] */
  const void *(*get_extension)(const struct qbench_runtime *self, const char *id);

  /* Frees the object, whatever its state. */
  void (*destroy)(struct qbench_runtime *self);
} qbench_runtime;

/* An output without a copy: calibration looks at every activation of a model, which together are
 * often larger than the model. An extension of runtime objects that keep their outputs in memory;
 * where it is missing, get_output is used. */
#define QBENCH_RUNTIME_OUTPUT_VIEW "qbench.runtime.output_view/1"
typedef struct qbench_runtime_output_view {
  uint32_t struct_size;
  /* Where output `index` of the latest invoke is: *data, aligned for its type, has exactly the
   * output's bytes, and they stay as they are until the next set_input or invoke, or destroy.
   * Other outputs may be viewed at the same time. QBENCH_INVALID_ARGUMENT: no such output. */
  qbench_status (*view)(struct qbench_runtime *self, uint32_t index, const void **data);
} qbench_runtime_output_view;

typedef struct qbench_runtime_descriptor {
  qbench_plugin_descriptor base; /* base.struct_size is the size of this whole table */
  /* Not 0: for checking, not for measuring; used only when the user names it. */
  int32_t oracle;
  int32_t reserved_0; /* 0 */
  /* 1.2. QBENCH_RUNTIME_… below, or-ed; a host ignores those that it does not know. Missing: 0. */
  uint32_t flags;
  uint32_t reserved_1; /* 0 */
} qbench_runtime_descriptor;

/* For qbench_runtime_descriptor.flags. */
enum {
  /* Where the user names no runtime for calibration, one with this flag comes before the others. */
  QBENCH_RUNTIME_CALIBRATION = 1
};

typedef struct qbench_runtime_factory {
  uint32_t struct_size;
  /* [any-thread] */
  uint32_t (*count)(void);
  /* Null for index >= count(). [any-thread] */
  const qbench_runtime_descriptor *(*get_descriptor)(uint32_t index);
  /* Does it work on this machine? Looks for the libraries and the hardware that it needs and
   * tries them. QBENCH_UNAVAILABLE: not here; `reason` (of `reason_size` >= 1 bytes) then has one
   * line, NUL-terminated and cut to fit, that says what is missing and how to get it. */
  qbench_status (*probe)(const char *id, char *reason, size_t reason_size);
  /* A new object of descriptor `id`, in *out. `host` lives longer than the object; its services
   * must not be called here. [any-thread] */
  qbench_status (*create)(const qbench_host *host, const char *id, qbench_runtime **out);
} qbench_runtime_factory;

#ifdef __cplusplus
}
#endif

#endif /* QBENCH_RUNTIME_H_ */
