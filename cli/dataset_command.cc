// `qbench dataset`: list, import, verify, export-tensors.
#include <boost/program_options/value_semantic.hpp>

#include "base/json.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "datasets/import/importers.h"
#include "datasets/npy.h"
#include "datasets/tensor_cache.h"
#include "datasets/verify.h"
#include "fmt/ranges.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr std::string_view kStatuses = "Exit status: 0 done, 2 usage or environment error.";

po::options_description CommonOptions() {
  po::options_description options("Options", 100);
  options.add_options()("json", po::bool_switch(), "print the result as JSON");
  AddFolderOptions(options);
  return options;
}

std::string FormatCounts(const datasets::DatasetSummary& summary) {
  std::string text;
  for (const auto& [name, split] : summary.splits) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", split.images, name);
  }
  return text;
}

Json ToJson(const datasets::DatasetSummary& summary) {
  Json splits = Json::object();
  for (const auto& [name, split] : summary.splits) {
    splits[name] = {{"images", split.images}, {"sha256", split.sha256}};
  }
  return {{"name", summary.name},
          {"title", summary.title},
          {"licence", summary.licence},
          {"kind", summary.kind},
          {"folder", summary.folder.string()},
          {"labels", summary.labels},
          {"default_models", summary.default_models},
          {"splits", splits},
          {"note", summary.note}};
}

Result<ExitStatus> List(const std::vector<std::string>& args) {
  const Help help = {"qbench dataset list [options]",
                     "Shows the data sets that --dataset knows by name.", "qbench dataset list",
                     kStatuses};
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, CommonOptions()));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  Json json = Json::array();
  std::string text;
  for (const datasets::DatasetSummary& summary : datasets::ListDatasets(folders.datasets)) {
    json.push_back(ToJson(summary));
    text += fmt::format("{:<10} {:<13} {}\n", summary.name, summary.kind, summary.title);
    if (!summary.splits.empty()) text += fmt::format("{:<25}{}\n", "", FormatCounts(summary));
    if (!summary.note.empty()) text += fmt::format("{:<25}{}\n", "", summary.note);
  }
  Print(arguments.Get<bool>("json") ? DumpJson(json) + "\n" : text);
  return kDone;
}

void PrintImport(const datasets::ImportReport& report) {
  std::string text =
      fmt::format("Imported {} into {}\n", report.manifest.name, report.folder.string());
  for (const auto& [split, labels] : report.counts) {
    size_t total = 0;
    std::string classes;
    for (const auto& [label, count] : labels) {
      total += count;
      classes += fmt::format("{}{} {}", classes.empty() ? "" : ", ", label, count);
    }
    text += fmt::format("  {:<12}{:>6} images: {}\n", split, total, classes);
  }
  const auto line = [&](size_t count, std::string_view what, const std::string& first) {
    if (count > 0)
      text += fmt::format("  {} {}: {}{}\n", count, what, first, count > 1 ? ", …" : "");
  };
  if (!report.odd_sized.empty()) {
    const auto& odd = report.odd_sized[0];
    line(report.odd_sized.size(), "images are not 150x150 (kept)",
         fmt::format("{} is {}x{}", odd.path, odd.width, odd.height));
  }
  if (!report.broken.empty()) {
    line(report.broken.size(), "images cannot be decoded (left out)",
         fmt::format("{}: {}", report.broken[0].path, report.broken[0].reason));
  }
  if (!report.dropped_from_train.empty()) {
    line(report.dropped_from_train.size(),
         "training images are test images too (left out of train)", report.dropped_from_train[0]);
  }
  if (!report.duplicates.empty()) {
    line(report.duplicates.size(), "images repeat another of their split (kept)",
         report.duplicates[0]);
  }
  for (const std::string& note : report.notes) text += fmt::format("  {}\n", note);
  Print(text);
}

