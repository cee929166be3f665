// `qbench report`: from the store to HTML, CSV, Markdown, JSON or what other programs read.
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <map>

#include "base/interrupt.h"
#include "cli/command.h"
#include "cli/flip_pictures.h"
#include "cli/gate.h"
#include "cli/report_files.h"
#include "cli/requirements.h"
#include "cli/run_choice.h"
#include "cli/terminal.h"
#include "harness/results/night_history.h"
#include "harness/results/reduced_run.h"
#include "harness/store/store.h"
#include "reports/junit_report.h"
#include "reports/reports.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench report [--format LIST] [--run RUN...] [options]",
    "Makes reports from the database alone. One format goes to standard output, but HTML and\n"
    "several formats go to files beside the database, named after it.",
    "qbench report --format html,csv\n"
    "qbench report --format csv --predictions --run 3 > predictions.csv\n"
    "qbench report --format csv --profile > operators.csv",
    "RUN is its number, its name, latest or previous; FILE#RUN is one of another database.\n"
    "Exit status: 0 done, 2 usage or environment error."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()(
      "format", po::value<std::string>()->value_name("LIST")->default_value("html"),
      "html, csv, md, json, or for other programs benchmark-json (Google Benchmark's compare.py), "
      "bencher, github-benchmark (github-action-benchmark), junit, prometheus; or several "
      "separated "
      "by commas")("run", po::value<std::vector<std::string>>()->value_name("RUN")->multitoken(),
                   "these runs (default: the latest)")(
      "all", po::bool_switch(), "every run of the database")("predictions", po::bool_switch(),
                                                             "with csv: one row an image and cell")(
      "profile", po::bool_switch(),
      "with csv: one row an operator and cell, of runs that were measured with --profile")(
      "dataset", po::value<std::string>()->value_name("NAME"),
      "where the pictures of changed images are, for the page (default: as the runs recorded it)")(
      "output,o", po::value<std::string>()->value_name("FILE"), "where to, with one format");
  AddRequirementOptions(options);
  AddDatabaseOption(options);
  AddFolderOptions(options);
  return options;
}

using Chosen = NamedFormat<reports::Format>;

// Their numbers stand in the rows, and so must differ.
Result<std::vector<RunChoice::Chosen>> ChooseRuns(const Arguments& arguments, RunChoice* choice) {
  std::vector<RunChoice::Chosen> chosen;
  if (!arguments.Has("run") && arguments.Get<bool>("all")) {
    QB_ASSIGN_OR_RETURN(store::Store * store, choice->Open());
    QB_ASSIGN_OR_RETURN(const std::vector<store::Run> runs, store->Runs());
    for (const store::Run& run : runs) chosen.push_back({store, run.id});
    return chosen;
  }
  const std::vector<std::string> names =
      arguments.Has("run") ? arguments.List("run") : std::vector<std::string>{"latest"};
  for (const std::string& name : names) {
    QB_ASSIGN_OR_RETURN(const RunChoice::Chosen run, choice->Find(name));
    const auto same = std::ranges::find(chosen, run.id, &RunChoice::Chosen::id);
    if (same != chosen.end() && same->store != run.store) {
      return Error(StatusCode::kInvalidArgument,
                   "two of the runs have the number {}: qbench merge puts both into one database",
                   run.id);
    }
    chosen.push_back(run);
  }
  return chosen;
}

// With the verdicts of the nights that have a gate.
Result<std::string> JunitText(const std::vector<RunChoice::Chosen>& chosen,
                              const reports::Runs& runs) {
  std::map<int64_t, results::Night> nights;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (!results::IsNight(runs[i].run)) continue;
    QB_ASSIGN_OR_RETURN(nights[chosen[i].id], GateJudge(*chosen[i].store).Judge(chosen[i].id));
  }
  return reports::JunitReport(runs, nights);
}

// --predictions and --profile.
Status CheckExtras(const Arguments& arguments, const Chosen& format) {
  const bool predictions = arguments.Get<bool>("predictions");
  const bool profile = arguments.Get<bool>("profile");
  if (!predictions && !profile) return OkStatus();
  if (format.format == reports::Format::kCsv && !(predictions && profile)) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "--predictions and --profile go with --format csv alone, and one at a time");
}

Result<std::string> Text(const Arguments& arguments, const Chosen& format,
                         const std::vector<RunChoice::Chosen>& chosen, const reports::Runs& runs,
                         const reports::ReportOptions& options) {
  QB_RETURN_IF_ERROR(CheckExtras(arguments, format));
  if (arguments.Get<bool>("predictions")) return reports::CsvPredictions(runs);
  if (arguments.Get<bool>("profile")) return reports::CsvProfile(runs);
  if (format.format == reports::Format::kJunit) return JunitText(chosen, runs);
  return reports::Render(format.format, runs, options);
}

