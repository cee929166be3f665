#include "harness/store/records.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>

#include "harness/results/summary.h"

namespace qbench::store {
namespace {

template <typename Enum>
void ExpectNamesToComeBack(int count) {
  std::set<std::string> names;
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<Enum>(i);
    Enum back{};
    EXPECT_TRUE(FromName(Name(value), &back)) << i;
    EXPECT_EQ(back, value);
    names.emplace(Name(value));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(count));
  Enum ignored{};
  EXPECT_FALSE(FromName("nonsense", &ignored));
}

TEST(Records, NamesComeBackAsTheirValues) {
  ExpectNamesToComeBack<Outcome>(7);
  ExpectNamesToComeBack<PluginKind>(2);
  ExpectNamesToComeBack<MeasurementKind>(4);
  ExpectNamesToComeBack<NoteSeverity>(2);
  ExpectNamesToComeBack<PeakKind>(2);
}

// The columns that other programs rely on, in the order they rely on.
TEST(Records, SummaryBeginsWithTheColumnsOfTheInterface) {
  const std::string expected =
      "run_id, model, quantizer, quantizer_options, runtime, runtime_options, threads, dataset, "
      "split, status, accuracy_status, latency_status, reason, file_bytes, artifact_sha256, "
      "artifact_path, load_ms, first_ms, median_ms, p90_ms, mad_ms, samples, processes, images, "
      "top1, top1_low, top1_high, agreement_with_float, peak_rss_bytes, model_sha256, "
      "sidecar_sha256, dataset_sha256, host_id";
  std::string names;
  results::CellSummary summary;
  ForEachField(summary, [&](const char* name, const auto&) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  });
  EXPECT_EQ(names.substr(0, expected.size() + 2), expected + ", ");
}

}  // namespace
}  // namespace qbench::store
