/* qbench plugin ABI: where a runtime's time goes, operator by operator. An extension of runtime
 * objects, for runtimes that can tell.
 *
 * An object that is profiled is never the one whose latency or memory is measured: profiling may
 * cost time and memory, so the host makes another object for it. Life of such an object: create,
 * init, enable, load, then {set_input, invoke, the functions below} at will, destroy.
 *
 * The thread rules are those of the object.
 */
#ifndef QBENCH_PROFILE_H_
#define QBENCH_PROFILE_H_

#include "qbench/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QBENCH_RUNTIME_PROFILE "qbench.runtime.profile/1"

/* A stretch of one invoke().
 *
 * Every operator of the model's main subgraph has at least one event; one that took no time of its
 * own, since it was folded into another or computes nothing, has an event with the time 0. An
 * operator that the engine runs in several steps has several. */
typedef struct qbench_profile_event {
  uint32_t struct_size;
  /* The operator's index in the main subgraph of the .tflite file, from 0. -1: a step of the engine
   * that belongs to no operator, or of which it is not known to which (then the operator's own
   * event has the time 0). */
  int32_t op;
  /* Which partition of the delegate ran it, numbered from 0 in the order of execution. -1: no
   * delegate took it, so the runtime's own kernels ran it. */
  int32_t partition;
  /* What the engine calls this step, "Convolution (NHWC, QC8) IGEMM"; never null, may be empty. */
  const char *name;
  uint64_t time_ns; /* wall-clock time */
} qbench_profile_event;

typedef struct qbench_runtime_profile {
  uint32_t struct_size;
  /* Prepares the object for being profiled. After init() and before load(), once; where it fails,
   * the object's last_error() says why. QBENCH_UNSUPPORTED: not with these options.
   * QBENCH_UNAVAILABLE: the engine that was found cannot. */
  qbench_status (*enable)(qbench_runtime *self);
  /* The events of the latest invoke(), in the order of execution. 0 before the first one, where
   * profiling was not enabled, and where they cannot be read: last_error() then says why. Every
   * invoke of an object gives the same events but for their times, so that the host can take a
   * median of each. */
  uint32_t (*event_count)(const qbench_runtime *self);
  /* Null for an index beyond. Lives until the next invoke(). */
  const qbench_profile_event *(*event)(const qbench_runtime *self, uint32_t index);
  /* Of the clock that the times were taken with, in ns, >= 1: 1000 where they are whole
   * microseconds, so that the host knows what a time of 0 or 1000 may be worth. */
  uint64_t (*resolution_ns)(const qbench_runtime *self);
  /* The delegate of the loaded model, "XNNPACK", to which partitions refer; null where this object
   * works without one. Lives until destroy. */
  const char *(*delegate_name)(const qbench_runtime *self);
} qbench_runtime_profile;

#ifdef __cplusplus
}
#endif

#endif /* QBENCH_PROFILE_H_ */
