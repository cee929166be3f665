// `qbench run`: the matrix.
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <cstdlib>

#include "base/files.h"
#include "cli/command.h"
#include "cli/flip_pictures.h"
#include "cli/gate.h"
#include "cli/input_trials.h"
#include "cli/litert_option.h"
#include "cli/model_options.h"
#include "cli/progress.h"
#include "cli/requirements.h"
#include "cli/terminal.h"
#include "harness/run/inference_history.h"
#include "harness/run/run_engine.h"
#include "harness/run/space_check.h"
#include "reports/reports.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench run [MODEL...] --dataset NAME [--plugins LIST] [options]",
    "Runs every combination of MODEL (a .keras, .h5, .onnx or .tflite file with its sidecar\n"
    "MODEL.toml, or the name of a shipped model; by default those of the data set), quantizer, "
    "runtime and "
    "thread\n"
    "count over the test images of a data set. Measures file size, latency, top-1 accuracy and\n"
    "memory, stores each measurement as it finishes, and ends with a table and a report.\n"
    "A combination that fails is a row with its reason; the run goes on.",
    "qbench run --plugins int8,fp16,float --dataset scenes\n"
    "qbench run my.h5 --plugins int8:io=int8,float,litert:kernels=builtin --dataset ./images "
    "--threads 1,4\n"
    "qbench run --plugins int8,litert --dataset scenes --baseline release-1.2 --gate",
    "--plugins takes quantizers and runtimes, mixed; options follow colons. Where no runtime is\n"
    "named, all that work here are used (not `reference`, which is slow); where no quantizer is\n"
    "named, all are but `int16x8`, which is slow too. `qbench plugin list` shows them.\n"
    "tf24 stands for the table of a TensorFlow 2.4 user.\n\n"
    "With --gate the cells that the baseline has, too, are measured in pairs of fresh processes, "
    "one\n"
    "of each build, and a sentence a cell says whether the new one is worse: larger by a byte, "
    "less\n"
    "accurate (--budget), of more memory, or slower (the whole interval beyond the floor, p < "
    "0.01\n"
    "for all cells together, and the same once more in as many pairs again). The floor is "
    "--floor,\n"
    "or what this board showed on nights when both builds were the same.\n\n"
    "Exit status: 0 done (some cells may have failed: see the table), 2 usage or environment "
    "error,\n"
    "3 every cell failed (with --strict: any of them), 130 interrupted (go on with --resume).\n"
    "With --gate: 0 not worse, 1 regression, 4 invalid night (throttled, swapping, busy), 2 "
    "error."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("plugins", po::value<std::string>()->value_name("LIST"),
                        "quantizers and runtimes, as in int8,fp16,litert:kernels=builtin")(
      "dataset", po::value<std::string>()->value_name("NAME"),
      "a data set's name, or a folder with one sub-folder a class")(
      "threads", po::value<std::string>()->value_name("LIST")->default_value("1"),
      "thread counts, each a cell: 1,4")("csv", po::value<std::string>()->value_name("FILE"),
                                         "write the rows as CSV too")(
      "report", po::value<std::string>()->value_name("FILE"),
      "the HTML report (default: beside the database)")(
      "benchmark_out", po::value<std::string>()->value_name("FILE"),
      "write the latencies as Google Benchmark does, for its compare.py")(
      "diff", po::bool_switch(),
      "compare each artifact's layers with float's, for the report (as qbench diff does)")(
      "resume", po::bool_switch(), "continue the latest unfinished run of the same command")(
      "strict", po::bool_switch(), "exit with 3 where a cell failed")(
      "repetitions", po::value<int>()->value_name("N"),
      "fresh processes a cell for latency (default: 3; with --gate pairs of them, 25)")(
      "min-time", po::value<double>()->value_name("S")->default_value(2.0),
      "timed seconds a process, at least")("min-samples",
                                           po::value<int64_t>()->value_name("N")->default_value(64),
                                           "timed inferences a process, at least")(
      "warmup-time", po::value<double>()->value_name("S")->default_value(0.5),
      "untimed seconds before them, at least (and 3 inferences)")(
      "profile", po::bool_switch(),
      "say where the time goes: one more process for each cell, which times each operator")(
      "time-limit", po::value<int64_t>()->value_name("S"),
      "stop a process that takes longer (default: fitted to what it does)")(
      "memory-limit", po::value<uint64_t>()->value_name("MIB"),
      "stop a process that uses more memory (default: 80 % of what is free)")(
      "quiet,q", po::bool_switch(), "no progress, no warnings")("json", po::bool_switch(),
                                                                "print the result as JSON");
  AddRequirementOptions(options);
  AddGateOptions(options);
  AddModelOptions(options);
  AddCalibrationOptions(options);
  AddDatabaseOption(options);
  AddLitertOption(options);
  AddFolderOptions(options);
  return options;
}

