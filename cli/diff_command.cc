// `qbench diff`: what quantization did to each layer.
#include <boost/program_options/value_semantic.hpp>

#include "base/files.h"
#include "base/sha256.h"
#include "cli/command.h"
#include "cli/litert_option.h"
#include "cli/run_choice.h"
#include "cli/single_job.h"
#include "cli/terminal.h"
#include "harness/jobs/run_job.h"
#include "harness/plan/run_plan.h"
#include "harness/run/comparison_record.h"
#include "reports/layer_page.h"
#include "reports/layer_report.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench diff MODEL QUANTIZED --dataset NAME [options]",
    "Runs a float model and a quantized model made of it, by qbench or by another converter, on\n"
    "the same images, and compares them layer by layer: where the error comes in, and which\n"
    "layers to keep in float. QUANTIZED is a .tflite file, or a quantizer with its options, which\n"
    "then quantizes MODEL (calibrated on the runtime that compares).",
    "qbench quantize my.h5 --plugins int8 --dataset ./images -o my-int8.tflite\n"
    "qbench diff my.h5 my-int8.tflite --dataset ./images\n"
    "qbench diff my.h5 int8:calibration=percentile --dataset ./images",
    "sqnr: signal to quantization noise, in dB: 40 is fine, below 20 the layer is in trouble.\n"
    "own: the same of the layer by itself, fed with float's values.\n"
    "cosine: of the angle between both. rmse: root mean square error, in steps of the integers.\n"
    "clip: share of float's values that the integers do not reach.\n"
    "The error jumps at a layer with more than four times the noise of its inputs, and an sqnr\n"
    "below 20 dB.\n\n"
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("dataset", po::value<std::string>()->value_name("NAME")->required(),
                        "a data set's name, or a folder with one sub-folder a class")(
      "split", po::value<std::string>()->value_name("NAME")->default_value("calibration"),
      "train, calibration or test")("images",
                                    po::value<uint64_t>()->value_name("N")->default_value(100),
                                    "number of images, the classes in turn")(
      "runtime", po::value<std::string>()->value_name("NAME"),
      "the runtime that runs both (default: litert, or what works)")(
      "html", po::value<std::string>()->value_name("FILE"), "write the result as a page too")(
      "run", po::value<std::string>()->value_name("RUN"),
      "keep the result in the database with this run (its number, its name, latest or previous), "
      "whose report then shows it")("quiet,q", po::bool_switch(), "no progress, no warnings")(
      "json", po::bool_switch(), "print the result as JSON");
  AddLitertOption(options);
  AddDatabaseOption(options);
  AddFolderOptions(options);
  return options;
}

// The second model: a file, or what a quantizer, named with its options, makes of the first.
class QuantizedModel {
 public:
  static Result<QuantizedModel> Find(const std::string& name, const plan::PlannedModel& model,
                                     const datasets::Dataset& dataset,
                                     const plan::Catalogue& catalogue,
                                     const plan::SelectedPlugin& runtime,
                                     const plan::Folders& folders, bool quiet) {
    QuantizedModel found;
    std::error_code error;
    if (std::filesystem::is_regular_file(name, error)) {
      found.file_ = std::filesystem::absolute(name);
      return found;
    }
    if (std::filesystem::path(name).extension() == ".tflite") {
      return Error(StatusCode::kNotFound,
                   "{}: there is no such .tflite file; qbench quantize makes one", name);
    }
    const Result<plan::SelectedPlugin> quantizer = OneQuantizer(name, catalogue);
    if (!quantizer.ok()) {
      return quantizer.status().WithContext("neither a file nor a quantizer");
    }
    QB_ASSIGN_OR_RETURN(found.folder_, TempDir::Create("qbench-diff"));
    jobs::QuantizeJob job;
    job.model = model.tflite;
    job.quantizer = quantizer->Use();
    job.output = found.folder_->path() / "artifact";
    const host::PluginDescriptor& descriptor = quantizer->plugin.descriptor;
    QB_RETURN_IF_ERROR(plan::CheckTrainSplit(*quantizer, dataset));
    if (descriptor.needs_samples) {
      QB_ASSIGN_OR_RETURN(job.calibration, SamplesOf(dataset, "calibration", model, folders, quiet,
                                                     0, LabelUse::kNone));
    }
    if (descriptor.needs_train) {
      QB_ASSIGN_OR_RETURN(job.train, SamplesOf(dataset, "train", model, folders, quiet));
    }
    if (descriptor.UsesSamples()) job.calibration_runtime = runtime.Use();
    QB_ASSIGN_OR_RETURN(const jobs::JobResult made, RunWithProgress(job, quiet));
    const auto& result = std::get<jobs::QuantizeResult>(made);
    if (!quiet) PrintWarnings(result.warnings);
    found.file_ = result.artifact;
    return found;
  }

  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  std::optional<TempDir> folder_;  // of a model that was made
};

Status CheckRoles(const jobs::DifferenceResult& result, const std::string& first,
                  const std::string& second) {
  if (!result.float_is_float) {
    return Error(
        StatusCode::kInvalidArgument,
        "{} is quantized: name the float model first (.keras, .h5, .onnx or a float .tflite)",
        first);
  }
  if (result.quantized_is_quantized) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "{} is a float model: name what the first was quantized to second (qbench quantize "
               "makes it)",
               second);
}

// The run that keeps the result, and its artifact that is compared.
struct Keeper {
  RunChoice choice;
  store::Store* store;
  int64_t run;
  int64_t artifact;

