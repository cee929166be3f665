// kill -9 at random points: `--resume` ends with the rows of an undisturbed run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

// Columns that differ from run to run by nature.
const std::set<std::string>& Timings() {
  static const std::set<std::string> names = {"run_id",
                                              "load_ms",
                                              "first_ms",
                                              "median_ms",
                                              "p90_ms",
                                              "mad_ms",
                                              "samples",
                                              "peak_rss_bytes",
                                              "median_ratio_to_float",
                                              "p90_ratio_to_float",
                                              "ratio_low",
                                              "ratio_high",
                                              "outlier_samples",
                                              "artifact_path"};
  return names;
}

// Whether a latency is valid is the machine's affair at that moment (a page fault while the clock
// ran): such a row counts as measured.
std::vector<std::string> RowsApartFromTimings(const std::string& csv) {
  const std::vector<std::vector<std::string>> rows = ParseCsv(csv);
  std::vector<std::string> lines;
  for (const std::vector<std::string>& row : rows) {
    const bool invalid = std::find(row.begin(), row.end(), "invalid") != row.end();
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string& column = rows[0][i];
      if (Timings().contains(column)) continue;
      if (invalid && column == "latency_status") {
        line += "ok,";
      } else if (invalid && column == "reason") {
        line += ",";
      } else {
        line += row[i] + ",";
      }
    }
    lines.push_back(line);
  }
  return lines;
}

int PointCount() {
  const char* points = std::getenv("QBENCH_RESUME_POINTS");
  return points == nullptr ? 4 : std::atoi(points);
}

TEST(Resume, AfterKillAtRandomPointsGivesTheRowsOfAnUndisturbedRun) {
  const Workplace place;
  const std::string scenes = place.SmallScenes(5).string();
  const std::vector<std::string> command = place.QuickRun(
      {"mobilenetv2-035-96", "--dataset", scenes, "--plugins", "int8,fp16,float,reference"});

  const auto start = std::chrono::steady_clock::now();
  const Answer undisturbed = place.Run(command);
  const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  ASSERT_EQ(undisturbed.status, 0) << undisturbed.err;
  const std::vector<std::string> expected =
      RowsApartFromTimings(place.Run({"report", "--format", "csv"}).out);
  ASSERT_EQ(expected.size(), 4U);

  constexpr unsigned kSeed = 20251120;
  SCOPED_TRACE(fmt::format("seed {}", kSeed));
  std::mt19937 random(kSeed);
  std::uniform_int_distribution<int64_t> delay(1, duration.count());
  std::vector<std::string> resume = command;
  resume.emplace_back("--resume");
  for (int point = 0; point < PointCount(); ++point) {
    const std::chrono::milliseconds wait(delay(random));
    SCOPED_TRACE(fmt::format("killed after {} of {} ms", wait.count(), duration.count()));
    std::filesystem::remove(place.File("test.sqlite"));
    std::filesystem::remove_all(place.File("cache"));
    if (!place.RunAndKill(command, wait)) continue;  // it was done already
    Answer answer = place.Run(resume);
    if (answer.status == 2 && answer.err.find("nothing to resume") != std::string::npos) {
      answer = place.Run(command);  // killed before the run had begun
    }
    ASSERT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(RowsApartFromTimings(place.Run({"report", "--format", "csv"}).out), expected);
  }
}

}  // namespace
}  // namespace qbench::cli_test
