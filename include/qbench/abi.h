/* qbench plugin ABI: what every other header here rests on.
 *
 * A plugin is a shared library that exports one symbol, `qbench_plugin_entry` (qbench/plugin.h).
 * C11 and C++; nothing else is needed to build one.
 *
 * Rules that hold everywhere in these headers
 *  - Every table starts with `struct_size`, the bytes its maker knew: sizeof of the table in the
 *    headers it was built with. Tables only grow, at their end: a reader touches a member only if
 *    struct_size covers it (QBENCH_HAS), whatever the version. Members without a remark are there
 *    since 1.0, so every table has them; a later one says since when ("1.1") and what holds where
 *    it is missing. A reader ignores what lies behind the members that it knows.
 *  - What stands inside another table or in an array by value cannot grow, and never does:
 *    qbench_option, qbench_tensor_view, qbench_plugin_descriptor. A new member does not lie in the
 *    padding at the end of an older version's table, which struct_size counts: there is a member
 *    `reserved_…` in its place, which is 0.
 *  - A member is never null unless its comment says so.
 *  - Text is UTF-8 and NUL-terminated. Unless said otherwise a pointer that is passed in lives
 *    until the call returns, and a pointer that is handed out lives until the object that handed
 *    it out is destroyed.
 *  - Factories and extensions are asked for by string id. Null means "not supported". An id with
 *    a breaking change gets a new number at its end; it never changes its meaning.
 *  - No exception, no longjmp, no allocator and no FILE crosses the boundary. A plugin written in
 *    C++ catches everything in each function that it exports.
 *  - Functions that can fail return a qbench_status; last_error() of the object then has one line
 *    of text that says what is wrong.
 *  - Thread tags: [main-thread] is the thread that called create(); [any-thread] may be called
 *    concurrently with everything else; without a tag: any one thread at a time for this object,
 *    while other objects are used on other threads.
 *  - The host runs every plugin in a child process of its own, with a time and a memory limit.
 */
#ifndef QBENCH_ABI_H_
#define QBENCH_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A plugin is loaded if its major number equals the host's and its minor number is not above it. So
 * a plugin that looks with QBENCH_HAS at whatever is newer may give a lower minor number than that
 * of its headers in its entry table, and works in older hosts too. */
#define QBENCH_ABI_MAJOR 1
#define QBENCH_ABI_MINOR 2

/* Whether `table`, a pointer to a `type`, which is one that starts with struct_size, has `member`.
 */
#define QBENCH_HAS(type, table, member)        \
  (*(const uint32_t *)(const void *)(table) >= \
   offsetof(type, member) + sizeof(((const type *)0)->member))

#if defined(__GNUC__)
#define QBENCH_EXPORT __attribute__((visibility("default")))
#else
#define QBENCH_EXPORT
#endif

typedef int32_t qbench_status;
enum {
  QBENCH_OK = 0,
  QBENCH_INVALID_ARGUMENT = 1, /* a call, an option or a model that makes no sense */
  QBENCH_UNSUPPORTED = 2,      /* well-formed, but this plugin cannot do it: an operator, a type */
  QBENCH_OUT_OF_MEMORY = 3,
  QBENCH_CANCELLED = 4,   /* the host asked for it through qbench.host.cancel */
  QBENCH_UNAVAILABLE = 5, /* hardware or a library that the plugin needs is not here */
  QBENCH_INTERNAL = 6,    /* anything else */
  QBENCH_HOST_ERROR = 7   /* a host service failed; hand its status on as it is */
};

typedef int32_t qbench_type;
enum {
  QBENCH_FLOAT32 = 1,
  QBENCH_FLOAT16 = 2,
  QBENCH_INT8 = 3,
  QBENCH_UINT8 = 4,
  QBENCH_INT16 = 5,
  QBENCH_INT32 = 6,
  QBENCH_INT64 = 7,
  QBENCH_BOOL = 8
};

/* Bytes of one element; 0 of a type that this header does not know. */
static inline size_t qbench_type_size(qbench_type type) {
  switch (type) {
    case QBENCH_INT8:
    case QBENCH_UINT8:
    case QBENCH_BOOL:
      return 1;
    case QBENCH_FLOAT16:
    case QBENCH_INT16:
      return 2;
    case QBENCH_FLOAT32:
    case QBENCH_INT32:
      return 4;
    case QBENCH_INT64:
      return 8;
    default:
      return 0;
  }
}

#define QBENCH_MAX_RANK 8

/* A tensor's type and shape. real = scale * (quantized - zero_point); scale 0: not quantized. */
typedef struct qbench_tensor_info {
  uint32_t struct_size;
  qbench_type type;
  const char *name; /* never null, may be empty */
  int32_t rank;
  int32_t dims[QBENCH_MAX_RANK]; /* each >= 1; batch first, channels last */
  float scale;
  int32_t zero_point;
} qbench_tensor_info;

/* Contiguous elements, row major. */
typedef struct qbench_tensor_view {
  uint32_t struct_size;
  const qbench_tensor_info *info;
  const void *data;
  size_t size; /* bytes */
} qbench_tensor_view;

/* An option as the user wrote it: int8:io=int8 is {"io", "int8"}. */
typedef struct qbench_option {
  const char *name;
  const char *value;
} qbench_option;

/* An option that a plugin understands, for --help and for messages. */
typedef struct qbench_option_info {
  uint32_t struct_size;
  const char *name;
  const char *default_value; /* as the user would write it */
  const char *values; /* what may be written: "float|int8", "1..10000"; "FILE": a file, of which
                         the plugin gets the absolute path */
  const char *help;   /* one line */
} qbench_option_info;

#ifdef __cplusplus
}
#endif

#endif /* QBENCH_ABI_H_ */
