// Jobs and results as JSON: how they travel between the two processes.
#pragma once

#include <string>

#include "base/json.h"
#include "harness/jobs/jobs.h"

namespace qbench::jobs {

Json JobToJson(const Job& job);
// kCorrupt, naming what is missing or of another type.
Result<Job> JobFromJson(const Json& json);

Json ResultToJson(const JobResult& result);
// `job_name` is JobName of the job that it answers.
Result<JobResult> ResultFromJson(const std::string& job_name, const Json& json);

}  // namespace qbench::jobs