Json ToJson(const datasets::ImportReport& report) {
  return {{"name", report.manifest.name},    {"folder", report.folder.string()},
          {"counts", report.counts},         {"odd_sized", report.odd_sized.size()},
          {"broken", report.broken.size()},  {"dropped_from_train", report.dropped_from_train},
          {"duplicates", report.duplicates}, {"notes", report.notes}};
}

Result<ExitStatus> Import(const std::vector<std::string>& args) {
  const Help help = {
      "qbench dataset import intel PATH [options]",
      "Takes the Intel Image Classification set, as Kaggle delivers it (puneet6060/\n"
      "intel-image-classification, a zip or the folder that comes out of it), into the data\n"
      "folder, where `--dataset intel` finds it.",
      "qbench dataset import intel ~/Downloads/archive.zip", kStatuses};
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, help, CommonOptions(), "argument", 2));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> given = arguments.List("argument");
  const datasets::DatasetImporter* importer =
      given.size() == 2 ? datasets::FindImporter(given[0]) : nullptr;
  if (importer == nullptr) {
    std::vector<std::string> names;
    for (const datasets::DatasetImporter& known : datasets::DatasetImporters()) {
      names.push_back(known.dataset.name);
    }
    return Error(StatusCode::kInvalidArgument,
                 "write: qbench dataset import {} PATH (other data sets need no import: give their "
                 "folder to --dataset)",
                 fmt::join(names, "|"));
  }
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  ProgressDisplay display(ErrorIsTerminal() ? ProgressDisplay::Style::kBar
                                            : ProgressDisplay::Style::kLines);
  datasets::ImportOptions options;
  options.source = given[1];
  options.data_home = folders.datasets.data_home;
  options.progress = [&](std::string_view stage, size_t done, size_t total) {
    const double fraction = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
    display.Update(fraction, stage, -1);
    return !Interrupted();
  };
  const Result<datasets::ImportReport> report = importer->import(options);
  display.Clear();
  if (!report.ok()) return report.status();
  if (arguments.Get<bool>("json")) {
    Print(DumpJson(ToJson(*report)) + "\n");
  } else {
    PrintImport(*report);
  }
  return kDone;
}

std::string FormatVerify(const datasets::Dataset& dataset, const datasets::VerifyReport& report) {
  std::string text = fmt::format("{}: {}\n", dataset.name, dataset.split_rule);
  for (const datasets::SplitReport& split : report.splits) {
    text += fmt::format("{:<12}{:>6} images  sha256 {}\n", split.name, split.images, split.sha256);
  }
  for (const std::string& warning : report.warnings) text += fmt::format("warning: {}\n", warning);
  for (const std::string& error : report.errors) text += fmt::format("error: {}\n", error);
  return text + (report.ok() ? "The data set is sound.\n" : "The data set is not sound.\n");
}

Json ToJson(const datasets::Dataset& dataset, const datasets::VerifyReport& report) {
  Json splits = Json::array();
  for (const datasets::SplitReport& split : report.splits) {
    splits.push_back({{"name", split.name},
                      {"images", split.images},
                      {"sha256", split.sha256},
                      {"sizes", split.sizes}});
  }
  return {{"ok", report.ok()},
          {"split_rule", dataset.split_rule},
          {"splits", splits},
          {"errors", report.errors},
          {"warnings", report.warnings}};
}

Result<ExitStatus> Verify(const std::vector<std::string>& args) {
  const Help help = {
      "qbench dataset verify NAME [options]",
      "Decodes every image of a data set (a name or a folder), checks the manifest's\n"
      "checksums, and looks for images that stand in two splits or two classes.",
      "qbench dataset verify scenes",
      "Exit status: 0 sound, 2 not sound, or usage or environment error."};
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, help, CommonOptions(), "name"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "name", "data set"));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  QB_ASSIGN_OR_RETURN(const datasets::Dataset dataset,
                      datasets::OpenDataset(name, folders.datasets));
  datasets::DecodeOptions decode;
  decode.progress = [](size_t, size_t) { return !Interrupted(); };
  QB_ASSIGN_OR_RETURN(const datasets::VerifyReport report,
                      datasets::VerifyDataset(dataset, decode));
  Print(arguments.Get<bool>("json") ? DumpJson(ToJson(dataset, report)) + "\n"
                                    : FormatVerify(dataset, report));
  return report.ok() ? kDone : kUsageError;
}

