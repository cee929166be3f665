// Counts what is allocated inside Invoke. A program of its own, since it replaces malloc.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "graph/tflite/tflite_writer.h"
#include "plugins/runtimes/xnnpack/xnnpack_model.h"
#include "tests/graph/model_builder.h"

// Sanitizers have a malloc of their own; glibc's is behind these names.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define QBENCH_COUNTS_ALLOCATIONS 1
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {
std::atomic<int64_t> allocations{0};
}

extern "C" {
void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  ++allocations;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}
#endif

namespace qbench::xnnpack {
namespace {

TEST(XnnpackAllocation, NoneInInvoke) {
#ifndef QBENCH_COUNTS_ALLOCATIONS
  GTEST_SKIP() << "a sanitizer's malloc cannot be counted";
#else
  const int64_t before_all = allocations;
  const Result<Bytes> file = graph::WriteTflite(graph::EveryFloatOperator());
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_GT(allocations, before_all) << "the counter does not count";
  for (const uint32_t threads : {1U, 2U}) {
    auto model = XnnpackModel::Load(*file, threads);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_NE((*model)->division().kernel_operators, "");
    bool ok = true;
    const int64_t before = allocations;
    for (int i = 0; i < 10; ++i) ok &= (*model)->Invoke().ok();
    const int64_t after = allocations;
    EXPECT_TRUE(ok);
    EXPECT_EQ(after - before, 0) << threads << " threads";
  }
#endif
}

}  // namespace
}  // namespace qbench::xnnpack
