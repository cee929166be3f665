// `qbench init`: a model's sidecar, written from what is known of it and from what images show.
#include <boost/program_options/value_semantic.hpp>
#include <system_error>
#include <utility>

#include "base/atomic_file.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/init_text.h"
#include "cli/litert_option.h"
#include "cli/model_options.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "harness/jobs/model_format.h"
#include "harness/plan/plan_checks.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

namespace fs = std::filesystem;

constexpr Help kHelp = {
    "qbench init MODEL [--dataset NAME] [options]",
    "Writes MODEL.toml, the sidecar: how an image becomes the model's input, and what its outputs\n"
    "are called. Width, height and channels are the model's. Labels are those of --labels, of the\n"
    "file's metadata, or the class folders of the data set. Mean and std are those of the "
    "metadata,\n"
    "or follow from arithmetic at the model's start or from its integer input; else they are a\n"
    "guess, and the file says so.\n"
    "With a data set, the usual inputs (0 to 255, 0 to 1, -1 to 1, the means of ImageNet and "
    "Caffe;\n"
    "RGB and BGR; labels as given and sorted) are tried on calibration images, never on test\n"
    "images: a table shows which of them fits, and that one is written.",
    "qbench init my.h5 --dataset ./images\n"
    "qbench init my.tflite --labels labels.txt --dry-run",
    "What images do not show (how they are resized) stays a guess; the file names it.\n"
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("dataset", po::value<std::string>()->value_name("NAME"),
                        "a data set's name, or a folder with one sub-folder a class")(
      "labels", po::value<std::string>()->value_name("FILE"),
      "the labels, one a line, in the order of the outputs")(
      "images", po::value<uint64_t>()->value_name("N")->default_value(60),
      "how many images are tried at most, the classes in turn; 0: none")(
      "runtime", po::value<std::string>()->value_name("NAME"),
      "the runtime that runs the model (default: litert, or what works)")(
      "no-metadata", po::bool_switch(), "take nothing from a .tflite file's metadata")(
      "force", po::bool_switch(), "write over a sidecar that is there")(
      "dry-run", po::bool_switch(), "print the file and write nothing")(
      "quiet,q", po::bool_switch(), "no progress, no warnings")("json", po::bool_switch(),
                                                                "print the result as JSON");
  AddModelOptions(options);
  AddLitertOption(options);
  AddFolderOptions(options);
  return options;
}

// A sidecar that is there is somebody's work.
Status CheckPlace(const fs::path& sidecar, const Arguments& arguments) {
  if (arguments.Get<bool>("dry-run")) return OkStatus();
  std::error_code error;
  if (fs::exists(fs::symlink_status(sidecar, error)) && !arguments.Get<bool>("force")) {
    return Error(StatusCode::kInvalidArgument,
                 "{} is there already: --force writes it anew, --dry-run shows how it would be",
                 sidecar.string());
  }
  return CheckWritable(sidecar);
}

Result<plan::PlannedModel> Load(const fs::path& file, const plan::Folders& folders,
                                const Arguments& arguments) {
  QB_ASSIGN_OR_RETURN(const jobs::ImportChoice choice, ChoiceOf(arguments));
  QB_ASSIGN_OR_RETURN(
      plan::PlannedModel model,
      plan::LoadModel(file, folders.cache, WorkerJobs(), choice, plan::SidecarNeed::kIgnored));
  if (arguments.Get<bool>("no-metadata") || model.metadata_flaws.empty()) return model;
  return Error(StatusCode::kCorrupt,
               "{}: {}: copy the file again, or go without its metadata with --no-metadata",
               file.string(), model.metadata_flaws.front());
}

