// `qbench compare`: is the new side worse than the base?
#include <boost/program_options/value_semantic.hpp>
#include <tuple>

#include "base/interrupt.h"
#include "cli/command.h"
#include "cli/file_sides.h"
#include "cli/flip_pictures.h"
#include "cli/litert_option.h"
#include "cli/report_files.h"
#include "cli/terminal.h"
#include "harness/results/comparison.h"
#include "harness/store/store.h"
#include "reports/comparison/comparison_reports.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

using reports::ComparisonFormat;

constexpr Help kHelp = {
    "qbench compare BASE NEW [--format LIST] [options]",
    "Says whether NEW is worse than BASE, cell by cell: size to the byte, latency by the fresh\n"
    "processes of both, accuracy image by image, and what else differs between the two.\n\n"
    "Each side is a run (its number, its name, latest or previous), a run of another database\n"
    "(old.sqlite#12), what run --gate measured of the baseline beside one (12:baseline), a whole\n"
    "database (old.sqlite: of each cell the newest run that measured it), or both are a .tflite\n"
    "file. Cells belong together by model, quantizer, runtime, options, threads and data set.",
    "qbench compare previous latest\n"
    "qbench compare main.sqlite branch.sqlite --format md > comment.md\n"
    "qbench compare 12 12 --base-quantizer float --new-quantizer int8\n"
    "qbench compare latest:baseline latest --format html\n"
    "qbench compare old.tflite new.tflite --dataset ./images",
    "A latency is called worse only where the whole interval of its ratio lies above the floor,\n"
    "and the chance that any cell is called so by accident is below --level (Holm). Three\n"
    "processes a side cannot show that, five can for two cells, seven for twelve. Runs of\n"
    "different days differ by more than their processes do: measure both the same day.\n"
    "An accuracy is worse where it falls by --budget or more and exact McNemar p is below\n"
    "--level, or by more than 2 points.\n\n"
    "Exit status: 0 no regression, 1 regression (or a cell that worked fails), 2 usage or\n"
    "environment error, 4 cannot tell (nothing valid to compare; what looks worse has too few\n"
    "processes, or they differ too much), 130 interrupted."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()(
      "format", po::value<std::string>()->value_name("LIST")->default_value("text"),
      "text, html, md, csv, json, or several separated by commas; one goes to standard output, but "
      "html and several go to files beside the new side's database")(
      "output,o", po::value<std::string>()->value_name("FILE"), "where to, with one format")(
      "flips", po::bool_switch(), "with csv: one row an image that changed its class")(
      "floor", po::value<double>()->value_name("PERCENT")->default_value(2),
      "differences of latency within it count for nothing")(
      "budget", po::value<double>()->value_name("POINTS")->default_value(0.5),
      "how far top-1 may fall")("growth",
                                po::value<double>()->value_name("PERCENT")->default_value(0),
                                "how much a file may grow")(
      "level", po::value<double>()->value_name("P")->default_value(0.01),
      "how likely a false alarm may be")(
      "base-quantizer", po::value<std::string>()->value_name("NAME"),
      "of BASE these cells alone, with options or whatever they are")(
      "new-quantizer", po::value<std::string>()->value_name("NAME"),
      "of NEW these cells alone; they are paired with the base's by the rest of their names")(
      "base-runtime", po::value<std::string>()->value_name("NAME"), "the same by runtime, of BASE")(
      "new-runtime", po::value<std::string>()->value_name("NAME"), "the same by runtime, of NEW")(
      "dataset", po::value<std::string>()->value_name("NAME"),
      "where the pictures of changed images are (default: as the runs recorded it); of two files, "
      "what both are run on")("runtime", po::value<std::string>()->value_name("NAME"),
                              "of two files: what runs both (default: litert, or what works)")(
      "threads", po::value<int>()->value_name("N")->default_value(1),
      "of two files: threads of one inference")(
      "repetitions", po::value<int>()->value_name("N")->default_value(10),
      "of two files: fresh processes of each, in turns; 0: no latencies")(
      "quiet,q", po::bool_switch(), "no progress, no warnings");
  AddLitertOption(options);
  AddDatabaseOption(options);
  AddFolderOptions(options);
  return options;
}

using Chosen = NamedFormat<ComparisonFormat>;

Result<results::Limits> LimitsOf(const Arguments& arguments) {
  results::Limits limits;
  limits.latency_floor = arguments.Get<double>("floor") / 100;
  limits.accuracy_budget = arguments.Get<double>("budget") / 100;
  limits.size_growth = arguments.Get<double>("growth") / 100;
  limits.level = arguments.Get<double>("level");
  if (results::AreUsable(limits)) return limits;
  return Error(StatusCode::kInvalidArgument,
               "--floor, --budget and --growth are per cent from 0 below 100, --level lies between "
               "0 and 1");
}

struct Sides {
  results::Side base;
  results::Side now;
  results::PairBy by;
};

