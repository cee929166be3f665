// `qbench nights`: the nights of a database together.
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <functional>
#include <optional>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/one_line.h"
#include "base/utc_time.h"
#include "cli/command.h"
#include "cli/gate.h"
#include "cli/report_files.h"
#include "cli/terminal.h"
#include "cli/units.h"
#include "harness/results/night_watch.h"
#include "reports/nights/nights_reports.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

namespace fs = std::filesystem;
using reports::NightsFormat;
using Chosen = NamedFormat<NightsFormat>;

constexpr Help kHelp = {
    "qbench nights [--baseline NAME] [--format LIST] [options]",
    "Shows the nights of a database (qbench run --baseline NAME --gate) together: the newest "
    "verdict\n"
    "first, a line a night, each cell's latency against the baseline over the nights, the "
    "board's\n"
    "temperature, and the nights that did not run. Each night is judged as it was then.\n"
    "It finds what no single night can see: a cell whose level changed, and a creep that stays "
    "below\n"
    "what a night calls a regression.",
    "qbench nights --db nightly.sqlite\n"
    "qbench nights --db nightly.sqlite --format json --last 1\n"
    "qbench nights --db nightly.sqlite --folder /srv/nightly",
    "--folder is the folder that nightly.sh keeps, one folder a night. index.html and\n"
    "nights.csv are written into it; a night links its report.html if its verdict.json is "
    "there,\n"
    "and one that ended in an error (error.txt) is said.\n\n"
    "A night is missing where more than one and a half of --every lies between two; the newest "
    "is\n"
    "overdue where so much lies behind it. A level is at least three nights long, and a change "
    "of\n"
    "less than half a per cent is none.\n\n"
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted. With --check that of the\n"
    "newest night: 0 good, 1 regression, 4 invalid, overdue, not finished, or there is none."};

po::options_description Options() {
  const results::NightChoice choice;
  po::options_description options("Options", 100);
  options.add_options()("baseline", po::value<std::string>()->value_name("NAME"),
                        "nights beside this one (default: the newest night's)")(
      "last",
      po::value<int64_t>()->value_name("N")->default_value(static_cast<int64_t>(choice.last)),
      "the newest N nights")("every",
                             po::value<std::string>()->value_name("AGE")->default_value("24h"),
                             "how often a night should run, as in 24h, 7d")(
      "format", po::value<std::string>()->value_name("LIST")->default_value("text"),
      "text, html, csv, json, or several separated by commas; one goes to standard output, but "
      "html and several go to files beside the database")(
      "output,o", po::value<std::string>()->value_name("FILE"), "where to, with one format")(
      "folder", po::value<std::string>()->value_name("DIR"),
      "write index.html and nights.csv into this folder, in place of --format")(
      "at", po::value<std::string>()->value_name("TIME"),
      "nights are expected until then, as in 2025-11-20T21:04:05Z (default: now)")(
      "check", po::bool_switch(), "the exit status is that of the newest night");
  AddDatabaseOption(options);
  return options;
}

struct Request {
  results::NightChoice choice;
  results::WatchRules rules;
  int64_t at = 0;
  std::vector<Chosen> formats;
};

Result<Request> RequestOf(const Arguments& arguments) {
  Request request;
  request.choice.baseline = arguments.GetOr("baseline", "");
  const auto last = arguments.Get<int64_t>("last");
  request.choice.last = static_cast<size_t>(std::max<int64_t>(0, last));
  QB_ASSIGN_OR_RETURN(const std::chrono::seconds every,
                      ParseAge("--every", arguments.Get<std::string>("every")));
  request.rules.every_seconds = every.count();
  if (last < 1 || every.count() < 1) {
    return Error(StatusCode::kInvalidArgument, "--last is at least 1, --every at least 1h");
  }
  const std::string at = arguments.GetOr("at", UtcNow());
  const std::optional<int64_t> seconds = UtcSeconds(at);
  if (!seconds) {
    return Error(StatusCode::kInvalidArgument,
                 "--at takes a time in UTC, as in 2025-11-20T21:04:05Z; not \"{}\"", SafeName(at));
  }
  request.at = *seconds;
  QB_ASSIGN_OR_RETURN(request.formats, FormatsOf(arguments, reports::NightsFormatFromName));
  if (arguments.Has("folder") && arguments.Has("output")) {
    return Error(StatusCode::kInvalidArgument, "--folder and --output do not go together");
  }
  return request;
}

