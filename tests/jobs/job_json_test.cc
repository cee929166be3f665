#include "harness/jobs/job_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/jobs/every_field.h"

namespace qbench::jobs {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Calls function.operator()<i>() for every alternative of a variant.
template <typename Variant, typename Function>
void ForEachAlternative(const Function& function) {
  [&]<size_t... i>(std::index_sequence<i...>) { (function.template operator()<i>(), ...); }
  (std::make_index_sequence<std::variant_size_v<Variant>>());
}

template <typename T>
T Filled() {
  T value{};
  Filler().Fill(value);
  return value;
}

template <typename T>
std::vector<std::string> Differences(const T& a, const T& b) {
  std::vector<std::string> found;
  FindDifferences(a, b, typeid(T).name(), found);
  return found;
}

// Every job with nothing but defaults, then with no default left.
std::vector<Job> Jobs() {
  std::vector<Job> jobs;
  ForEachAlternative<Job>([&]<size_t i>() {
    using Alternative = std::variant_alternative_t<i, Job>;
    jobs.emplace_back(Alternative{});
    jobs.emplace_back(Filled<Alternative>());
  });
  return jobs;
}

// The same of the results, each with the name of its job.
std::vector<std::pair<std::string, JobResult>> Results() {
  std::vector<std::pair<std::string, JobResult>> results;
  ForEachAlternative<Job>([&]<size_t i>() {
    using Alternative = std::variant_alternative_t<i + 1, JobResult>;
    const std::string name = JobName(std::variant_alternative_t<i, Job>{});
    results.emplace_back(name, Alternative{});
    results.emplace_back(name, Filled<Alternative>());
  });
  return results;
}

template <typename Variant>
std::vector<std::string> VariantDifferences(const Variant& a, const Variant& b) {
  if (a.index() != b.index()) return {"another kind"};
  return std::visit(
      [&](const auto& value) -> std::vector<std::string> {
        using Alternative = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Alternative, std::monostate>) {
          return {};
        } else {
          return Differences(value, std::get<Alternative>(b));
        }
      },
      a);
}

// Every key of every object in it, as a path.
void FindKeys(const Json& json, const Json::json_pointer& path,
              std::vector<Json::json_pointer>& keys) {
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) {
    const Json::json_pointer here = json.is_array() ? path / std::stoul(key) : path / key;
    if (json.is_object()) keys.push_back(here);
    FindKeys(value, here, keys);
  }
}

// Reads `whole` with one of its keys left out, each in turn, and expects that `read` names it.
template <typename Read>
void ExpectEachKeyIsMissed(const Json& whole, const Read& read) {
  std::vector<Json::json_pointer> keys;
  FindKeys(whole, Json::json_pointer(), keys);
  ASSERT_FALSE(keys.empty());
  for (const Json::json_pointer& key : keys) {
    SCOPED_TRACE(key.to_string());
    Json cut = whole;
    cut[key.parent_pointer()].erase(key.back());
    const Status status = read(cut);
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr(key.back()));
  }
}

// What the tests below rest on: a field that does not travel comes back as its default.
TEST(JobJson, NoFieldOfAFilledJobHasItsDefault) {
  const DifferenceResult::Layer layer = Filled<DifferenceResult::Layer>();
  EXPECT_EQ(Differences(layer, {}).size(), 19U);  // `own` counts as one
  EXPECT_THAT(Differences(layer, layer), IsEmpty());
  DifferenceResult::Layer forgotten = layer;
  forgotten.own->b_max = stats::DifferenceSums().b_max;
  EXPECT_EQ(Differences(layer, forgotten).size(), 1U);
}

TEST(JobJson, EveryFieldOfEveryJobSurvivesTheTrip) {
  for (const Job& job : Jobs()) {
    SCOPED_TRACE(JobName(job));
    const Result<Job> back = JobFromJson(*ParseJson(DumpJson(JobToJson(job))));
    ASSERT_TRUE(back.ok()) << back.status().message();
    EXPECT_THAT(VariantDifferences(job, *back), IsEmpty());
  }
}

TEST(JobJson, EveryFieldOfEveryResultSurvivesTheTrip) {
  for (const auto& [name, result] : Results()) {
    SCOPED_TRACE(name);
    const Result<JobResult> back = ResultFromJson(name, *ParseJson(DumpJson(ResultToJson(result))));
    ASSERT_TRUE(back.ok()) << back.status().message();
    EXPECT_THAT(VariantDifferences(result, *back), IsEmpty());
  }
  EXPECT_TRUE(ResultToJson(std::monostate()).is_null());
}

TEST(JobJson, AMissingKeyIsNamed) {
  for (const Job& job : Jobs()) {
    SCOPED_TRACE(JobName(job));
    ExpectEachKeyIsMissed(JobToJson(job),
                          [](const Json& json) { return JobFromJson(json).status(); });
  }
  for (const auto& [name, result] : Results()) {
    SCOPED_TRACE("result of " + name);
    ExpectEachKeyIsMissed(ResultToJson(result),
                          [&](const Json& json) { return ResultFromJson(name, json).status(); });
  }
}

TEST(JobJson, NamesWhatIsWrong) {
  EXPECT_FALSE(JobFromJson(Json::array()).ok());
  EXPECT_FALSE(JobFromJson({{"job", "dance"}, {"parameters", Json::object()}}).ok());
  EXPECT_THAT(ResultFromJson("dance", Json::object()).status().message(), HasSubstr("dance"));
  for (const auto& [name, result] : Results()) {
    EXPECT_EQ(ResultFromJson(name, Json()).status().code(), StatusCode::kCorrupt);
  }
  EXPECT_FALSE(ResultFromJson("accuracy", {{"predicted", "none"}}).ok());
}

// What every_field.h counts of a measurement is what its table says.
TEST(JobJson, AllThatAWorkerMeasuresIsLookedAt) {
  int from_worker = 0;
  store::ForEachRow<store::Measurement>(
      [&](const auto& row) { from_worker += (row.traits & store::kFromWorker) != 0 ? 1 : 0; });
  EXPECT_EQ(from_worker, kFieldCount<store::Measurement>);
}

}  // namespace
}  // namespace qbench::jobs
