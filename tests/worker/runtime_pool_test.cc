#include "harness/host/runtime_pool.h"

#include <atomic>
#include <vector>

#include "tests/jobs/worker_fixture.h"

namespace qbench::worker {
namespace {

constexpr uint64_t kOutputBytes = 3 * sizeof(float);

class RuntimePoolTest : public jobs::WorkerTest {
 protected:
  // Of a runtime that shows its outputs, or of one that only copies them.
  Result<host::RuntimePool> Load(const jobs::PluginUse& plugin, size_t instances,
                                 uint64_t most_bytes) {
    QB_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(model()));
    QB_ASSIGN_OR_RETURN(auto library, host::PluginLibrary::Load(plugin.file));
    return host::RuntimePool::Load({.library = library,
                                    .id = plugin.id,
                                    .options = plugin.options,
                                    .instances = instances,
                                    .most_output_bytes = most_bytes},
                                   bytes);
  }
};

TEST_F(RuntimePoolTest, HasFewerObjectsWhereTheirOutputsAreLarge) {
  const struct {
    uint64_t most_bytes;
    size_t instances;
  } cases[] = {{0, 4},
               {1, 1},
               {2 * kOutputBytes - 1, 1},
               {2 * kOutputBytes, 2},
               {3 * kOutputBytes, 3},
               {100 * kOutputBytes, 4}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.most_bytes);
    const auto pool = Load(Fake("fake_runtime"), 4, c.most_bytes);
    ASSERT_TRUE(pool.ok()) << pool.status().message();
    EXPECT_EQ(pool->instances(), c.instances);
  }
}

TEST_F(RuntimePoolTest, DeliversInOrderWithViews) {
  for (const size_t instances : {1, 2, 5}) {
    SCOPED_TRACE(instances);
    auto pool = Load(Fake("fake_runtime"), instances, 0);
    ASSERT_TRUE(pool.ok()) << pool.status().message();
    EXPECT_TRUE(pool->runtime(0).views_outputs());
    std::atomic<uint64_t> filled{0};
    const auto fill = [&](uint64_t index, std::span<uint8_t> input) {
      const std::vector<float> values(input.size() / sizeof(float), static_cast<float>(index));
      std::memcpy(input.data(), values.data(), input.size());
      ++filled;
      return OkStatus();
    };
    uint64_t next = 0;
    const auto deliver = [&](uint64_t index, std::span<const ByteSpan> outputs) {
      EXPECT_EQ(index, next++);
      EXPECT_EQ(outputs.size(), 1U);
      EXPECT_EQ(outputs[0].size(), kOutputBytes);
      EXPECT_EQ(LoadUnaligned<float>(outputs[0]), static_cast<float>(index));
      return OkStatus();
    };
    const Status status = pool->Run(100, fill, deliver, {});
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(next, 100U);
    EXPECT_EQ(filled, 100U);
  }
}

TEST_F(RuntimePoolTest, CopiesWhereThePluginDoesNotShowItsOutputs) {
  auto pool = Load(Example("template_runtime",
                           {{"height", "4"}, {"width", "4"}, {"classes", "3"}, {"answer", "2"}}),
                   2, 0);
  ASSERT_TRUE(pool.ok()) << pool.status().message();
  EXPECT_FALSE(pool->runtime(0).views_outputs());
  uint64_t delivered = 0;
  const auto deliver = [&](uint64_t, std::span<const ByteSpan> outputs) {
    EXPECT_EQ(LoadUnaligned<float>(outputs[0].subspan(2 * sizeof(float))), 1.0F);
    ++delivered;
    return OkStatus();
  };
  const Status status =
      pool->Run(10, [](uint64_t, std::span<uint8_t>) { return OkStatus(); }, deliver, {});
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(delivered, 10U);
}

}  // namespace
}  // namespace qbench::worker
