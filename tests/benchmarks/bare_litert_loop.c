/* The least that an application does to run a model on LiteRT: what qbench's `litert` latency is
 * compared with (litert_overhead.cc).
 *
 *     bare_litert_loop LIBRARY MODEL INPUT SECONDS
 *
 * INPUT is a file with the bytes of the model's one input. One thread, XNNPACK. Runs half a second
 * untimed and then for SECONDS, and prints the median of the timed runs in nanoseconds.
 * The calls are those of LiteRT 2.x's public C headers (litert/c). */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kMaxRuns = 1000000, kMinRuns = 64, kWarmupMs = 500 };

typedef struct {
  int32_t tag;
  struct {
    int32_t type;
    int64_t value;
  } any;
} EnvironmentOption;

typedef struct {
  unsigned int rank_and_strides;
  int32_t dimensions[8];
  uint32_t strides[8];
} Layout;

typedef struct {
  int32_t element_type;
  Layout layout;
} TensorType;

typedef struct ObjectTag *Object; /* of the library, handled by address alone */

static int (*CreateEnvironment)(int, const EnvironmentOption *, Object *);
static int (*CreateModelFromBuffer)(Object, const void *, size_t, Object *);
static int (*CreateOptions)(Object *);
static int (*SetOptionsHardwareAccelerators)(Object, int32_t);
static int (*CreateOpaqueOptions)(const char *, void *, void (*)(void *), Object *);
static int (*AddOpaqueOptions)(Object, Object);
static int (*CreateCompiledModel)(Object, Object, Object, Object *);
static int (*GetModelSubgraph)(Object, size_t, Object *);
static int (*GetSubgraphInput)(Object, size_t, Object *);
static int (*GetSubgraphOutput)(Object, size_t, Object *);
static int (*GetRankedTensorType)(Object, TensorType *);
static int (*GetCompiledModelInputTensorLayout)(Object, size_t, size_t, Layout *);
static int (*GetCompiledModelOutputTensorLayouts)(Object, size_t, size_t, Layout *, bool);
static int (*GetCompiledModelInputBufferRequirements)(Object, size_t, size_t, Object *);
static int (*GetCompiledModelOutputBufferRequirements)(Object, size_t, size_t, Object *);
static int (*CreateManagedTensorBufferFromRequirements)(Object, const TensorType *, Object,
                                                        Object *);
static int (*LockTensorBuffer)(Object, void **, int32_t);
static int (*UnlockTensorBuffer)(Object);
static int (*RunCompiledModel)(Object, size_t, size_t, Object *, size_t, Object *);

static void *library;

static void Find(const char *name, void *function) {
  void *symbol = dlsym(library, name);
  if (symbol == NULL) {
    fprintf(stderr, "the library has no function %s\n", name);
    exit(2);
  }
  memcpy(function, &symbol, sizeof symbol);
}
#define FIND(function) Find("LiteRt" #function, &(function))

static void FindAll(const char *path) {
  library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  FIND(CreateEnvironment);
  FIND(CreateModelFromBuffer);
  FIND(CreateOptions);
  FIND(SetOptionsHardwareAccelerators);
  FIND(CreateOpaqueOptions);
  FIND(AddOpaqueOptions);
  FIND(CreateCompiledModel);
  FIND(GetModelSubgraph);
  FIND(GetSubgraphInput);
  FIND(GetSubgraphOutput);
  FIND(GetRankedTensorType);
  FIND(GetCompiledModelInputTensorLayout);
  FIND(GetCompiledModelOutputTensorLayouts);
  FIND(GetCompiledModelInputBufferRequirements);
  FIND(GetCompiledModelOutputBufferRequirements);
  FIND(CreateManagedTensorBufferFromRequirements);
  FIND(LockTensorBuffer);
  FIND(UnlockTensorBuffer);
  FIND(RunCompiledModel);
}

static void Check(int status, const char *what) {
  if (status == 0) return;
  fprintf(stderr, "%s: status %d\n", what, status);
  exit(2);
}

static void *ReadWhole(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    perror(path);
    exit(2);
  }
  *size = (size_t)ftell(file);
  rewind(file);
  void *bytes = aligned_alloc(64, (*size + 63) / 64 * 64);
  if (bytes == NULL || fread(bytes, 1, *size, file) != *size) {
    perror(path);
    exit(2);
  }
  fclose(file);
  return bytes;
}

