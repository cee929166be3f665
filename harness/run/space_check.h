// Whether the disks have room for what a command will write, before it begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/disk_space.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "harness/plan/run_plan.h"

namespace qbench::run {

// What will be written to one place.
struct SpaceNeed {
  std::string what;             // "the cache", for people
  std::filesystem::path place;  // a file or a folder
  std::string remedy;           // "choose another with --cache"
  // What is written whatever happens, and what may be. Between the two lies what is not known
  // before: how well a model compresses, how many samples a fast one gives, what the cache has.
  uint64_t at_least = 0;
  uint64_t at_most = 0;
};

// Where a run writes.
struct SpacePlaces {
  std::filesystem::path cache;
  std::filesystem::path database;
  std::vector<std::filesystem::path> reports;
  bool resume = false;  // some of the rows may be there already
};

// What a run of this plan writes, without what the cache has: the images of every split that it
// uses, a byte a value; an artifact for each model and quantizer; the rows, with every prediction
// and sample; a job's files; the reports.
std::vector<SpaceNeed> SpaceForRun(const plan::Plan& plan, const SpacePlaces& places);

// The same of `qbench quantize`, which reads these splits.
std::vector<SpaceNeed> SpaceForQuantizing(const plan::PlannedModel& model,
                                          const std::vector<const datasets::Split*>& splits,
                                          const std::filesystem::path& cache,
                                          const std::filesystem::path& output);

// kNoSpace where a disk has less room than is needed at least, by all of its places together: it
// names them, what they need and what is free. Else a line for the user for each disk that has less
// than may be needed. A disk of which nothing is known has room.
Result<std::vector<std::string>> CheckSpace(const std::vector<SpaceNeed>& needs,
                                            const DiskSpaceFunction& space = DiskSpaceOf);

}  // namespace qbench::run
