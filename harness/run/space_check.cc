#include "harness/run/space_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "datasets/tensor_cache.h"
#include "fmt/ranges.h"
#include "harness/run/needed_splits.h"
#include "harness/run/run_steps.h"

namespace qbench::run {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;
// No quantizer stores a weight in less than half a byte.
constexpr uint64_t kLeastShare = 8;
// The documents beside an artifact, and its share in a report and in the database.
constexpr uint64_t kDocumentBytes = 512 * kKiB;
// The fastest inference that is worth to be counted: a sample each 20 µs.
constexpr double kMostSamplesASecond = 50'000;
// What a user may ask for has no limit; what is counted has: 8 TB.
constexpr double kMostSamples = 1e12;
// The index of SQLite's log, and pages that are begun.
constexpr uint64_t kDatabaseOverhead = 64 * kKiB;
constexpr uint64_t kLogBytes = 4 * kMiB;  // SQLite's log is taken over when it has 1000 pages
// Of a job's folder: the job, the answer, the breadcrumb; its log is bounded (jobs::JobLog).
constexpr uint64_t kJobBytes = 32 * kKiB;
constexpr uint64_t kJobLogBytes = 8 * kMiB;
constexpr uint64_t kReportBytes = 32 * kKiB;  // a little less than the smallest HTML report
constexpr uint64_t kRowBytes = 64 * kKiB;

uint64_t FileBytes(const fs::path& file) {
  std::error_code error;
  const uintmax_t size = fs::file_size(file, error);
  return error ? 0 : size;
}

SpaceNeed ForTemporary(uint64_t at_least, uint64_t at_most) {
  std::error_code error;
  return {"temporary files", fs::temp_directory_path(error), "set TMPDIR to another place",
          at_least, at_most};
}

SpaceNeed ForCache(const fs::path& cache) {
  return {"the cache", cache, "choose another place with --cache"};
}

// Nothing in it yet: what will be made is not there.
bool HasArtifacts(const fs::path& cache) {
  std::error_code error;
  return fs::exists(cache / "artifacts", error) && !fs::is_empty(cache / "artifacts", error);
}

SpaceNeed CacheOfRun(const plan::Plan& plan, const fs::path& cache) {
  SpaceNeed need = ForCache(cache);
  std::set<std::string> counted;
  const NeededSplits splits = SplitsOf(plan);
  for (const plan::PlannedModel& model : plan.models) {
    for (const datasets::Split* split : splits.All()) {
      if (!counted.insert(datasets::TensorKey(*split, model.sidecar.input)).second) continue;
      const uint64_t bytes = datasets::MissingTensorBytes(*split, model.sidecar.input, cache);
      need.at_least += bytes;
      need.at_most += bytes;
    }
  }
  std::set<std::pair<size_t, size_t>> artifacts;
  for (const plan::PlannedCell& cell : plan.cells) artifacts.insert({cell.model, cell.quantizer});
  const bool some = HasArtifacts(cache);
  for (const auto& [model, quantizer] : artifacts) {
    const uint64_t bytes = FileBytes(plan.models[model].tflite);
    if (!some) need.at_least += bytes / kLeastShare;
    need.at_most += bytes + kDocumentBytes;
  }
  return need;
}

SpaceNeed DatabaseOfRun(const plan::Plan& plan, const SpacePlaces& places) {
  SpaceNeed need{"the database", places.database, "choose another place with --db"};
  const uint64_t images = plan.Test().images.size();
  const auto repetitions = static_cast<uint64_t>(plan.measure.repetitions);
  const auto samples = [](double count) {
    return static_cast<uint64_t>(std::min(count, kMostSamples));
  };
  const measure::LatencySettings& latency = plan.measure.latency;
  const uint64_t least_samples = samples(static_cast<double>(latency.min_samples));
  const uint64_t most_samples =
      std::max(least_samples, samples(latency.min_seconds * kMostSamplesASecond));
  const uint64_t predictions = images * (sizeof(int32_t) + sizeof(float));
  uint64_t names = 0;
  for (const datasets::Image& image : plan.Test().images) names += image.path.size() + 16;
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    if (!places.resume) need.at_least += predictions + repetitions * least_samples * sizeof(double);
    need.at_most += predictions + repetitions * most_samples * sizeof(double) + kDocumentBytes;
  }
  need.at_least += kDatabaseOverhead;
  need.at_most += names + kDatabaseOverhead + std::min(need.at_most, kLogBytes);
  return need;
}