// The model itself is looked at only where it has no sidecar.
Result<datasets::Sidecar> SidecarOf(const std::filesystem::path& model, const std::string& dataset,
                                    const plan::Folders& folders) {
  Result<datasets::Sidecar> sidecar = datasets::ReadSidecar(model);
  if (sidecar.status().code() != StatusCode::kNotFound) return sidecar;
  QB_ASSIGN_OR_RETURN(plan::PlannedModel loaded,
                      plan::LoadModel(model, folders.cache, WorkerJobs(), {},
                                      plan::SidecarNeed::kRequired, dataset));
  return std::move(loaded.sidecar);
}

Result<ExitStatus> ExportTensors(const std::vector<std::string>& args) {
  const Help help = {
      "qbench dataset export-tensors NAME --model MODEL -o FILE.npy [options]",
      "Writes what a model gets as input for each image of a split, as float32 [N, H, W, C] in\n"
      "NumPy's format, and the list of images beside it: so that anybody can repeat a row with\n"
      "another program.",
      "qbench dataset export-tensors scenes --model intel-cnn -o test.npy", kStatuses};
  po::options_description options = CommonOptions();
  options.add_options()("model", po::value<std::string>()->value_name("MODEL")->required(),
                        "whose sidecar says how images become inputs")(
      "split", po::value<std::string>()->value_name("NAME")->default_value("test"),
      "train, calibration or test")(
      "output,o", po::value<std::string>()->value_name("FILE")->required(), "ends in .npy");
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, options, "name"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "name", "data set"));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  QB_ASSIGN_OR_RETURN(const std::filesystem::path model,
                      plan::FindModel(arguments.Get<std::string>("model"), folders.share));
  QB_ASSIGN_OR_RETURN(const datasets::Sidecar sidecar, SidecarOf(model, name, folders));
  QB_ASSIGN_OR_RETURN(const datasets::Dataset dataset,
                      datasets::OpenDataset(name, folders.datasets));
  PrintWarnings(dataset.warnings);
  QB_ASSIGN_OR_RETURN(const datasets::Split* split,
                      dataset.FindSplit(arguments.Get<std::string>("split")));
  datasets::DecodeOptions decode;
  decode.progress = [](size_t, size_t) { return !Interrupted(); };
  QB_ASSIGN_OR_RETURN(const datasets::TensorCache tensors,
                      datasets::EnsureTensors(*split, sidecar.input, folders.cache, decode));
  QB_ASSIGN_OR_RETURN(const datasets::ExportedTensors exported,
                      datasets::ExportTensors(*split, tensors, sidecar.input,
                                              arguments.Get<std::string>("output")));
  if (!exported.left_out.empty()) {
    PrintError(fmt::format("warning: {}\n", datasets::DescribeBroken(*split, tensors)));
  }
  if (arguments.Get<bool>("json")) {
    Print(DumpJson(Json{{"npy", exported.npy.string()},
                        {"list", exported.list.string()},
                        {"images", exported.images},
                        {"left_out", exported.left_out.size()}}) +
          "\n");
  } else {
    Print(fmt::format("{}: {} images; their names are in {}\n", exported.npy.string(),
                      exported.images, exported.list.string()));
  }
  return kDone;
}

}  // namespace

Result<ExitStatus> DatasetCommand(const std::vector<std::string>& args) {
  return Dispatch("dataset",
                  {{"list", "show the data sets that are known by name", List},
                   {"import", "take the Intel set from a folder or zip", Import},
                   {"verify", "decode every image, check checksums and overlaps", Verify},
                   {"export-tensors", "write a model's inputs as .npy", ExportTensors}},
                  args);
}

}  // namespace qbench::cli
