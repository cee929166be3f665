#include "quantize/parallel_for.h"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "gtest/gtest.h"

namespace qbench::quantize {
namespace {

TEST(ParallelFor, VisitsEveryIndexOnceAndNoThreadTwiceAtATime) {
  for (const size_t threads : {1, 2, 4, 9}) {
    for (const size_t count : {0, 1, 3, 500}) {
      std::vector<std::atomic<int>> visits(count);
      std::vector<std::atomic<int>> busy(threads);
      const Status status = ParallelFor(count, threads, [&](size_t thread, size_t index) {
        EXPECT_LT(thread, threads);
        EXPECT_EQ(busy[thread]++, 0);
        ++visits[index];
        --busy[thread];
        return OkStatus();
      });
      EXPECT_TRUE(status.ok());
      for (const auto& visit : visits) EXPECT_EQ(visit, 1);
    }
  }
}

TEST(ParallelFor, GivesTheFailureOfTheLowestIndex) {
  for (int repetition = 0; repetition < 50; ++repetition) {
    const Status status = ParallelFor(100, 4, [&](size_t, size_t index) -> Status {
      if (index < 17) return OkStatus();
      return Error(StatusCode::kInvalidArgument, "{}", index);
    });
    EXPECT_EQ(status.message(), "17");
  }
}

TEST(ParallelFor, ExceptionsComeOutHere) {
  const auto work = [](size_t, size_t index) -> Status {
    if (index == 40) throw std::runtime_error("forty");
    return OkStatus();
  };
  EXPECT_THROW((void)ParallelFor(100, 3, work), std::runtime_error);
}

}  // namespace
}  // namespace qbench::quantize
