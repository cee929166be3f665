// Jobs and results as they travel between parent and worker (harness/jobs/job_json.h). A worker
// runs plugins, so the parent trusts no result.
#include "harness/jobs/job_json.h"

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

// Every alternative of a variant, as it is when nothing is set.
template <typename Variant, size_t index = 0>
void AddAlternatives(std::vector<Variant>& all) {
  if constexpr (index < std::variant_size_v<Variant>) {
    all.push_back(std::variant_alternative_t<index, Variant>{});
    AddAlternatives<Variant, index + 1>(all);
  }
}

// A job; or a result, with the name of the job that it answers.
std::vector<Bytes> Seeds() {
  std::vector<jobs::Job> jobs;
  AddAlternatives(jobs);
  std::vector<jobs::JobResult> results;
  AddAlternatives(results);  // the first is "nothing"
  std::vector<Bytes> seeds;
  for (size_t i = 0; i < jobs.size(); ++i) {
    seeds.push_back(BytesOf(DumpJson(jobs::JobToJson(jobs[i]))));
    seeds.push_back(BytesOf(DumpJson(
        {{"answers", jobs::JobName(jobs[i])}, {"result", jobs::ResultToJson(results[i + 1])}})));
  }
  return seeds;
}

bool RunResult(const Json& json) {
  if (!json.contains("answers") || !json.at("answers").is_string() || !json.contains("result")) {
    return false;
  }
  const std::string job = json.at("answers");
  const auto result = jobs::ResultFromJson(job, json.at("result"));
  if (!result.ok()) return !Refused(result.status());
  const auto again = jobs::ResultFromJson(job, jobs::ResultToJson(*result));
  if (!again.ok()) Fail(again.status().message());
  return true;
}

bool Run(ByteSpan input) {
  const Result<Json> json = ParseJson(TextOf(input));
  if (!json.ok()) return !Refused(json.status());
  if (json->is_object() && json->contains("answers")) return RunResult(*json);
  const auto job = jobs::JobFromJson(*json);
  if (!job.ok()) return !Refused(job.status());
  const auto again = jobs::JobFromJson(jobs::JobToJson(*job));
  if (!again.ok()) Fail(again.status().message());
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"job_json", Seeds, Run, MutateJson};
  return target;
}

}  // namespace qbench::fuzz