Result<std::vector<int>> ParseThreads(const std::string& text) {
  std::vector<int> threads;
  const char* next = text.data();
  const char* const end = text.data() + text.size();
  while (true) {
    int count = 0;
    const auto [after, error] = std::from_chars(next, end, count);
    if (error != std::errc() || count < 1 || count > 1024 || (after != end && *after != ',')) {
      return Error(StatusCode::kInvalidArgument,
                   "--threads \"{}\": write numbers from 1 separated by commas, as in 1,4", text);
    }
    threads.push_back(count);
    if (after == end) return threads;
    next = after + 1;
  }
}

Status CheckMeasureSettings(const plan::MeasureSettings& settings) {
  if (settings.repetitions < 1 || settings.latency.min_samples < 1 ||
      !(settings.latency.min_seconds >= 0) || !(settings.latency.warmup_seconds >= 0)) {
    return Error(StatusCode::kInvalidArgument,
                 "--repetitions and --min-samples must be at least 1, --min-time and "
                 "--warmup-time at least 0");
  }
  return OkStatus();
}

Result<plan::RunRequest> RequestOf(const Arguments& arguments) {
  plan::RunRequest request;
  request.models = arguments.List("model");
  QB_ASSIGN_OR_RETURN(request.choice, ChoiceOf(arguments));
  if (!arguments.Has("dataset")) {
    return Error(StatusCode::kInvalidArgument,
                 "name a data set with --dataset; `qbench dataset list` shows them");
  }
  request.dataset = arguments.Get<std::string>("dataset");
  request.calibration_runtime = arguments.Get<std::string>("calibration-runtime");
  request.calibration_seed = arguments.Get<uint64_t>("calibration-seed");
  if (arguments.Has("plugins")) {
    QB_ASSIGN_OR_RETURN(request.plugins,
                        plan::ParsePluginList(arguments.Get<std::string>("plugins")));
  }
  QB_ASSIGN_OR_RETURN(request.threads, ParseThreads(arguments.Get<std::string>("threads")));
  plan::MeasureSettings& measure = request.measure;
  if (arguments.Has("repetitions")) measure.repetitions = arguments.Get<int>("repetitions");
  measure.profile = arguments.Get<bool>("profile");
  measure.latency.min_seconds = arguments.Get<double>("min-time");
  measure.latency.min_samples = arguments.Get<int64_t>("min-samples");
  measure.latency.warmup_seconds = arguments.Get<double>("warmup-time");
  request.diff = arguments.Get<bool>("diff");
  QB_RETURN_IF_ERROR(CheckMeasureSettings(measure));
  if (arguments.Has("time-limit")) {
    measure.limits.time = std::chrono::seconds(arguments.Get<int64_t>("time-limit"));
  }
  if (arguments.Has("memory-limit")) {
    measure.limits.memory_bytes = arguments.Get<uint64_t>("memory-limit") << 20;
  }
  return request;
}

ProgressDisplay::Style DisplayStyle(const Arguments& arguments) {
  if (arguments.Get<bool>("quiet")) return ProgressDisplay::Style::kQuiet;
  return ErrorIsTerminal() ? ProgressDisplay::Style::kBar : ProgressDisplay::Style::kLines;
}