static int64_t Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int CompareTimes(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a;
  const int64_t y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void KeepPayload(void *payload) { (void)payload; }

static void AddOptions(Object options, const char *id) {
  static char text[] = "kernel_mode = \"delegate\"\nnum_threads = 1\n";
  Object opaque = NULL;
  Check(CreateOpaqueOptions(id, text, KeepPayload, &opaque), "CreateOpaqueOptions");
  Check(AddOpaqueOptions(options, opaque), "AddOpaqueOptions");
}

static Object environment, compiled, input, output;

static void Compile(const void *bytes, size_t size) {
  const EnvironmentOption options[2] = {{25, {2, 4}}, {24, {2, 1}}}; /* silent; processor alone */
  Check(CreateEnvironment(2, options, &environment), "CreateEnvironment");
  Object model = NULL;
  Check(CreateModelFromBuffer(environment, bytes, size, &model), "CreateModelFromBuffer");
  Object compile_options = NULL;
  Check(CreateOptions(&compile_options), "CreateOptions");
  Check(SetOptionsHardwareAccelerators(compile_options, 1), "SetOptionsHardwareAccelerators");
  AddOptions(compile_options, "xnnpack");
  AddOptions(compile_options, "cpu_delegate");
  Check(CreateCompiledModel(environment, model, compile_options, &compiled), "CreateCompiledModel");

  Object subgraph = NULL, tensor = NULL, requirements = NULL;
  TensorType type;
  Check(GetModelSubgraph(model, 0, &subgraph), "GetModelSubgraph");
  Check(GetSubgraphInput(subgraph, 0, &tensor), "GetSubgraphInput");
  Check(GetRankedTensorType(tensor, &type), "GetRankedTensorType");
  Check(GetCompiledModelInputTensorLayout(compiled, 0, 0, &type.layout), "the input's layout");
  Check(GetCompiledModelInputBufferRequirements(compiled, 0, 0, &requirements), "the input's size");
  Check(CreateManagedTensorBufferFromRequirements(environment, &type, requirements, &input),
        "the input's buffer");
  Check(GetSubgraphOutput(subgraph, 0, &tensor), "GetSubgraphOutput");
  Check(GetRankedTensorType(tensor, &type), "GetRankedTensorType");
  Check(GetCompiledModelOutputTensorLayouts(compiled, 0, 1, &type.layout, true),
        "the output's layout");
  Check(GetCompiledModelOutputBufferRequirements(compiled, 0, 0, &requirements),
        "the output's size");
  Check(CreateManagedTensorBufferFromRequirements(environment, &type, requirements, &output),
        "the output's buffer");
}

static int64_t RunOnce(void) {
  const int64_t start = Now();
  Check(RunCompiledModel(compiled, 0, 1, &input, 1, &output), "RunCompiledModel");
  return Now() - start;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: bare_litert_loop LIBRARY MODEL INPUT SECONDS\n");
    return 2;
  }
  FindAll(argv[1]);
  size_t model_size = 0, input_size = 0;
  void *model = ReadWhole(argv[2], &model_size);
  void *image = ReadWhole(argv[3], &input_size);
  Compile(model, model_size);
  void *address = NULL;
  Check(LockTensorBuffer(input, &address, 1), "LockTensorBuffer");
  memcpy(address, image, input_size);
  Check(UnlockTensorBuffer(input), "UnlockTensorBuffer");

  static int64_t times[kMaxRuns];
  for (const int64_t start = Now(); Now() - start < kWarmupMs * (int64_t)1000000;) RunOnce();
  const int64_t limit = (int64_t)(atof(argv[4]) * 1e9);
  size_t runs = 0;
  for (const int64_t start = Now(); runs < kMaxRuns && (runs < kMinRuns || Now() - start < limit);
       ++runs) {
    times[runs] = RunOnce();
  }
  qsort(times, runs, sizeof times[0], CompareTimes);
  printf("%lld\n", (long long)((times[(runs - 1) / 2] + times[runs / 2]) / 2));
  return 0;
}
