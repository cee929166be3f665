// The worker's side of a job, from reading job.json to leaving the answer.
#pragma once

#include "harness/jobs/jobs.h"

namespace qbench::worker {

// What `qbench-worker FOLDER DESCRIPTOR` and `qbench-import` with the same do: the answer is left
// in the memory behind the descriptor (harness/jobs/answer_area.h), as {"status": "ok", "result":
// {…}} or
// {"status": "error", "code": …, "message": …}. Called with anything else it says so and returns an
// exit status. Does not return otherwise: the process ends without running exit handlers, which
// belong to plugins.
// `import` carries out import jobs; null in a program that does not import.
using ImportFunction = Result<jobs::ImportResult> (*)(const jobs::ImportJob&);
int RunWorkerProcess(int argc, char** argv, ImportFunction import);

}  // namespace qbench::worker
