/* qbench plugin ABI: quantizers. A quantizer takes the bytes of a float32 .tflite file and emits
 * the bytes of another. Life of an object: create, init, quantize (once), destroy.
 */
#ifndef QBENCH_QUANTIZER_H_
#define QBENCH_QUANTIZER_H_

#include "qbench/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QBENCH_QUANTIZER_FACTORY "qbench.factory.quantizer/1"

typedef struct qbench_quantizer {
  uint32_t struct_size;
  void *plugin_data; /* the plugin's own */

  /* Takes the options; those not given have their defaults. QBENCH_INVALID_ARGUMENT: an option or
   * value that is not known; last_error() names it and lists the valid ones. [main-thread] */
  qbench_status (*init)(struct qbench_quantizer *self, const qbench_option *options,
                        uint32_t option_count);

  /* Quantizes `model` (`size` bytes, aligned to 16) and emits the artifact through the host's emit
   * service. The same model, options and samples give the same bytes. QBENCH_UNSUPPORTED: the
   * model has something that this quantizer cannot do. */
  qbench_status (*quantize)(struct qbench_quantizer *self, const void *model, size_t size);

  /* Text of the last failure; never null. Lives until the next call. */
  const char *(*last_error)(const struct qbench_quantizer *self);

  /* QBENCH_PLUGIN_FACTS, …; null where there is none. [any-thread] */
  const void *(*get_extension)(const struct qbench_quantizer *self, const char *id);

  /* Frees the object, whatever its state. */
  void (*destroy)(struct qbench_quantizer *self);
} qbench_quantizer;

typedef struct qbench_quantizer_descriptor {
  qbench_plugin_descriptor base; /* base.struct_size is the size of this whole table */
  /* Not 0: needs calibration samples, so the host prepares some before it calls quantize. */
  int32_t needs_samples;
  int32_t reserved_0; /* 0 */
  /* 1.1. Not 0: trains weights, so the host prepares the samples of the training split; without
   * one it refuses to call quantize. Missing: 0. */
  int32_t needs_train;
  int32_t reserved_1; /* 0 */
  /* 1.2. QBENCH_QUANTIZER_… below, or-ed; a host ignores those that it does not know. Missing: 0.
   */
  uint32_t flags;
  uint32_t reserved_2; /* 0 */
  /* 1.2. Null: it is among the quantizers that are taken where the user names none. Else it is
   * taken only when the user names it, and this is the reason, for a message: "its models run some
   * 30 times slower than float". Missing: null. */
  const char *only_when_named;
} qbench_quantizer_descriptor;

/* For qbench_quantizer_descriptor.flags. */
enum {
  /* It leaves the model as it is: what the artifacts of the others are compared with. */
  QBENCH_QUANTIZER_BASELINE = 1
};

typedef struct qbench_quantizer_factory {
  uint32_t struct_size;
  /* [any-thread] */
  uint32_t (*count)(void);
  /* Null for index >= count(). [any-thread] */
  const qbench_quantizer_descriptor *(*get_descriptor)(uint32_t index);
  /* A new object of descriptor `id`, in *out. `host` lives longer than the object; its services
   * must not be called here. [any-thread] */
  qbench_status (*create)(const qbench_host *host, const char *id, qbench_quantizer **out);
} qbench_quantizer_factory;

#ifdef __cplusplus
}
#endif

#endif /* QBENCH_QUANTIZER_H_ */
