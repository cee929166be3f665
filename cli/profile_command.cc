// `qbench profile`: where the time of a .tflite file goes, with nothing but the file.
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "base/json.h"
#include "cli/command.h"
#include "cli/litert_option.h"
#include "cli/single_job.h"
#include "cli/terminal.h"
#include "harness/results/profile_summary.h"
#include "harness/run/run_records.h"
#include "harness/stats/descriptive.h"
#include "reports/profile_text.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench profile FILE.tflite... [options]",
    "Says where the time of an inference goes: what the runtime's delegate takes of each file, in\n"
    "how many partitions, and which operators cost the most. Nothing but the files is needed: "
    "their\n"
    "inputs are noise. Of several files (ours and another converter's) it ends with a comparison.\n"
    "`qbench run --profile` does the same for every cell of a run and stores it.",
    "qbench profile ours.tflite theirs.tflite\n"
    "qbench profile my.tflite --runtime litert:kernels=builtin --threads 4 --top 20",
    "Times are medians over inferences that are profiled, which is slower than what qbench run\n"
    "reports as latency. docs/profiling.md says how to read them.\n\n"
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted."};

po::options_description Options() {
  const jobs::ProfileJob job;
  po::options_description options("Options", 100);
  options.add_options()("runtime", po::value<std::string>()->value_name("NAME"),
                        "the runtime, with options (default: litert, or what works)")(
      "threads", po::value<int>()->value_name("N")->default_value(1), "threads of an inference")(
      "runs", po::value<int64_t>()->value_name("N")->default_value(job.runs),
      "profiled inferences; of slow models fewer")(
      "top", po::value<int>()->value_name("N")->default_value(10), "operators that are shown")(
      "quiet,q", po::bool_switch(), "no progress, no warnings on standard error")(
      "json", po::bool_switch(), "print the result as JSON, with every operator");
  AddLitertOption(options);
  return options;
}

struct ProfiledFile {
  std::string name;  // as the user wrote it
  store::Measurement profile;
  std::vector<std::string> warnings;

  double operators_ms() const { return results::ProfiledMicroseconds(profile) / 1000; }
  double inference_ms() const { return stats::Median(profile.samples_ns) / 1e6; }
};

Result<ProfiledFile> ProfileFile(const std::string& name, const Arguments& arguments,
                                 const plan::SelectedPlugin& runtime) {
  if (std::filesystem::path(name).extension() != ".tflite") {
    return Error(StatusCode::kInvalidArgument,
                 "{}: a .tflite file is taken here; of another model make one with qbench quantize "
                 "MODEL --plugins float -o FILE.tflite",
                 name);
  }
  jobs::ProfileJob job;
  job.artifact = std::filesystem::absolute(name);
  job.runtime = runtime.Use();
  job.threads = arguments.Get<int>("threads");
  job.runs = arguments.Get<int64_t>("runs");
  QB_ASSIGN_OR_RETURN(jobs::JobResult answer, RunWithProgress(job, arguments.Get<bool>("quiet")));
  auto& result = std::get<jobs::ProfileResult>(answer);
  ProfiledFile file{.name = name, .profile = {}, .warnings = std::move(result.warnings)};
  run::FillMeasurement(std::move(result), file.profile);
  return file;
}

std::string FormatFile(const ProfiledFile& file, const std::string& setup, size_t top) {
  const auto delegation = results::DelegationOf(file.profile);
  std::string text = fmt::format(
      "{} on {}: {:.3f} ms in operators (an inference {:.3f} ms, profiling included)\n{}\n\n{}",
      file.name, setup, file.operators_ms(), file.inference_ms(),
      delegation ? reports::DelegationText(*delegation) : "Without a delegate",
      reports::OperatorTable(file.profile, top));
  for (const std::string& warning : file.warnings) text += "warning: " + warning + "\n";
  return text + "\n";
}

