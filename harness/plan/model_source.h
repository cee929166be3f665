// From what the user names to a float .tflite file: finds the model, reads its sidecar, and imports
// it (in a process of its own) into the cache.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "datasets/sidecar.h"
#include "harness/plan/catalogue.h"

namespace qbench::plan {

struct PlannedModel {
  std::string stem;  // the file's name without its ending
  std::filesystem::path path;
  jobs::ImportChoice choice = {};  // of what the file leaves open
  std::string sha256;              // ModelFiles::sha256
  std::string sidecar_sha256;
  datasets::Sidecar sidecar;
  std::filesystem::path tflite;  // imported, or the file itself
  std::string tflite_sha256;
  int32_t inputs = 1;
  int32_t outputs = 1;
  std::string output_operator;  // jobs::ImportResult::output_operator
  bool float_model = true;      // false: a .tflite file with integer inputs or outputs
  jobs::InputTraits input_traits = {};
  Json metadata = {};  // of a .tflite file, as harness/worker/file_metadata.h has it; else null
  std::vector<std::string> metadata_flaws = {};  // what of them cannot be read
  std::vector<int32_t> input_shape = {};         // of the first input, with a batch of 1
  std::vector<int32_t> output_shape = {};        // of the first output
  double gmacs = 0;                // multiply-adds of one inference, in thousand millions
  std::vector<int> label_outputs;  // LabelOutputs, of the run's data set
  bool pinned = false;             // of a baseline: `tflite` is the artifact itself
};

// The file that `name` means: an existing file or folder, or a shipped model ("intel-cnn", in
// models/ of the share folder). kNotFound, listing the shipped ones.
Result<std::filesystem::path> FindModel(const std::string& name,
                                        const std::filesystem::path& share);

// Whether somebody makes inputs of images, or names of outputs; kIgnored: one is only written.
enum class SidecarNeed { kRequired, kIfThere, kIgnored };

// Reads the sidecar (or a .tflite file's metadata) and imports the model, once for the same bytes,
// choice and version of qbench: the result is kept in `cache`/imports. Errors of ReadSidecar and of
// the import, naming the file; where a needed sidecar is missing, of the import first, then
// MissingSidecar(…, `dataset`). Without a sidecar that is not needed `sidecar_sha256` is empty, and
// `sidecar` says nothing.
Result<PlannedModel> LoadModel(const std::filesystem::path& file,
                               const std::filesystem::path& cache, const JobRunner& run_job,
                               const jobs::ImportChoice& choice = {},
                               SidecarNeed need = SidecarNeed::kRequired,
                               std::string_view dataset = {});

// What to say of a model that has been imported and has no sidecar: kNotFound with the model's
// sizes and the `qbench init` that writes one, for `dataset` as the user named it (empty: none).
// kUnsupported where the model is no image classifier, so that no sidecar would help.
Status MissingSidecar(const PlannedModel& model, std::string_view dataset);

// One input that is an image and one output with a score a class: how many classes. kUnsupported,
// naming the file.
Result<size_t> CheckClassifier(const PlannedModel& model);

}  // namespace qbench::plan
