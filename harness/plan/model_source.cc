#include "harness/plan/model_source.h"

#include <algorithm>
#include <system_error>

#include "base/last_use.h"
#include "base/sealed_json.h"
#include "base/sha256.h"
#include "harness/jobs/model_format.h"
#include "harness/plan/metadata_sidecar.h"
#include "harness/plan/model_files.h"

namespace qbench::plan {
namespace {

std::string ShippedNames(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (jobs::HasModelEnding(entry.path())) names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, ", "));
}

// Counts the changes within a version to what an import writes: what the cache holds of an earlier
// one is not taken.
constexpr int kImportRevision = 4;

// What an import left in the cache, for the same model file and qbench.
struct ImportFolder {
  explicit ImportFolder(std::filesystem::path folder) : path(std::move(folder)) {}
  std::filesystem::path model() const { return path / "model.tflite"; }
  std::filesystem::path facts() const { return path / "import.json"; }
  std::filesystem::path path;
};

Status ReadFacts(const Json& facts, PlannedModel& model) {
  QB_ASSIGN_OR_RETURN(model.tflite_sha256, JsonGet<std::string>(facts, "sha256"));
  QB_ASSIGN_OR_RETURN(model.float_model, JsonGet<bool>(facts, "float_model"));
  QB_ASSIGN_OR_RETURN(model.gmacs, JsonGet<double>(facts, "gmacs"));
  QB_ASSIGN_OR_RETURN(model.inputs, JsonGet<int32_t>(facts, "inputs"));
  QB_ASSIGN_OR_RETURN(model.outputs, JsonGet<int32_t>(facts, "outputs"));
  QB_ASSIGN_OR_RETURN(model.output_operator, JsonGet<std::string>(facts, "output_operator"));
  QB_ASSIGN_OR_RETURN(model.input_shape, JsonGet<std::vector<int32_t>>(facts, "input_shape"));
  QB_ASSIGN_OR_RETURN(model.output_shape, JsonGet<std::vector<int32_t>>(facts, "output_shape"));
  jobs::InputTraits& traits = model.input_traits;
  QB_ASSIGN_OR_RETURN(traits.factor, JsonGet<std::vector<float>>(facts, "input_factor"));
  QB_ASSIGN_OR_RETURN(traits.offset, JsonGet<std::vector<float>>(facts, "input_offset"));
  QB_ASSIGN_OR_RETURN(traits.range, JsonGet<std::vector<float>>(facts, "input_range"));
  QB_ASSIGN_OR_RETURN(traits.layers, JsonGet<std::vector<std::string>>(facts, "layers"));
  QB_ASSIGN_OR_RETURN(model.metadata, JsonGet<Json>(facts, "metadata"));
  QB_ASSIGN_OR_RETURN(model.metadata_flaws,
                      JsonGet<std::vector<std::string>>(facts, "metadata_flaws"));
  return OkStatus();
}

// True where the cache has the import, whole.
bool ReadCached(const ImportFolder& folder, PlannedModel& model) {
  const Result<Json> facts = ReadSealedJson(folder.facts());
  if (!facts.ok() || !ReadFacts(*facts, model).ok()) return false;
  const Result<std::string> sha256 = Sha256HexOfFile(folder.model());
  if (!sha256.ok() || *sha256 != model.tflite_sha256) return false;
  MarkUsed(folder.facts());
  return true;
}

// Another choice makes another model of the same file.
std::string ChoiceKey(const jobs::ImportChoice& choice) {
  if (choice == jobs::ImportChoice()) return "";
  const Json json = {choice.signature, choice.inputs, choice.outputs};
  return "-" + Sha256Hex(DumpJson(json)).substr(0, 16);
}

double Gmacs(const Json& summary) {
  const Result<double> macs = JsonGetOr<double>(summary, "macs", 0);
  return macs.ok() ? *macs / 1e9 : 0;
}

