/* qbench plugin ABI: what the host offers to a plugin.
 *
 * A plugin gets a qbench_host in create() and keeps the pointer; it lives until the plugin's
 * object is destroyed. Services are extensions, asked for by id. They must not be called in
 * create(), but may be from the object's init() on.
 */
#ifndef QBENCH_HOST_H_
#define QBENCH_HOST_H_

#include "qbench/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qbench_host {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  void *host_data;     /* the host's own */
  const char *name;    /* "qbench" */
  const char *version; /* "0.1.0" */
  /* The service with this id, or null where this host has none. Lives as long as the host.
   * [any-thread] */
  const void *(*get_extension)(const struct qbench_host *host, const char *id);
} qbench_host;

/* --- log: a line for the log of the row, of which the last 20 are stored, whatever becomes of the
 * plugin. --- */
#define QBENCH_HOST_LOG "qbench.host.log/1"
typedef int32_t qbench_log_severity;
enum {
  QBENCH_LOG_DEBUG = 0,
  QBENCH_LOG_INFO = 1,
  QBENCH_LOG_WARNING = 2, /* this and above: shown to the user, and stored with the artifact or the
                             row, each text once, 100 at most */
  QBENCH_LOG_ERROR = 3,
  QBENCH_LOG_HOST_MISBEHAVING = 4,  /* the host broke this ABI */
  QBENCH_LOG_PLUGIN_MISBEHAVING = 5 /* the plugin found a bug of its own */
};
typedef struct qbench_host_log {
  uint32_t struct_size;
  /* [any-thread] */
  void (*log)(const qbench_host *host, qbench_log_severity severity, const char *line);
} qbench_host_log;

/* --- progress: for the bar that the user sees. --- */
#define QBENCH_HOST_PROGRESS "qbench.host.progress/1"
typedef struct qbench_host_progress {
  uint32_t struct_size;
  /* `done` of `total` steps of what is going on ("calibrating"). [any-thread] */
  void (*report)(const qbench_host *host, const char *doing, uint64_t done, uint64_t total);
} qbench_host_progress;

/* --- cancel: a plugin that works for long asks now and then, and ends with QBENCH_CANCELLED. ---
 */
#define QBENCH_HOST_CANCEL "qbench.host.cancel/1"
typedef struct qbench_host_cancel {
  uint32_t struct_size;
  /* Not 0: stop. [any-thread] */
  int32_t (*requested)(const qbench_host *host);
} qbench_host_cancel;

/* --- samples: the data set's images, as the model sees them (quantizers). --- */
#define QBENCH_HOST_SAMPLES "qbench.host.samples/1"
typedef int32_t qbench_split;
enum {
  QBENCH_SPLIT_CALIBRATION = 0, /* what ranges are measured on */
  QBENCH_SPLIT_TRAIN = 1        /* what weights may be trained on */
};
typedef struct qbench_host_samples {
  uint32_t struct_size;
  /* The number of samples in the split; 0 where there are none: of the calibration split where the
   * descriptor does not ask for it with needs_samples, of the training split where it does not with
   * needs_train. The order is fixed: the same
   * data set gives the same samples, stratified by class, so that the first n are a fair choice.
   * The test split is never offered. */
  uint64_t (*count)(const qbench_host *host, qbench_split split);
  /* Type and shape of one sample: float32 [1, height, width, channels]. Null where there are no
   * samples. Lives as long as the host. */
  const qbench_tensor_info *(*info)(const qbench_host *host);
  /* Copies sample `index` into `data` (`size` bytes, exactly the sample's) and its class into
   * *label (an index into the model's outputs; `label` may be null).
   * QBENCH_INVALID_ARGUMENT: no such sample, or another size. [any-thread] */
  qbench_status (*read)(const qbench_host *host, qbench_split split, uint64_t index, void *data,
                        size_t size, int32_t *label);
} qbench_host_samples;

/* --- inference: run a float model on samples, at the speed of a real runtime (quantizers). --- */
#define QBENCH_HOST_INFERENCE "qbench.host.inference/1"
/* Called once a sample, in the order of the samples, on the thread that called run(). The views
 * live until it returns. Another status than QBENCH_OK ends the run with that status. */
typedef qbench_status (*qbench_on_outputs)(void *user, uint64_t sample,
                                           const qbench_tensor_view *outputs,
                                           uint32_t output_count);
typedef struct qbench_host_inference {
  uint32_t struct_size;
  /* Runs `model` (a .tflite file's bytes with float32 input and outputs) on the samples `first` to
   * first + count - 1 of `split`. To see an activation, make it an output of the model: outputs
   * arrive in the model's order. Memory does not grow with `count`.
   * QBENCH_INVALID_ARGUMENT: no such samples, or a model that does not fit them.
   * QBENCH_HOST_ERROR: the runtime failed; last_error() of this service says which and how.
   * QBENCH_CANCELLED. */
  qbench_status (*run)(const qbench_host *host, const void *model, size_t model_size,
                       qbench_split split, uint64_t first, uint64_t count,
                       qbench_on_outputs on_outputs, void *user);
  /* The runtime behind it, for provenance: "litert 2.3.0 xnnpack". */
  const char *(*runtime)(const qbench_host *host);
  /* Text of the last failure of run(); never null. */
  const char *(*last_error)(const qbench_host *host);
} qbench_host_inference;

/* --- feed: the same on inputs of the plugin's own, so that a model may begin anywhere in a larger
 * one (quantizers). --- */
#define QBENCH_HOST_FEED "qbench.host.feed/1"
/* Writes input `index` (`size` bytes, exactly the model's input) to `data`. Another status than
 * QBENCH_OK ends the run with that status. [any-thread, several at once] */
typedef qbench_status (*qbench_on_input)(void *user, uint64_t index, void *data, size_t size);
typedef struct qbench_host_feed {
  uint32_t struct_size;
  /* As qbench_host_inference.run, whose last_error() it sets, for the inputs 0 to count - 1 of
   * `on_input`; `sample` of `on_outputs` is such an index. */
  qbench_status (*run)(const qbench_host *host, const void *model, size_t model_size,
                       uint64_t count, qbench_on_input on_input, qbench_on_outputs on_outputs,
                       void *user);
  /* Frees the memory of the model that was run last: it is kept loaded, as it is
   * often run again. */
  void (*release)(const qbench_host *host);
} qbench_host_feed;

/* --- emit: what a quantizer makes. --- */
#define QBENCH_HOST_EMIT "qbench.host.emit/1"
/* The type of the artifact: exactly one, named "model". */
#define QBENCH_MEDIA_TFLITE "application/vnd.tflite"
/* Ranges, layer errors, … */
#define QBENCH_MEDIA_JSON "application/json"
typedef struct qbench_host_emit {
  uint32_t struct_size;
  /* Hands over a copy of `size` bytes under `name`. The artifact is named "model" and has the
   * type QBENCH_MEDIA_TFLITE; everything else travels beside it. QBENCH_INVALID_ARGUMENT: the
   * name was used before. QBENCH_HOST_ERROR: it cannot be stored. */
  qbench_status (*emit)(const qbench_host *host, const char *name, const char *media_type,
                        const void *data, size_t size);
} qbench_host_emit;

#ifdef __cplusplus
}
#endif

#endif /* QBENCH_HOST_H_ */