// Beside the database, named after it and the run.
std::filesystem::path ReportPath(const Arguments& arguments, const std::filesystem::path& database,
                                 int64_t run) {
  if (arguments.Has("report")) return arguments.Get<std::string>("report");
  std::filesystem::path path = database;
  return path.replace_extension().concat(fmt::format("-run{}.html", run));
}

bool HasFailed(const store::CellData& cell) { return cell.cell.status != store::Outcome::kOk; }

// A cell that has a latency; the row of a model's own file has none.
bool IsMeasured(const store::CellData& cell) {
  return !HasFailed(cell) && cell.cell.latency_status != store::Outcome::kNotMeasured;
}

ExitStatus StatusOf(const store::RunData& run, bool strict) {
  if (std::ranges::none_of(run.cells, IsMeasured)) return kCellFailed;
  return strict && std::ranges::any_of(run.cells, HasFailed) ? kCellFailed : kDone;
}

// What would be written after hours can be written.
Status CheckDestinations(const Arguments& arguments, const std::filesystem::path& database) {
  const Status report = CheckWritable(ReportPath(arguments, database, 0));
  if (!report.ok()) return report.WithContext(arguments.Has("report") ? "--report" : "the report");
  for (const char* option : {"csv", "benchmark_out"}) {
    if (!arguments.Has(option)) continue;
    QB_RETURN_IF_ERROR(
        CheckWritable(arguments.Get<std::string>(option)).WithContext(fmt::format("--{}", option)));
  }
  return OkStatus();
}

// Whether the disks have room for the run. What may not suffice is a warning.
Status CheckRoom(const Arguments& arguments, const plan::Plan& plan, const store::Store& store,
                 const std::filesystem::path& cache, ProgressDisplay& display) {
  run::SpacePlaces places{.cache = cache,
                          .database = store.path(),
                          .reports = {ReportPath(arguments, store.path(), 0)},
                          .resume = arguments.Get<bool>("resume")};
  QB_ASSIGN_OR_RETURN(const std::vector<std::string> warnings,
                      run::CheckSpace(run::SpaceForRun(plan, places)));
  for (const std::string& warning : warnings) display.Message("warning: " + warning);
  return OkStatus();
}

// Each is tried, whatever became of the other.
Status WriteReports(const Arguments& arguments, const std::filesystem::path& html,
                    const store::RunData& run, const reports::ReportOptions& options) {
  const Result<std::string> page = reports::HtmlReport({run}, options);
  std::vector<Status> written = {page.ok() ? WriteFileAtomically(html, *page) : page.status()};
  const auto write = [&](const char* option, const std::string& text) {
    written.push_back(
        WriteFileAtomically(std::filesystem::path(arguments.Get<std::string>(option)), text));
  };
  if (arguments.Has("csv")) write("csv", reports::CsvReport({run}));
  if (arguments.Has("benchmark_out")) write("benchmark_out", reports::BenchmarkJsonReport({run}));
  std::string failures;
  for (const Status& status : written) {
    if (!status.ok()) failures += status.message() + "; ";
  }
  if (failures.empty()) return OkStatus();
  return Error(StatusCode::kIo,
               "{}all that was measured is in the database: `qbench report --run {}` writes it "
               "again",
               failures, run.run.id);
}

// The closing table first: a report that cannot be written does not cost it.
Status Close(const Arguments& arguments, const store::Store& store, const store::RunData& run,
             const plan::Folders& folders, reports::ReportOptions options) {
  const bool json = arguments.Get<bool>("json");
  Print(json ? reports::JsonReport({run}, options) : reports::TerminalTable(run, options));
  const std::filesystem::path html = ReportPath(arguments, store.path(), run.run.id);
  QB_ASSIGN_OR_RETURN(options.pictures,
                      CollectPictures(reports::WantedPictures({run}), {&run}, "", folders));
  QB_RETURN_IF_ERROR(WriteReports(arguments, html, run, options));
  if (!json) Print(fmt::format("\nReport: {}\n", std::filesystem::absolute(html).string()));
  return OkStatus();
}

