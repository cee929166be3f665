// The files of a job folder, by which parent and worker talk. The answer is none of them
// (answer_area.h).
#pragma once

#include <filesystem>

namespace qbench::jobs {

struct JobFolder {
  std::filesystem::path path;

  std::filesystem::path job() const { return path / "job.json"; }
  std::filesystem::path breadcrumb() const { return path / "breadcrumb"; }
  std::filesystem::path log() const { return path / "log.txt"; }  // the worker's standard streams
  std::filesystem::path temp() const { return path / "tmp"; }     // the worker's TMPDIR
};

}  // namespace qbench::jobs