SpaceNeed ReportOfRun(const plan::Plan& plan, const fs::path& report) {
  return {"the report", report, "choose another place with --report", kReportBytes,
          kReportBytes + plan.cells.size() * kRowBytes};
}

// Two decimals at most, as the rest of the program writes sizes: "1.2 MB".
std::string SizeText(uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1'000'000) return fmt::format("{:.0f} kB", std::max(1.0, value / 1e3));
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", value / 1e6);
  return fmt::format("{:.1f} GB", value / 1e9);
}

// The needs that share a disk.
struct Disk {
  uint64_t free_bytes = 0;
  std::vector<const SpaceNeed*> needs;

  uint64_t Sum(uint64_t SpaceNeed::*bytes) const {
    uint64_t sum = 0;
    for (const SpaceNeed* need : needs) sum += need->*bytes;
    return sum;
  }
  // "the cache (/a) 12.3 MB, temporary files (/tmp) 64 kB", the largest first.
  std::string Text(uint64_t SpaceNeed::*bytes) const {
    std::vector<const SpaceNeed*> sorted = needs;
    std::ranges::stable_sort(
        sorted, [&](const SpaceNeed* a, const SpaceNeed* b) { return a->*bytes > b->*bytes; });
    std::vector<std::string> texts;
    for (const SpaceNeed* need : sorted) {
      if (need->*bytes == 0) continue;
      texts.push_back(
          fmt::format("{} ({}) {}", need->what, need->place.string(), SizeText(need->*bytes)));
    }
    return fmt::format("{}", fmt::join(texts, ", "));
  }
  const SpaceNeed& Largest(uint64_t SpaceNeed::*bytes) const {
    return **std::ranges::max_element(needs, {},
                                      [&](const SpaceNeed* need) { return need->*bytes; });
  }
};

}  // namespace

std::vector<SpaceNeed> SpaceForRun(const plan::Plan& plan, const SpacePlaces& places) {
  const uint64_t images = plan.Test().images.size();
  // A job lists the images, the answer has a class and a score of each.
  const uint64_t job = kJobBytes + images * 8;
  std::vector<SpaceNeed> needs = {CacheOfRun(plan, places.cache), DatabaseOfRun(plan, places),
                                  ForTemporary(job, job + images * 32 + kJobLogBytes)};
  for (const fs::path& report : places.reports) needs.push_back(ReportOfRun(plan, report));
  return needs;
}

std::vector<SpaceNeed> SpaceForQuantizing(const plan::PlannedModel& model,
                                          const std::vector<const datasets::Split*>& splits,
                                          const fs::path& cache, const fs::path& output) {
  SpaceNeed tensors = ForCache(cache);
  for (const datasets::Split* split : splits) {
    tensors.at_least += datasets::MissingTensorBytes(*split, model.sidecar.input, cache);
  }
  tensors.at_most = tensors.at_least;
  const uint64_t bytes = FileBytes(model.tflite);
  const uint64_t at_least = bytes / kLeastShare;
  const uint64_t at_most = bytes + kDocumentBytes;
  return {tensors,
          ForTemporary(kJobBytes + at_least, at_most + kJobLogBytes),
          {"the artifact", output, "choose another place with --output", at_least, at_most}};
}

Result<std::vector<std::string>> CheckSpace(const std::vector<SpaceNeed>& needs,
                                            const DiskSpaceFunction& space) {
  std::map<dev_t, Disk> disks;
  for (const SpaceNeed& need : needs) {
    const std::optional<DiskSpace> there = space(need.place);
    if (!there) continue;
    Disk& disk = disks[there->disk];
    disk.free_bytes = there->free_bytes;
    disk.needs.push_back(&need);
  }
  std::vector<std::string> warnings;
  for (const auto& [id, disk] : disks) {
    if (disk.Sum(&SpaceNeed::at_least) > disk.free_bytes) {
      return Error(StatusCode::kNoSpace,
                   "not enough room: {} will be needed at least, and {} are free there; make room, "
                   "or {}",
                   disk.Text(&SpaceNeed::at_least), SizeText(disk.free_bytes),
                   disk.Largest(&SpaceNeed::at_least).remedy);
    }
    if (disk.Sum(&SpaceNeed::at_most) <= disk.free_bytes) continue;
    warnings.push_back(fmt::format(
        "the disk may become full: up to {} may be needed, and {} are free there; if it does, "
        "make room and go on, or {}",
        disk.Text(&SpaceNeed::at_most), SizeText(disk.free_bytes),
        disk.Largest(&SpaceNeed::at_most).remedy));
  }
  return warnings;
}

}  // namespace qbench::run
