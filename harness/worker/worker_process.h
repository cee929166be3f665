// The worker's side of a job, from reading job.json to writing result.json.
#pragma once

#include <filesystem>

#include "harness/jobs/jobs.h"

namespace qbench::worker {

// What `qbench-worker FOLDER` and `qbench-import FOLDER` do. result.json holds {"status": "ok",
// "result": {…}} or
// {"status": "error", "code": …, "message": …}. Does not return: the process ends without running
// exit handlers, which belong to plugins.
// `import` carries out import jobs; null in a program that does not import.
using ImportFunction = Result<jobs::ImportResult> (*)(const jobs::ImportJob&);
[[noreturn]] void RunWorkerProcess(const std::filesystem::path& folder, ImportFunction import);

}  // namespace qbench::worker