// `hashed` is the state of the model's files before they were hashed.
Status Import(const ImportFolder& folder, const ModelFiles& hashed, const JobRunner& run_job,
              PlannedModel& model) {
  std::error_code error;
  std::filesystem::create_directories(folder.path, error);
  if (error) {
    return Error(StatusCode::kIo, "cannot create {}: {}; choose another folder with --cache",
                 folder.path.string(), error.message());
  }
  const jobs::JobOutcome outcome =
      run_job(jobs::ImportJob{model.path, folder.model(), model.choice}, {}, {});
  if (!outcome.ok()) return outcome.ToStatus();  // names the file
  // Else another model would stand in the cache, under this one's hash, from now on.
  if (!hashed.Unchanged()) {
    return Error(StatusCode::kIo, "{}: the file was changed while it was read; run again",
                 model.path.string());
  }
  const auto& result = std::get<jobs::ImportResult>(outcome.result);
  const Json metadata =
      result.contents.is_object() ? result.contents.value("metadata", Json()) : Json();
  const Json facts = {{"sha256", result.sha256},
                      {"float_model", result.float_model},
                      {"gmacs", Gmacs(result.summary)},
                      {"inputs", result.inputs},
                      {"outputs", result.outputs},
                      {"output_operator", result.output_operator},
                      {"input_shape", result.input_shape},
                      {"output_shape", result.output_shape},
                      {"input_factor", result.input.factor},
                      {"input_offset", result.input.offset},
                      {"input_range", result.input.range},
                      {"layers", result.input.layers},
                      {"metadata", metadata},
                      {"metadata_flaws", result.metadata_flaws}};
  QB_RETURN_IF_ERROR(ReadFacts(facts, model));
  return WriteSealedJson(folder.facts(), facts);
}

}  // namespace

Result<std::filesystem::path> FindModel(const std::string& name,
                                        const std::filesystem::path& share) {
  std::error_code error;
  if (std::filesystem::exists(name, error)) {
    const std::filesystem::path path(name);
    return path.has_filename() ? path : path.parent_path();  // of "folder/", which is a model's
  }
  const std::filesystem::path folder = share / "models";
  for (const jobs::ModelFormatInfo& format : jobs::ModelFormats()) {
    const std::filesystem::path file = folder / (name + std::string(format.ending));
    if (std::filesystem::is_regular_file(file, error)) return file;
  }
  return Error(StatusCode::kNotFound, "no model \"{}\": neither a file nor a shipped model ({})",
               name, ShippedNames(folder));
}

Result<PlannedModel> LoadModel(const std::filesystem::path& file,
                               const std::filesystem::path& cache, const JobRunner& run_job,
                               const jobs::ImportChoice& choice, SidecarNeed need,
                               std::string_view dataset) {
  PlannedModel model;
  QB_RETURN_IF_ERROR(jobs::DetectModelFormat(file).status());
  model.path = file;
  model.stem = file.stem().string();
  model.choice = choice;
  QB_ASSIGN_OR_RETURN(const ModelFiles before, ModelFiles::Find(file));
  QB_ASSIGN_OR_RETURN(model.sha256, before.Sha256());
  bool missing = true;
  if (need != SidecarNeed::kIgnored) {
    Result<datasets::Sidecar> sidecar = datasets::ReadSidecar(file);
    missing = sidecar.status().code() == StatusCode::kNotFound;
    if (!missing) {
      QB_ASSIGN_OR_RETURN(model.sidecar, std::move(sidecar));
      QB_ASSIGN_OR_RETURN(model.sidecar_sha256, Sha256HexOfFile(datasets::SidecarPath(file)));
    }
  }
  const ImportFolder folder(
      cache / "imports" /
      fmt::format("{}-{}-{}{}", model.sha256, QBENCH_VERSION, kImportRevision, ChoiceKey(choice)));
  if (!ReadCached(folder, model)) {
    QB_RETURN_IF_ERROR(Import(folder, before, run_job, model));
  }
  model.tflite = folder.model();
  if (!missing || need == SidecarNeed::kIgnored) return model;
  // A .tflite file may say in its metadata what the sidecar would.
  Result<datasets::Sidecar> own = SidecarOfMetadata(model.metadata, model.input_shape);
  if (own.status().code() == StatusCode::kNotFound) {
    if (need == SidecarNeed::kIfThere) return model;
    return MissingSidecar(model, dataset);
  }
  if (!own.ok()) {
    return Error(own.status().code(), "{}: {}; write {}", file.string(), own.status().message(),
                 datasets::SidecarPath(file).string());
  }
  model.sidecar = std::move(*own);
  model.sidecar_sha256 = Sha256Hex(datasets::FormatSidecar(model.sidecar));
  return model;
}

}  // namespace qbench::plan