// Samples are read cell by cell as they are written.
Status WriteJson(const std::vector<RunChoice::Chosen>& chosen, const reports::Runs& runs,
                 const reports::ReportOptions& options, const std::filesystem::path& path) {
  const auto visit = [&](size_t run, const reports::CellVisitor& visitor) {
    return chosen[run].store->VisitCells(chosen[run].id, {.conditions_as_text = true}, visitor);
  };
  return WriteReportInPieces(path, [&](const PieceSink& sink) {
    return reports::WriteJsonReport(runs, options, visit, sink);
  });
}

// All of a run only where a report shows each of its samples or confidences.
Result<reports::Runs> LoadRuns(const Arguments& arguments, const std::vector<Chosen>& formats,
                               const std::vector<RunChoice::Chosen>& chosen) {
  const bool pages = std::ranges::any_of(
      formats, [](const Chosen& format) { return format.format == reports::Format::kHtml; });
  reports::Runs runs;
  for (const RunChoice::Chosen& run : chosen) {
    if (Interrupted()) return InterruptStatus("reading the runs");
    bool whole = arguments.Get<bool>("predictions");
    if (pages && !whole) {
      QB_ASSIGN_OR_RETURN(const std::vector<store::Cell> cells, run.store->Cells(run.id));
      whole = cells.size() <= reports::kMostPageCells;
    }
    QB_ASSIGN_OR_RETURN(store::RunData data,
                        whole
                            ? run.store->LoadRun(run.id)
                            : results::LoadReduced(*run.store, run.id, results::Keep::kSummaries));
    runs.push_back(std::move(data));
  }
  return runs;
}

std::string EndingOf(const Chosen& format) {
  switch (format.format) {
    case reports::Format::kBenchmarkJson:
      return "benchmark.json";
    case reports::Format::kBencher:
      return "bencher.json";
    case reports::Format::kGithubBenchmark:
      return "github-benchmark.json";
    case reports::Format::kJunit:
      return "junit.xml";
    case reports::Format::kPrometheus:
      return "prom";
    default:
      return format.name;
  }
}

Result<reports::Pictures> PicturesOf(const Arguments& arguments, const reports::Runs& runs) {
  const Result<plan::Folders> folders = FoldersOf(arguments);
  if (!folders.ok()) {
    return reports::Pictures{
        {}, {fmt::format("There are no pictures: {}.", folders.status().message())}};
  }
  std::vector<const store::RunData*> pointers;
  for (const store::RunData& run : runs) pointers.push_back(&run);
  return CollectPictures(reports::WantedPictures(runs), pointers, arguments.GetOr("dataset", ""),
                         *folders);
}

// Where a report goes; empty: to standard output.
std::filesystem::path Destination(const Arguments& arguments, const Chosen& format, bool only_one,
                                  const std::filesystem::path& database) {
  if (arguments.Has("output")) return arguments.Get<std::string>("output");
  if (only_one && format.format != reports::Format::kHtml) return {};
  std::filesystem::path path = database;
  return path.replace_extension(EndingOf(format));
}

}  // namespace

Result<ExitStatus> ReportCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options()));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::vector<Chosen> formats,
                      FormatsOf(arguments, reports::FormatFromName));
  reports::ReportOptions options;
  QB_ASSIGN_OR_RETURN(options.requirements, RequirementsOf(arguments));
  RunChoice choice(DatabaseOf(arguments), store::OpenMode::kReadOnly);
  QB_ASSIGN_OR_RETURN(const std::vector<RunChoice::Chosen> chosen, ChooseRuns(arguments, &choice));
  QB_ASSIGN_OR_RETURN(const reports::Runs runs, LoadRuns(arguments, formats, chosen));
  if (std::ranges::any_of(
          formats, [](const Chosen& format) { return format.format == reports::Format::kHtml; })) {
    QB_ASSIGN_OR_RETURN(options.pictures, PicturesOf(arguments, runs));
  }
  const std::filesystem::path database =
      chosen.empty() ? DatabaseOf(arguments) : chosen.front().store->path();
  for (const Chosen& format : formats) {
    if (Interrupted()) return InterruptStatus("writing reports");
    const std::filesystem::path path =
        Destination(arguments, format, formats.size() == 1, database);
    if (format.format == reports::Format::kJson) {
      QB_RETURN_IF_ERROR(CheckExtras(arguments, format));
      QB_RETURN_IF_ERROR(WriteJson(chosen, runs, options, path));
      continue;
    }
    QB_ASSIGN_OR_RETURN(const std::string text, Text(arguments, format, chosen, runs, options));
    QB_RETURN_IF_ERROR(WriteReport(path, text));
  }
  return kDone;
}

}  // namespace qbench::cli
