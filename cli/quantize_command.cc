// `qbench quantize`: one artifact, to deploy it.
#include <boost/program_options/value_semantic.hpp>
#include <system_error>

#include "base/atomic_file.h"
#include "base/files.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/litert_option.h"
#include "cli/model_options.h"
#include "cli/single_job.h"
#include "cli/terminal.h"
#include "harness/plan/run_plan.h"
#include "harness/run/artifact_sidecar.h"
#include "harness/run/run_records.h"
#include "harness/run/space_check.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench quantize MODEL --plugins QUANTIZER -o FILE.tflite [--dataset NAME] [options]",
    "Makes the quantized model that `qbench run` would measure, and FILE.tflite.toml beside it\n"
    "(labels and preprocessing, from MODEL.toml). The file runs in stock LiteRT and TensorFlow "
    "Lite.\n"
    "Quantizers that take no images need no MODEL.toml (qbench init writes one); without it\n"
    "FILE.tflite.toml is not written.",
    "qbench quantize my.h5 --plugins int8 --dataset ./images -o my-int8.tflite",
    "Quantizers that calibrate take images of the data set's calibration split, those that train\n"
    "images of its training split.\n"
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("plugins", po::value<std::string>()->value_name("QUANTIZER")->required(),
                        "one quantizer with its options: int8:io=int8")(
      "dataset", po::value<std::string>()->value_name("NAME"),
      "a data set's name, or a folder with one sub-folder a class")(
      "output,o", po::value<std::string>()->value_name("FILE")->required(),
      "the artifact; FILE.toml is written beside it")(
      "quiet,q", po::bool_switch(), "no progress, no warnings")("json", po::bool_switch(),
                                                                "print the result as JSON");
  AddModelOptions(options);
  AddCalibrationOptions(options);
  AddLitertOption(options);
  AddFolderOptions(options);
  return options;
}

// What calibration reads.
struct CalibrationInput {
  std::optional<datasets::Dataset> dataset;  // none: --dataset is not given
  uint64_t seed = 0;
};

// The data set that --dataset names, if it does, for quantizers that need one.
Result<CalibrationInput> CalibrationInputOf(const Arguments& arguments,
                                            const plan::Folders& folders) {
  CalibrationInput input{.dataset = {}, .seed = arguments.Get<uint64_t>("calibration-seed")};
  if (arguments.Has("dataset")) {
    QB_ASSIGN_OR_RETURN(input.dataset, datasets::OpenDataset(arguments.Get<std::string>("dataset"),
                                                             folders.datasets));
    if (!arguments.Get<bool>("quiet")) PrintWarnings(input.dataset->warnings);
  }
  return input;
}

// The training split of a quantizer that trains; none for any other.
Result<std::optional<jobs::SamplesRef>> TrainSamplesOf(const plan::SelectedPlugin& quantizer,
                                                       const plan::PlannedModel& model,
                                                       const plan::Folders& folders,
                                                       const CalibrationInput& input, bool quiet) {
  if (!quantizer.plugin.descriptor.needs_train) return std::optional<jobs::SamplesRef>();
  if (!input.dataset) {
    return Error(StatusCode::kInvalidArgument,
                 "{} trains: name the data set whose training images it takes with --dataset",
                 quantizer.Name());
  }
  QB_RETURN_IF_ERROR(plan::CheckTrainSplit(quantizer, *input.dataset));
  QB_ASSIGN_OR_RETURN(jobs::SamplesRef samples,
                      SamplesOf(*input.dataset, "train", model, folders, quiet, input.seed));
  return std::optional(std::move(samples));
}

// Whether the disks have room for what the quantizer reads and makes.
Status CheckRoom(const host::PluginDescriptor& descriptor, const plan::PlannedModel& model,
                 const CalibrationInput& input, const std::filesystem::path& cache,
                 const Arguments& arguments) {
  std::vector<const datasets::Split*> splits;
  const auto add = [&](bool needed, const char* name) {
    if (!needed || !input.dataset) return;
    const Result<const datasets::Split*> split = input.dataset->FindSplit(name);
    if (split.ok()) splits.push_back(*split);
  };
  add(descriptor.needs_samples, "calibration");
  add(descriptor.needs_train, "train");
  QB_ASSIGN_OR_RETURN(const std::vector<std::string> warnings,
                      run::CheckSpace(run::SpaceForQuantizing(
                          model, splits, cache, arguments.Get<std::string>("output"))));
  if (!arguments.Get<bool>("quiet")) PrintWarnings(warnings);
  return OkStatus();
}

Result<run::ArtifactOrigin> OriginOf(const jobs::QuantizeResult& result,
                                     const jobs::QuantizeJob& job,
                                     const plan::SelectedPlugin& quantizer,
                                     const plan::PlannedModel& model,
                                     const CalibrationInput& input) {
  QB_ASSIGN_OR_RETURN(const store::Artifact artifact, run::ArtifactRecord(result));
  run::ArtifactOrigin origin{.sha256 = result.sha256,
                             .quantizer = quantizer.Name(),
                             .quantizer_version = quantizer.plugin.descriptor.version,
                             .option_files = quantizer.FileHashes(),
                             .invalid_accuracy = run::InvalidAccuracy(artifact, model.sidecar),
                             .calibration = {}};
  if (!job.calibration) return origin;
  QB_ASSIGN_OR_RETURN(const datasets::Split* split, input.dataset->FindSplit("calibration"));
  const Json images = run::ImagesUsed(artifact, *split, *job.calibration);
  if (images.empty()) return origin;
  origin.calibration = run::CalibrationOrigin{.runtime = result.calibration_runtime,
                                              .dataset = input.dataset->name,
                                              .seed = input.seed,
                                              .images = images.get<std::vector<std::string>>()};
  return origin;
}

