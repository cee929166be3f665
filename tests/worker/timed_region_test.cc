// Nothing of qbench's allocates between the two clock readings of a sample: not the host's classes
// with the worker's observer, nor the adapter, nor the runtime. A program of its own, since it
// replaces malloc and operator new.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "base/aligned_bytes.h"
#include "base/files.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/host/plugin_host.h"
#include "harness/host/plugin_library.h"
#include "harness/jobs/breadcrumb.h"
#include "harness/measure/latency.h"
#include "tests/graph/model_builder.h"

// Sanitizers have a malloc of their own; glibc's is behind these names.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define QBENCH_COUNTS_ALLOCATIONS 1
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);
}

namespace {

std::atomic<bool> timed{false};
std::atomic<int64_t> ours{0};

// LiteRT may allocate what it likes.
void Count(void* caller) {
  if (!timed) return;
  Dl_info info{};
  const bool known = dladdr(caller, &info) != 0 && info.dli_fname != nullptr;
  const bool theirs = known && std::string_view(info.dli_fname).ends_with("libLiteRt.so");
  if (!theirs) ++ours;
}

}  // namespace

// Alone in seeing who called it, since it does not go through libstdc++.
void* operator new(size_t size) {
  Count(__builtin_return_address(0));
  void* memory = __libc_malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { __libc_free(memory); }
void operator delete(void* memory, size_t) noexcept { __libc_free(memory); }

extern "C" {
void* malloc(size_t size) {
  Count(__builtin_return_address(0));
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  Count(__builtin_return_address(0));
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  Count(__builtin_return_address(0));
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  Count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  Count(__builtin_return_address(0));
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}

namespace qbench {
namespace {

// The part of the worker's observer that runs around every call.
class Observer : public host::CallObserver {
 public:
  explicit Observer(const std::filesystem::path& file)
      : created_(*jobs::Breadcrumb::Create(file)), breadcrumb_(*jobs::Breadcrumb::Open(file)) {}
  void Enter(std::string_view plugin, host::Phase phase) noexcept override {
    breadcrumb_.Enter(plugin, phase);
  }
  void Leave() noexcept override { breadcrumb_.Leave(); }
  Status Check(std::string_view, host::Phase) override { return OkStatus(); }

 private:
  jobs::Breadcrumb created_;
  jobs::Breadcrumb breadcrumb_;
};

// Measures as the latency job does, with every allocation counted while the clock runs.
Status Measure(const std::string& id, uint32_t threads) {
  QB_ASSIGN_OR_RETURN(const TempDir folder, TempDir::Create("timed-region-test"));
  Observer observer(folder.path() / "breadcrumb");
  const host::PluginHost host(id, {}, &observer);
  const std::string file = QBENCH_BINARY_DIR "/lib/qbench/plugins/" + id + ".so";
  QB_ASSIGN_OR_RETURN(const auto library, host::PluginLibrary::Load(file, &observer));
  QB_RETURN_IF_ERROR(library->ProbeRuntime(id));
  QB_ASSIGN_OR_RETURN(host::Runtime runtime, library->CreateRuntime(id, host.host()));
  QB_RETURN_IF_ERROR(runtime.Init({}, threads));
  QB_ASSIGN_OR_RETURN(const Bytes bytes, graph::WriteTflite(graph::EveryFloatOperator()));
  const AlignedBytes model{ByteSpan(bytes)};
  timed = true;
  const Status loaded = runtime.Load(model.span());
  timed = false;
  QB_RETURN_IF_ERROR(loaded);
  EXPECT_GT(ours.exchange(0), 0) << "the counter does not see into " << id;
  const Bytes input(runtime.inputs().front().ByteSize());

  measure::LatencySubject subject;
  subject.prepare = [&] { return runtime.SetInput(0, input); };
  subject.invoke = [&] {
    timed = true;
    Status status = runtime.Invoke();
    timed = false;
    return status;
  };
  measure::LatencySettings settings;
  settings.min_seconds = 0;
  settings.warmup_seconds = 0;
  // The first run may do what loading left undone.
  QB_RETURN_IF_ERROR(runtime.Invoke());
  return measure::MeasureLatency(subject, settings).status();
}

TEST(TimedRegion, TheCounterCounts) {
  const int64_t before = ours;
  timed = true;
  std::vector<int>* made = new std::vector<int>(1000);
  timed = false;
  delete made;
  EXPECT_GE(ours - before, 2);
}

TEST(TimedRegion, NothingOfOursAllocates) {
  for (const std::string id : {"reference", "xnnpack", "litert"}) {
    if (!std::filesystem::exists(QBENCH_BINARY_DIR "/lib/qbench/plugins/" + id + ".so")) continue;
    for (const uint32_t threads : {1U, 2U}) {
      ours = 0;
      const Status status = Measure(id, threads);
      EXPECT_EQ(ours, 0) << id << ", " << threads << " threads";
      if (status.code() == StatusCode::kNotFound) continue;  // its library is not installed
      EXPECT_TRUE(status.ok()) << status.message();
    }
  }
}

}  // namespace
}  // namespace qbench
#else
TEST(TimedRegion, NothingOfOursAllocates) {
  GTEST_SKIP() << "a sanitizer's malloc cannot be counted";
}
#endif