// The model on images of the data set, with each of the usual inputs.
Result<InitCheck> Check(const plan::PlannedModel& model, const datasets::Dataset& dataset,
                        const InitResult& result, const plan::Folders& folders,
                        const Arguments& arguments) {
  QB_ASSIGN_OR_RETURN(
      const datasets::Split images,
      plan::ImagesToTry(dataset, arguments.Get<uint64_t>("images"), model.sidecar.input));
  QB_ASSIGN_OR_RETURN(const plan::Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  QB_ASSIGN_OR_RETURN(const plan::SelectedPlugin runtime,
                      plan::CalibrationRuntime(catalogue, arguments.GetOr("runtime", "")));
  InitCheck check;
  check.runtime = runtime.Name();
  check.split = images.name;
  check.checked.tried = plan::InputsToTry(result.guess);
  check.checked.orders = plan::UsualOrders(result.labels.labels);
  for (const datasets::Image& image : images.images) {
    check.checked.image_label.push_back(dataset.labels[static_cast<size_t>(image.label)]);
  }
  ProgressDisplay display(arguments.Get<bool>("quiet") ? ProgressDisplay::Style::kQuiet
                          : ErrorIsTerminal()          ? ProgressDisplay::Style::kBar
                                                       : ProgressDisplay::Style::kLines);
  const size_t all = check.checked.tried.size();
  const auto doing = [&](const std::string& what, size_t done) {
    display.Update(static_cast<double>(done) / static_cast<double>(all), "trying " + what, -1);
  };
  const plan::CheckSetup setup{.model = &model,
                               .classes = result.draft.classes,
                               .images = &images,
                               .runtime = &runtime,
                               .cache = folders.cache};
  QB_RETURN_IF_ERROR(plan::TryInputs(setup, WorkerJobs(), doing, check.checked.tried));
  check.verdict = plan::JudgeInputs(check.checked, result.guess, result.labels);
  return check;
}

// All but the writing. `model` gets the sidecar of the result.
Status MakeResult(const plan::Folders& folders, const Arguments& arguments,
                  plan::PlannedModel& model, InitResult& result) {
  QB_ASSIGN_OR_RETURN(const size_t classes, plan::CheckClassifier(model));
  std::optional<datasets::Dataset> dataset;
  if (arguments.Has("dataset")) {
    QB_ASSIGN_OR_RETURN(
        dataset, datasets::OpenDataset(arguments.Get<std::string>("dataset"), folders.datasets));
    result.dataset = dataset->name;
    if (!arguments.Get<bool>("quiet")) PrintWarnings(dataset->warnings);
  }
  const bool without = arguments.Get<bool>("no-metadata");
  std::optional<fs::path> labels;
  if (arguments.Has("labels")) labels = arguments.Get<std::string>("labels");
  QB_ASSIGN_OR_RETURN(result.labels, plan::FindLabels(model, classes, labels,
                                                      dataset ? &*dataset : nullptr, without));
  QB_ASSIGN_OR_RETURN(result.guess, plan::GuessInput(model, without));
  result.draft = plan::MakeDraft(model, classes, result.guess, result.labels);
  model.sidecar = result.draft.sidecar;
  if (!dataset) return OkStatus();
  QB_RETURN_IF_ERROR(plan::LabelOutputs(model, *dataset).status());
  if (arguments.Get<uint64_t>("images") == 0) return OkStatus();
  QB_ASSIGN_OR_RETURN(result.check, Check(model, *dataset, result, folders, arguments));
  const std::string images = fmt::format("{} {} images of {} ({})", result.check->checked.images(),
                                         result.check->split, dataset->name, result.check->runtime);
  plan::TakeVerdict(result.check->checked, result.check->verdict, result.guess, result.labels,
                    images, result.draft);
  return OkStatus();
}

}  // namespace

Result<ExitStatus> InitCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "model"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "model", "model"));
  QB_RETURN_IF_ERROR(RequireLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  QB_ASSIGN_OR_RETURN(const fs::path file, plan::FindModel(name, folders.share));
  QB_RETURN_IF_ERROR(jobs::DetectModelFormat(file).status());
  InitResult result;
  result.model = file;
  result.sidecar = datasets::SidecarPath(file);
  QB_RETURN_IF_ERROR(CheckPlace(result.sidecar, arguments));
  QB_ASSIGN_OR_RETURN(plan::PlannedModel model, Load(file, folders, arguments));
  QB_RETURN_IF_ERROR(MakeResult(folders, arguments, model, result));
  const std::string text = plan::FormatDraft(result.draft);
  const Result<datasets::Sidecar> again = datasets::ParseSidecar(text, result.sidecar.string());
  if (!again.ok()) return again.status();  // a label, say, that no sidecar can hold
  const bool dry = arguments.Get<bool>("dry-run");
  if (!dry) {
    QB_RETURN_IF_ERROR(WriteFileAtomically(result.sidecar, text));
    result.written = true;
  }
  if (!arguments.Get<bool>("quiet")) PrintWarnings(InitWarnings(result));
  Print(arguments.Get<bool>("json") ? DumpJson(InitJson(result)) + "\n"
        : dry                       ? text
                                    : InitText(result));
  return kDone;
}

}  // namespace qbench::cli
