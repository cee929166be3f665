// The worker's side of a job, from reading job.json to writing result.json.
#pragma once

#include <filesystem>

namespace qbench::worker {

// What `qbench-worker FOLDER` does. result.json holds {"status": "ok", "result": {…}} or
// {"status": "error", "code": …, "message": …}. Does not return: the process ends without running
// exit handlers, which belong to plugins.
[[noreturn]] void RunWorkerProcess(const std::filesystem::path& folder);

}  // namespace qbench::worker
