#include "harness/measure/latency.h"

#include "gmock/gmock.h"

namespace qbench::measure {
namespace {

using ::testing::Each;
using ::testing::Gt;

constexpr int64_t kMs = 1'000'000;

TEST(PlanIterations, TakesEnoughForCountAndTime) {
  LatencySettings settings;  // 64 samples, 2 s
  bool cut_short = true;
  // 1 ms: 2,000 runs make 2 s. The first run does not count, the fastest of the others does.
  EXPECT_EQ(PlanIterations({900 * kMs, 2 * kMs, kMs, 3 * kMs}, settings, cut_short), 2000);
  EXPECT_FALSE(cut_short);
  // 100 ms: 20 would do for the time.
  EXPECT_EQ(PlanIterations({100 * kMs}, settings, cut_short), 64);
  EXPECT_FALSE(cut_short);
}

TEST(PlanIterations, CutsSlowModelsShort) {
  LatencySettings settings;
  settings.max_seconds = 10;
  bool cut_short = false;
  EXPECT_EQ(PlanIterations({1000 * kMs}, settings, cut_short), 10);
  EXPECT_TRUE(cut_short);
  EXPECT_EQ(PlanIterations({60'000 * kMs}, settings, cut_short), 1);
  EXPECT_TRUE(cut_short);
}

TEST(PlanIterations, IsBoundedForFastModels) {
  bool cut_short = true;
  EXPECT_EQ(PlanIterations({1, 0}, LatencySettings{}, cut_short), 200'000);
  EXPECT_FALSE(cut_short);
}

// Counts calls, and fails at one of them.
struct FakeModel {
  int64_t prepared = 0;
  int64_t invoked = 0;
  int64_t fail_at = -1;
  LatencySubject Subject() {
    return {.prepare =
                [this] {
                  ++prepared;
                  return OkStatus();
                },
            .invoke =
                [this] {
                  volatile int work = 0;
                  for (int i = 0; i < 1000; ++i) work = work + i;
                  return ++invoked == fail_at ? Error(StatusCode::kInternal, "no more")
                                              : OkStatus();
                }};
  }
};

LatencySettings Quick() {
  LatencySettings settings;
  settings.min_seconds = 0.001;
  settings.warmup_seconds = 0.0001;
  return settings;
}

TEST(MeasureLatency, KeepsEverySampleOfAFixedNumberOfRuns) {
  FakeModel model;
  int64_t before = -1;
  int64_t after = -1;
  const auto samples = MeasureLatency(
      model.Subject(), Quick(), [&] { before = model.invoked; }, [&] { after = model.invoked; });
  ASSERT_TRUE(samples.ok()) << samples.status().message();
  EXPECT_GE(samples->ns.size(), 64U);
  EXPECT_THAT(samples->ns, Each(Gt(0)));
  EXPECT_GT(samples->first_ns, 0);
  EXPECT_GE(samples->warmup_runs, 3);
  EXPECT_GE(samples->warmup_seconds, 0.0001);
  EXPECT_EQ(before, samples->warmup_runs);
  EXPECT_EQ(after - before, static_cast<int64_t>(samples->ns.size()));
  EXPECT_EQ(model.prepared, model.invoked);
}

TEST(MeasureLatency, CanBeRepeated) {
  for (int i = 0; i < 3; ++i) {
    FakeModel model;
    const auto samples = MeasureLatency(model.Subject(), Quick());
    ASSERT_TRUE(samples.ok()) << samples.status().message();
    EXPECT_EQ(model.invoked, samples->warmup_runs + static_cast<int64_t>(samples->ns.size()));
  }
}

TEST(MeasureLatency, EndsAtTheFirstFailure) {
  for (const int64_t fail_at : {1, 2}) {  // in the warm-up
    FakeModel model{.fail_at = fail_at};
    EXPECT_EQ(MeasureLatency(model.Subject(), Quick()).status().message(), "no more");
    EXPECT_EQ(model.invoked, fail_at);
  }
  FakeModel model;
  int64_t warm = 0;
  const auto samples = MeasureLatency(model.Subject(), Quick(), [&] {
    warm = model.invoked;
    model.fail_at = warm + 5;  // in the timed loop
  });
  EXPECT_EQ(samples.status().message(), "no more");
  EXPECT_EQ(model.invoked, warm + 5);
}

}  // namespace
}  // namespace qbench::measure
