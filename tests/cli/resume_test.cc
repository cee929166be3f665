// kill -9 at random points: `--resume` ends with the rows of an undisturbed run, and what was
// committed before is still there as it was. The points are counted in lines of progress, and a
// kill that comes too late is made again, earlier: none passes unnoticed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <tuple>

#include "harness/store/store.h"
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
                                              "p95_ms",
                                              "p99_ms",
                                              "min_ms",
                                              "mean_ms",
                                              "fps",
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

// The newest run of a database; none where there is no database, or no run in it yet.
std::optional<store::RunData> LatestRun(const std::filesystem::path& database) {
  Result<store::Store> store = store::Store::Open(database, store::OpenMode::kReadOnly);
  if (!store.ok()) return std::nullopt;
  const Result<std::optional<int64_t>> latest = store->LatestRun();
  if (!latest.ok() || !latest->has_value()) return std::nullopt;
  Result<store::RunData> run = store->LoadRun(**latest);
  EXPECT_TRUE(run.ok()) << run.status().message();
  if (!run.ok()) return std::nullopt;
  return std::move(*run);
}

// Of every measurement that is committed: when it began, and what it measured.
using Committed = std::map<std::tuple<int64_t, store::MeasurementKind, int32_t>, std::string>;

Committed CommittedIn(const store::RunData& run) {
  Committed committed;
  for (const store::CellData& cell : run.cells) {
    for (const store::Measurement& m : cell.measurements) {
      committed[{m.cell_id, m.kind, m.repetition}] =
          fmt::format("{} [{}] [{}]", m.started_at, fmt::join(m.samples_ns, " "),
                      fmt::join(m.confidences, " "));
    }
  }
  return committed;
}

// Kills the runs of one command, each from an empty cache and without a database.
class Killer {
 public:
  Killer(const Workplace& place, std::vector<std::string> command, const Answer& undisturbed,
         std::chrono::milliseconds duration)
      : place_(place),
        command_(std::move(command)),
        lines_(ProgressLines(undisturbed.err)),
        step_(duration / std::max<size_t>(lines_, 1)) {}

  size_t lines() const { return lines_; }

  // At a place of the run from 0 (its begin) to 1 (its last step), and somewhere in the step that
  // begins there. A run that ended before the signal came is done again and killed earlier; false
  // where even that came too late.
  bool Kill(double place, std::mt19937& random) const {
    auto lines = 1 + static_cast<size_t>(place * static_cast<double>(lines_ - 1));
    std::chrono::milliseconds delay(static_cast<int64_t>(random()) % (step_.count() + 1));
    for (int attempt = 0; attempt < 5; ++attempt) {
      for (const char* name : {"test.sqlite", "test.sqlite-wal", "test.sqlite-shm", "cache"}) {
        std::filesystem::remove_all(place_.File(name));
      }
      const bool hit = place_.RunAndKill(command_, lines, delay);
      const std::optional<store::RunData> run = LatestRun(place_.File("test.sqlite"));
      if (hit && !(run && run->run.finished_at)) return true;
      lines = std::max<size_t>(1, lines / 2);
      delay = std::chrono::milliseconds(0);
    }
    return false;
  }

 private:
  const Workplace& place_;
  std::vector<std::string> command_;
  size_t lines_;
  std::chrono::milliseconds step_;  // about
};

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
  const Killer killer(place, command, undisturbed, duration);
  ASSERT_GE(killer.lines(), 8U) << undisturbed.err;
  std::vector<std::string> resume = command;
  resume.emplace_back("--resume");
  int resumed = 0;    // a run that had begun
  int with_rows = 0;  // and that had committed something
  const int points = PointCount();
  ASSERT_GT(points, 0);
  for (int point = 0; point < points; ++point) {
    const double part = (point + 0.5) / points;
    SCOPED_TRACE(fmt::format("killed at {} of {} lines of progress", part, killer.lines()));
    ASSERT_TRUE(killer.Kill(part, random)) << "it always ended before it was killed";
    const std::optional<store::RunData> before = LatestRun(place.File("test.sqlite"));
    Answer answer = place.Run(resume);
    if (!before) {
      EXPECT_EQ(answer.status, 2);
      EXPECT_THAT(answer.err, ::testing::HasSubstr("nothing to resume"));
      answer = place.Run(command);
    }
    ASSERT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(RowsApartFromTimings(place.Run({"report", "--format", "csv"}).out), expected);
    if (!before) continue;
    const Committed kept = CommittedIn(*before);
    ++resumed;
    with_rows += kept.empty() ? 0 : 1;
    const std::optional<store::RunData> after = LatestRun(place.File("test.sqlite"));
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(after->run.id, before->run.id);
    EXPECT_THAT(CommittedIn(*after), ::testing::IsSupersetOf(kept)) << "it was measured again";
  }
  EXPECT_GE(resumed, std::max(1, points / 2)) << "too few kills met a run that had begun";
  EXPECT_GE(with_rows, 1) << "no kill met a run that had something to keep";
}

}  // namespace
}  // namespace qbench::cli_test