  static Result<Keeper> Open(const std::filesystem::path& database, const std::string& run_name,
                             const plan::PlannedModel& model, const std::filesystem::path& file,
                             const std::string& named) {
    RunChoice choice(database, store::OpenMode::kReadWrite);
    QB_ASSIGN_OR_RETURN(const RunChoice::Chosen chosen, choice.Find(run_name));
    const int64_t run_id = chosen.id;
    QB_ASSIGN_OR_RETURN(const store::RunData run, chosen.store->LoadRun(run_id));
    const bool same_model = std::ranges::any_of(run.models, [&](const auto& each) {
      return each.second.float_sha256 == model.tflite_sha256;
    });
    if (!same_model) {
      return Error(StatusCode::kInvalidArgument,
                   "{} is no model of run {}: leave --run out, or name the run that measured it",
                   model.path.string(), run_id);
    }
    QB_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(file));
    for (const auto& [id, artifact] : run.artifacts) {
      if (artifact.sha256 == sha256) return Keeper{std::move(choice), chosen.store, run_id, id};
    }
    return Error(StatusCode::kInvalidArgument,
                 "no artifact of run {} has the bytes of {}: leave --run out, or measure it "
                 "with qbench run first",
                 run_id, named);
  }
};

// The job's answer, as the store and the reports know it.
Result<store::LayerComparison> Compare(const jobs::DifferenceJob& job,
                                       const std::vector<std::string>& names, bool quiet) {
  QB_ASSIGN_OR_RETURN(const jobs::JobResult answer, RunWithProgress(job, quiet));
  const auto& result = std::get<jobs::DifferenceResult>(answer);
  QB_RETURN_IF_ERROR(CheckRoles(result, names[0], names[1]));
  store::LayerComparison comparison = run::ComparisonRecord(result);
  if (comparison.status == store::Outcome::kOk) return comparison;
  return Error(StatusCode::kInvalidArgument, "{} cannot be compared: {}", names[1],
               comparison.reason);
}

std::string Headline(const std::vector<std::string>& models) {
  return std::filesystem::path(models[1]).filename().string() + " against " +
         std::filesystem::path(models[0]).filename().string();
}

}  // namespace

Result<ExitStatus> DiffCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "model"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> names = arguments.List("model");
  if (names.size() != 2 || arguments.Get<uint64_t>("images") == 0) {
    return Error(
        StatusCode::kInvalidArgument,
        "name the float model and the quantized .tflite file (and at least one image); see "
        "qbench diff --help");
  }
  if (arguments.Has("html")) {
    const Status status = CheckWritable(arguments.Get<std::string>("html"));
    if (!status.ok()) return status.WithContext("--html");
  }
  QB_RETURN_IF_ERROR(RequireLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  QB_ASSIGN_OR_RETURN(const std::filesystem::path file, plan::FindModel(names[0], folders.share));
  QB_ASSIGN_OR_RETURN(
      const plan::PlannedModel model,
      plan::LoadModel(file, folders.cache, WorkerJobs(), {}, plan::SidecarNeed::kRequired,
                      arguments.Get<std::string>("dataset")));
  QB_ASSIGN_OR_RETURN(const plan::Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  QB_ASSIGN_OR_RETURN(
      const plan::SelectedPlugin runtime,
      plan::CalibrationRuntime(catalogue, arguments.Has("runtime")
                                              ? arguments.Get<std::string>("runtime")
                                              : std::string()));
  QB_ASSIGN_OR_RETURN(
      const datasets::Dataset dataset,
      datasets::OpenDataset(arguments.Get<std::string>("dataset"), folders.datasets));
  const bool quiet = arguments.Get<bool>("quiet");
  if (!quiet) PrintWarnings(dataset.warnings);
  QB_ASSIGN_OR_RETURN(
      const QuantizedModel quantized,
      QuantizedModel::Find(names[1], model, dataset, catalogue, runtime, folders, quiet));
  std::optional<Keeper> keeper;
  if (arguments.Has("run")) {
    QB_ASSIGN_OR_RETURN(
        keeper, Keeper::Open(DatabaseOf(arguments), arguments.Get<std::string>("run"), model,
                             quantized.file(), names[1]));
  }
  jobs::DifferenceJob job;
  job.float_model = std::filesystem::absolute(model.tflite);
  job.quantized_model = quantized.file();
  job.runtime = runtime.Use();
  job.images = arguments.Get<uint64_t>("images");
  const auto& split = arguments.Get<std::string>("split");
  QB_ASSIGN_OR_RETURN(job.samples,
                      SamplesOf(dataset, split, model, folders, quiet, 0, LabelUse::kNone));
  QB_ASSIGN_OR_RETURN(store::LayerComparison comparison, Compare(job, names, quiet));
  comparison.runtime = runtime.Name();
  comparison.dataset = dataset.name;
  comparison.split = split;
  if (keeper) {
    comparison.run_id = keeper->run;
    comparison.artifact_id = keeper->artifact;
    QB_RETURN_IF_ERROR(keeper->store->AddComparison(comparison));
  }
  Print(arguments.Get<bool>("json") ? reports::LayerJsonText(comparison)
                                    : reports::LayerText(comparison));
  if (arguments.Has("html")) {
    QB_ASSIGN_OR_RETURN(const std::string html,
                        reports::LayerPageHtml(reports::LayerPageOf(comparison, Headline(names))));
    QB_RETURN_IF_ERROR(WriteFileAtomically(arguments.Get<std::string>("html"), html));
  }
  return kDone;
}

}  // namespace qbench::cli