// The artifact with its sidecar, if its model has one, and what was emitted beside it as
// <file>.<name>.json.
Status WriteArtifact(const jobs::QuantizeResult& result, const plan::PlannedModel& model,
                     const run::ArtifactOrigin& origin, const std::filesystem::path& output) {
  QB_RETURN_IF_ERROR(CopyFileAtomically(result.artifact, output));
  for (const auto& entry : result.entries) {
    QB_RETURN_IF_ERROR(
        CopyFileAtomically(entry.file, output.string() + "." + entry.file.filename().string()));
  }
  if (!model.sidecar_sha256.empty()) {
    return datasets::WriteSidecar(output, run::ArtifactSidecar(model, origin));
  }
  // One of the artifact that was there before goes; one that somebody wrote by hand stays.
  const Result<datasets::Sidecar> before = datasets::ReadSidecar(output);
  if (!before.ok() || !before->origin.contains("artifact_sha256")) return OkStatus();
  const std::filesystem::path file = datasets::SidecarPath(output);
  std::error_code error;
  std::filesystem::remove(file, error);
  if (!error) return OkStatus();
  return Error(StatusCode::kIo, "{}: {}", file.string(), error.message());
}

void PrintResult(const jobs::QuantizeResult& result, const run::ArtifactOrigin& origin,
                 const std::filesystem::path& output, const Arguments& arguments) {
  if (!arguments.Get<bool>("quiet")) PrintWarnings(result.warnings);
  if (!arguments.Get<bool>("json")) {
    Print(fmt::format("{}: {} ({} bytes), sha256 {}\n", output.string(),
                      FormatBytes(result.file_bytes), result.file_bytes, result.sha256));
    return;
  }
  const size_t images = origin.calibration ? origin.calibration->images.size() : 0;
  Print(DumpJson(Json{{"artifact", output.string()},
                      {"sha256", result.sha256},
                      {"file_bytes", result.file_bytes},
                      {"wall_seconds", result.wall_seconds},
                      {"peak_rss_bytes", result.peak_rss_bytes},
                      {"calibration_runtime", result.calibration_runtime},
                      {"calibration_images", images},
                      {"invalid_accuracy", origin.invalid_accuracy},
                      {"warnings", result.warnings}}) +
        "\n");
}

}  // namespace

Result<ExitStatus> QuantizeCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "model"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "model", "model"));
  const std::filesystem::path output = arguments.Get<std::string>("output");
  if (Status status = CheckWritable(output); !status.ok()) return status.WithContext("--output");
  QB_RETURN_IF_ERROR(RequireLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Folders folders, FoldersOf(arguments));
  QB_ASSIGN_OR_RETURN(const plan::Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  QB_ASSIGN_OR_RETURN(const plan::SelectedPlugin quantizer,
                      OneQuantizer(arguments.Get<std::string>("plugins"), catalogue));
  QB_ASSIGN_OR_RETURN(const std::filesystem::path file, plan::FindModel(name, folders.share));
  QB_ASSIGN_OR_RETURN(const jobs::ImportChoice choice, ChoiceOf(arguments));
  const host::PluginDescriptor& descriptor = quantizer.plugin.descriptor;
  QB_ASSIGN_OR_RETURN(const plan::PlannedModel model,
                      plan::LoadModel(file, folders.cache, WorkerJobs(), choice,
                                      descriptor.UsesSamples() ? plan::SidecarNeed::kRequired
                                                               : plan::SidecarNeed::kIfThere,
                                      arguments.GetOr("dataset", "")));
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("qbench-quantize"));

  CalibrationInput input;
  jobs::QuantizeJob job;
  job.model = model.tflite;
  job.quantizer = quantizer.Use();
  job.output = scratch.path() / "artifact";
  if (descriptor.UsesSamples()) {
    QB_ASSIGN_OR_RETURN(input, CalibrationInputOf(arguments, folders));
  }
  QB_RETURN_IF_ERROR(CheckRoom(descriptor, model, input, folders.cache, arguments));
  if (descriptor.UsesSamples()) {
    QB_ASSIGN_OR_RETURN(
        job.train, TrainSamplesOf(quantizer, model, folders, input, arguments.Get<bool>("quiet")));
    if (input.dataset && descriptor.needs_samples) {
      QB_ASSIGN_OR_RETURN(job.calibration,
                          SamplesOf(*input.dataset, "calibration", model, folders,
                                    arguments.Get<bool>("quiet"), input.seed, LabelUse::kNone));
      // The lists of the others' images may be long, and are not looked at any more.
      std::erase_if(input.dataset->splits,
                    [](const datasets::Split& split) { return split.name != "calibration"; });
    }
    QB_ASSIGN_OR_RETURN(
        const plan::SelectedPlugin runtime,
        plan::CalibrationRuntime(catalogue, arguments.Get<std::string>("calibration-runtime")));
    job.calibration_runtime = runtime.Use();
  }
  QB_ASSIGN_OR_RETURN(const jobs::JobResult answer,
                      RunWithProgress(job, arguments.Get<bool>("quiet")));
  const auto& result = std::get<jobs::QuantizeResult>(answer);
  QB_ASSIGN_OR_RETURN(const run::ArtifactOrigin origin,
                      OriginOf(result, job, quantizer, model, input));
  QB_RETURN_IF_ERROR(WriteArtifact(result, model, origin, output));
  PrintResult(result, origin, output, arguments);
  return kDone;
}

}  // namespace qbench::cli