std::string FormatComparison(const std::vector<ProfiledFile>& files) {
  std::string text = fmt::format("{:>9}  {:>11}  {:>10}  {:>9}  file\n", "operators", "undelegated",
                                 "partitions", "ops ms");
  for (const ProfiledFile& file : files) {
    const auto delegation = results::DelegationOf(file.profile);
    const auto count = [&](int64_t results::Delegation::*member) {
      return delegation ? std::to_string((*delegation).*member) : "";
    };
    text +=
        fmt::format("{:>9}  {:>11}  {:>10}  {:>9.3f}  {}\n", count(&results::Delegation::operators),
                    count(&results::Delegation::undelegated),
                    count(&results::Delegation::partitions), file.operators_ms(), file.name);
  }
  return text;
}

OrderedJson FileJson(const ProfiledFile& file, const std::string& runtime, int threads) {
  OrderedJson json = {{"file", file.name},
                      {"runtime", runtime},
                      {"threads", threads},
                      {"runtime_facts", file.profile.conditions.at("runtime")},
                      {"operators_ms", file.operators_ms()},
                      {"inference_ms", file.inference_ms()}};
  const auto delegation = results::DelegationOf(file.profile);
  const results::Delegation d = delegation.value_or(results::Delegation());
  const auto number = [](const std::optional<double>& value) {
    return value ? OrderedJson(*value) : OrderedJson();
  };
  json["delegate"] = delegation ? OrderedJson(d.delegate) : OrderedJson();
  json["undelegated_operators"] = delegation ? OrderedJson(d.undelegated) : OrderedJson();
  json["undelegated_kinds"] = d.undelegated_kinds;
  json["partitions"] = delegation ? OrderedJson(d.partitions) : OrderedJson();
  json["undelegated_macs_share"] = number(d.undelegated_macs_share);
  json["undelegated_time_share"] = number(d.undelegated_time_share);
  json["operators"] = OrderedJson::array();
  for (const store::OperatorProfile& row : file.profile.operators) {
    OrderedJson& one = json["operators"].emplace_back(OrderedJson::object());
    store::ForEachRow<store::OperatorProfile>([&](const auto& field) {
      if ((field.traits & store::kNotInJson) == 0) one[field.name] = row.*field.member;
    });
  }
  json["warnings"] = file.warnings;
  return json;
}

Status CheckNumbers(const Arguments& arguments) {
  if (arguments.Get<int>("threads") >= 1 && arguments.Get<int64_t>("runs") >= 1 &&
      arguments.Get<int>("top") >= 1) {
    return OkStatus();
  }
  return Error(StatusCode::kInvalidArgument, "--threads, --runs and --top are at least 1");
}

}  // namespace

Result<ExitStatus> ProfileCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "file"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_RETURN_IF_ERROR(CheckNumbers(arguments));
  const std::vector<std::string> names = arguments.List("file");
  if (names.empty()) {
    return Error(StatusCode::kInvalidArgument, "name a .tflite file; see qbench profile --help");
  }
  QB_RETURN_IF_ERROR(RequireLitertLibrary(arguments));
  const std::string line = plan::ThreadsWarning({arguments.Get<int>("threads")}, LimitOfCores());
  if (!line.empty() && !arguments.Get<bool>("quiet")) PrintError("warning: " + line + "\n");
  QB_ASSIGN_OR_RETURN(const plan::Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  QB_ASSIGN_OR_RETURN(const plan::SelectedPlugin runtime,
                      plan::CalibrationRuntime(catalogue, arguments.GetOr("runtime", "")));
  std::vector<ProfiledFile> files;
  for (const std::string& name : names) {
    QB_ASSIGN_OR_RETURN(ProfiledFile file, ProfileFile(name, arguments, runtime));
    files.push_back(std::move(file));
  }
  const int threads = arguments.Get<int>("threads");
  if (arguments.Get<bool>("json")) {
    OrderedJson json = {{"files", OrderedJson::array()}};
    for (const ProfiledFile& file : files) {
      json["files"].push_back(FileJson(file, runtime.Name(), threads));
    }
    Print(json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n");
    return kDone;
  }
  const std::string setup =
      fmt::format("{}, {} thread{}", runtime.Name(), threads, threads == 1 ? "" : "s");
  for (const ProfiledFile& file : files) {
    Print(FormatFile(file, setup, static_cast<size_t>(arguments.Get<int>("top"))));
  }
  if (files.size() > 1) Print(FormatComparison(files));
  return kDone;
}

}  // namespace qbench::cli
