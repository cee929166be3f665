// `qbench report`: from the store to HTML, CSV, Markdown, JSON or what compare.py reads.
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "base/interrupt.h"
#include "cli/command.h"
#include "cli/flip_pictures.h"
#include "cli/report_files.h"
#include "cli/requirements.h"
#include "cli/terminal.h"
#include "harness/store/store.h"
#include "reports/reports.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench report [--format LIST] [--run ID...] [options]",
    "Makes reports from the database alone. One format goes to standard output, but HTML and\n"
    "several formats go to files beside the database, named after it.",
    "qbench report --format html,csv\n"
    "qbench report --format csv --predictions --run 3 > predictions.csv\n"
    "qbench report --format csv --profile > operators.csv",
    "Exit status: 0 done, 2 usage or environment error."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()(
      "format", po::value<std::string>()->value_name("LIST")->default_value("html"),
      "html, csv, md, json, benchmark-json (for Google Benchmark's compare.py), or several\n"
      "separated by commas")(
      "run", po::value<std::vector<int64_t>>()->value_name("ID")->multitoken(),
      "these runs (default: the latest)")("all", po::bool_switch(), "every run of the database")(
      "predictions", po::bool_switch(), "with csv: one row an image and cell")(
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

Result<std::vector<int64_t>> RunIds(const Arguments& arguments, store::Store& store) {
  if (arguments.Has("run")) return arguments.Get<std::vector<int64_t>>("run");
  if (arguments.Get<bool>("all")) {
    QB_ASSIGN_OR_RETURN(const std::vector<store::Run> runs, store.Runs());
    std::vector<int64_t> ids;
    ids.reserve(runs.size());
    for (const store::Run& run : runs) ids.push_back(run.id);
    return ids;
  }
  QB_ASSIGN_OR_RETURN(const std::optional<int64_t> latest, store.LatestRun());
  if (latest.has_value()) return std::vector<int64_t>{*latest};
  return Error(StatusCode::kNotFound, "{} has no run yet; make one with qbench run",
               store.path().string());
}

Result<std::string> Text(const Arguments& arguments, const Chosen& format,
                         const reports::Runs& runs, const reports::ReportOptions& options) {
  const bool predictions = arguments.Get<bool>("predictions");
  const bool profile = arguments.Get<bool>("profile");
  if (!predictions && !profile) return reports::Render(format.format, runs, options);
  if (format.format != reports::Format::kCsv || (predictions && profile)) {
    return Error(StatusCode::kInvalidArgument,
                 "--predictions and --profile go with --format csv alone, and one at a time");
  }
  return predictions ? reports::CsvPredictions(runs) : reports::CsvProfile(runs);
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
  if (format.format == reports::Format::kBenchmarkJson) {
    return path.replace_extension("benchmark.json");
  }
  return path.replace_extension(format.name);
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
  QB_ASSIGN_OR_RETURN(store::Store store,
                      store::Store::Open(DatabaseOf(arguments), store::OpenMode::kReadOnly));
  QB_ASSIGN_OR_RETURN(const std::vector<int64_t> ids, RunIds(arguments, store));
  reports::Runs runs;
  for (const int64_t id : ids) {
    if (Interrupted()) return InterruptStatus("reading the runs");
    QB_ASSIGN_OR_RETURN(store::RunData run, store.LoadRun(id));
    runs.push_back(std::move(run));
  }
  if (std::ranges::any_of(
          formats, [](const Chosen& chosen) { return chosen.format == reports::Format::kHtml; })) {
    QB_ASSIGN_OR_RETURN(options.pictures, PicturesOf(arguments, runs));
  }
  for (const Chosen& format : formats) {
    if (Interrupted()) return InterruptStatus("writing reports");
    QB_ASSIGN_OR_RETURN(const std::string text, Text(arguments, format, runs, options));
    const std::filesystem::path path =
        Destination(arguments, format, formats.size() == 1, store.path());
    QB_RETURN_IF_ERROR(WriteReport(path, text));
  }
  return kDone;
}

}  // namespace qbench::cli