Result<Sides> SidesOfFiles(const Arguments& arguments, const std::vector<std::string>& names,
                           const plan::Folders& folders) {
  FileTrial trial;
  trial.dataset = arguments.GetOr("dataset", "");
  trial.runtime = arguments.GetOr("runtime", "");
  trial.threads = arguments.Get<int>("threads");
  trial.repetitions = arguments.Get<int>("repetitions");
  trial.quiet = arguments.Get<bool>("quiet");
  if (trial.threads < 1 || trial.threads > 1024 || trial.repetitions < 0) {
    return Error(StatusCode::kInvalidArgument,
                 "--threads is 1 to 1024, --repetitions a whole number from 0 on");
  }
  if (!trial.dataset.empty()) QB_RETURN_IF_ERROR(RequireLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(FileSides files, MeasureFiles(names[0], names[1], trial, folders));
  return Sides{std::move(files.base), std::move(files.now), {.quantizer = false}};
}

Result<Sides> SidesOfRuns(const Arguments& arguments, const std::vector<std::string>& names) {
  const std::filesystem::path database = DatabaseOf(arguments);
  Sides sides;
  QB_ASSIGN_OR_RETURN(std::tie(sides.base, sides.now),
                      results::ReadSides(names[0], names[1], database));
  const auto chosen = [&](const char* option) { return arguments.GetOr(option, ""); };
  QB_RETURN_IF_ERROR(KeepCells(chosen("base-quantizer"), chosen("base-runtime"), &sides.base));
  QB_RETURN_IF_ERROR(KeepCells(chosen("new-quantizer"), chosen("new-runtime"), &sides.now));
  sides.by.quantizer = chosen("base-quantizer").empty() || chosen("new-quantizer").empty();
  sides.by.runtime = chosen("base-runtime").empty() || chosen("new-runtime").empty();
  return sides;
}

Result<Sides> ReadSides(const Arguments& arguments, const plan::Folders& folders) {
  const std::vector<std::string> names = arguments.List("side");
  if (names.size() != 2) {
    return Error(StatusCode::kInvalidArgument,
                 "name two sides, as in qbench compare previous latest; see qbench compare --help");
  }
  const bool files = IsTflite(names[0]);
  if (files != IsTflite(names[1])) {
    return Error(
        StatusCode::kInvalidArgument,
        "{} is a .tflite file and {} is none: compare two runs, two databases or two files",
        files ? names[0] : names[1], files ? names[1] : names[0]);
  }
  return files ? SidesOfFiles(arguments, names, folders) : SidesOfRuns(arguments, names);
}

Result<std::string> Text(const Arguments& arguments, const Chosen& format,
                         const results::Comparison& comparison, const plan::Folders& folders) {
  switch (format.format) {
    case ComparisonFormat::kText:
      return reports::ComparisonText(comparison);
    case ComparisonFormat::kMarkdown:
      return reports::ComparisonMarkdown(comparison);
    case ComparisonFormat::kCsv:
      return arguments.Get<bool>("flips") ? reports::ComparisonFlipsCsv(comparison)
                                          : reports::ComparisonCsv(comparison);
    case ComparisonFormat::kJson:
      return reports::ComparisonJson(comparison);
    case ComparisonFormat::kHtml:
      break;
  }
  std::vector<const store::RunData*> runs;
  for (const results::Side* side : {comparison.now, comparison.base}) {
    for (const store::RunData& run : side->runs) runs.push_back(&run);
  }
  QB_ASSIGN_OR_RETURN(const reports::Pictures pictures,
                      CollectPictures(reports::WantedPictures(comparison), runs,
                                      arguments.GetOr("dataset", ""), folders));
  return reports::ComparisonHtml(comparison, pictures);
}

// Where a report goes; empty: to standard output.
std::filesystem::path Destination(const Arguments& arguments, const Chosen& format, bool only_one,
                                  const std::filesystem::path& database) {
  if (arguments.Has("output")) return arguments.Get<std::string>("output");
  if (only_one && format.format != ComparisonFormat::kHtml) return {};
  std::filesystem::path path = database.empty() ? "qbench" : database;
  path.replace_extension("compare." + (format.name == "text" ? "txt" : format.name));
  return path;
}

Status Write(const Arguments& arguments, const Chosen& format,
             const results::Comparison& comparison, const plan::Folders& folders,
             const std::filesystem::path& path) {
  if (arguments.Get<bool>("flips") && format.format != ComparisonFormat::kCsv) {
    return Error(StatusCode::kInvalidArgument, "--flips goes with --format csv alone");
  }
  if (format.format == ComparisonFormat::kJson) {
    return WriteReportInPieces(path, [&](const PieceSink& sink) {
      return reports::WriteComparisonJson(comparison, sink);
    });
  }
  QB_ASSIGN_OR_RETURN(const std::string text, Text(arguments, format, comparison, folders));
  return WriteReport(path, text);
}

ExitStatus StatusOf(results::Answer answer) {
  switch (answer) {
    case results::Answer::kRegression:
      return kRegression;
    case results::Answer::kCannotTell:
      return kCannotTell;
    case results::Answer::kNoRegression:
      break;
  }
  return kDone;
}

}  // namespace

Result<ExitStatus> CompareCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "side"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::vector<Chosen> formats,
                      FormatsOf(arguments, reports::ComparisonFormatFromName));
  QB_ASSIGN_OR_RETURN(const results::Limits limits, LimitsOf(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  QB_ASSIGN_OR_RETURN(const Sides sides, ReadSides(arguments, folders));
  const results::Comparison comparison = results::Compare(sides.base, sides.now, limits, sides.by);
  for (const Chosen& format : formats) {
    if (Interrupted()) return InterruptStatus("writing the comparison");
    const std::filesystem::path path =
        Destination(arguments, format, formats.size() == 1, sides.now.database);
    QB_RETURN_IF_ERROR(Write(arguments, format, comparison, folders, path));
  }
  return StatusOf(comparison.answer);
}

}  // namespace qbench::cli