// What may stand in a link as it is.
bool IsPlainName(const std::string& name) {
  return name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
         std::string::npos;
}

// The run that a night's verdict is of.
std::optional<int64_t> RunOfVerdict(const fs::path& file) {
  const Result<std::string> text = ReadTextFile(file);
  if (!text.ok()) return std::nullopt;
  const Result<Json> verdict = ParseJson(*text);
  if (!verdict.ok()) return std::nullopt;
  const Result<int64_t> run = JsonGet<int64_t>(*verdict, "run_id");
  return run.ok() ? std::optional(*run) : std::nullopt;
}

// What nightly.sh left in the folders of the nights: a verdict and a report, or an error.
reports::NightFolders ReadFolders(const fs::path& folder) {
  constexpr size_t kMostFailures = 10;
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (IsPlainName(name)) names.push_back(name);
  }
  std::ranges::sort(names, std::greater<>());
  reports::NightFolders folders;
  bool seen = false;  // a newer night
  for (const std::string& name : names) {
    const fs::path night = folder / name;
    if (const Result<std::string> text = ReadTextFile(night / "error.txt", 1 << 16); text.ok()) {
      if (folders.failures.size() == kMostFailures) continue;
      folders.failures.push_back({name, SafeLine(*text)});
      folders.newest_failed = folders.newest_failed || !seen;
      seen = true;
    } else if (const auto run = RunOfVerdict(night / "verdict.json")) {
      seen = true;
      if (fs::exists(night / "report.html", error)) folders.links[*run] = name + "/report.html";
    }
  }
  return folders;
}

Result<std::string> Text(NightsFormat format, const results::Watch& watch,
                         const reports::NightFolders& folders) {
  switch (format) {
    case NightsFormat::kText:
      return reports::NightsText(watch);
    case NightsFormat::kCsv:
      return reports::NightsCsv(watch, folders.links);
    case NightsFormat::kJson:
      return reports::NightsJson(watch, folders.links);
    case NightsFormat::kHtml:
      break;
  }
  return reports::NightsHtml(watch, folders);
}

Status WriteFolder(const fs::path& folder, const results::Watch& watch) {
  const reports::NightFolders folders = ReadFolders(folder);
  for (const auto& [name, format] : {std::pair{"index.html", NightsFormat::kHtml},
                                     std::pair{"nights.csv", NightsFormat::kCsv}}) {
    QB_ASSIGN_OR_RETURN(const std::string text, Text(format, watch, folders));
    QB_RETURN_IF_ERROR(WriteReport(folder / name, text));
  }
  return OkStatus();
}

Status WriteFormats(const Arguments& arguments, const std::vector<Chosen>& formats,
                    const results::Watch& watch) {
  for (const Chosen& format : formats) {
    if (Interrupted()) return InterruptStatus("writing the nights");
    QB_ASSIGN_OR_RETURN(const std::string text, Text(format.format, watch, {}));
    fs::path path = arguments.GetOr("output", "");
    if (path.empty() && (formats.size() > 1 || format.format == NightsFormat::kHtml)) {
      path = DatabaseOf(arguments);
      path.replace_extension("nights." + (format.name == "text" ? "txt" : format.name));
    }
    QB_RETURN_IF_ERROR(WriteReport(path, text));
  }
  return OkStatus();
}

ExitStatus CheckedStatus(const results::Watch& watch) {
  const bool judged = !watch.nights().empty() && watch.nights().back().night.has_value();
  if (!judged) return kCannotTell;
  const ExitStatus status = StatusOf(watch.nights().back().night->answer);
  return status == kDone && watch.overdue() ? kCannotTell : status;
}

}  // namespace

Result<ExitStatus> NightsCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options()));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const Request request, RequestOf(arguments));
  QB_ASSIGN_OR_RETURN(store::Store store,
                      store::Store::Open(DatabaseOf(arguments), store::OpenMode::kReadOnly));
  QB_ASSIGN_OR_RETURN(results::NightHistory history, results::LoadNights(store, request.choice));
  QB_ASSIGN_OR_RETURN(const results::Watch watch,
                      results::WatchNights(std::move(history), request.rules, request.at));
  QB_RETURN_IF_ERROR(arguments.Has("folder")
                         ? WriteFolder(arguments.Get<std::string>("folder"), watch)
                         : WriteFormats(arguments, request.formats, watch));
  return arguments.Get<bool>("check") ? CheckedStatus(watch) : kDone;
}

}  // namespace qbench::cli