Result<int64_t> Measure(const plan::Plan& plan, const run::RunOptions& options,
                        ProgressDisplay& display, store::Store& store) {
  run::RunEvents events;
  events.progress = [&](const run::RunProgress& now) {
    display.Update(now.fraction, now.doing, now.seconds_left, now.detail);
  };
  events.looked = [&](double seconds) {
    display.Message(
        fmt::format("{} left, now that an inference of each was timed", FormatDuration(seconds)));
  };
  events.warning = [&](const std::string& line) { display.Message("warning: " + line); };
  events.cancelled = Interrupted;
  Result<int64_t> run = run::ExecuteRun(plan, options, WorkerJobs(), events, store);
  display.Clear();
  return run;
}

}  // namespace

Result<ExitStatus> RunCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "model"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(plan::RunRequest request, RequestOf(arguments));
  std::optional<int> pairs;
  if (arguments.Has("repetitions")) pairs = request.measure.repetitions;
  QB_ASSIGN_OR_RETURN(const std::optional<Gate> gate, ReadGate(arguments, pairs));
  if (gate) {
    request.baseline = gate->baseline;
    request.measure.repetitions = gate->rules.pairs;
  }
  reports::ReportOptions report;
  QB_ASSIGN_OR_RETURN(report.requirements, RequirementsOf(arguments));
  QB_RETURN_IF_ERROR(RequireLitertLibrary(arguments));
  run::RunOptions options;
  QB_ASSIGN_OR_RETURN(options.folders, FoldersOf(arguments));
  options.resume = arguments.Get<bool>("resume");
  options.command_line = {"qbench", "run"};
  options.command_line.insert(options.command_line.end(), args.begin(), args.end());

  // The database first: a folder that cannot be written is known before anything takes time.
  QB_ASSIGN_OR_RETURN(store::Store store,
                      store::Store::Open(DatabaseOf(arguments), store::OpenMode::kReadWrite));
  QB_RETURN_IF_ERROR(CheckDestinations(arguments, store.path()));
  ProgressDisplay display(DisplayStyle(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Plan plan, plan::MakePlan(request, options.folders, WorkerJobs(),
                                                            [&](const std::string& doing) {
                                                              display.Update(0, doing, -1);
                                                            }));
  QB_RETURN_IF_ERROR(CheckRoom(arguments, plan, store, options.folders.cache, display));
  GateJudge judge(store);
  if (gate) {
    QB_RETURN_IF_ERROR(CheckPairs(plan, gate->rules));
    judge.Attach(*gate, &options);
  }
  QB_ASSIGN_OR_RETURN(options.inference_history, run::InferenceHistory(plan, store));
  const size_t known = options.inference_history.size();
  if (!plan.dataset.manifest.has_value()) {
    display.Message(fmt::format("{}: {}", plan.dataset.name, plan.dataset.split_rule));
  }
  display.Message(
      fmt::format("{} cells{} on {} images of {}; about {}{}", plan.OwnCells(),
                  gate ? fmt::format(" beside {} of {}", plan.cells.size() - plan.OwnCells(),
                                     gate->baseline.name)
                       : "",
                  plan.Test().images.size(), plan.dataset.name,
                  FormatDuration(run::EstimateSeconds(plan, options.inference_history)),
                  known == plan.cells.size() ? "" : " at a first guess"));
  QB_ASSIGN_OR_RETURN(const int64_t id, Measure(plan, options, display, store));
  QB_ASSIGN_OR_RETURN(store::RunData run, store.LoadRun(id));
  // A night's gate is about two builds, whose sidecars are the same.
  if (!gate) {
    QB_RETURN_IF_ERROR(TryOtherInputs(plan, options.folders, display, store, &run));
  }
  QB_RETURN_IF_ERROR(Close(arguments, store, run, options.folders, std::move(report)));
  if (!gate) return StatusOf(run, arguments.Get<bool>("strict"));
  QB_ASSIGN_OR_RETURN(const results::Night night, judge.Judge(id));
  if (!arguments.Get<bool>("json")) Print(GateText(night, gate->baseline.name, judge.nights()));
  return StatusOf(night.answer);
}

}  // namespace qbench::cli
