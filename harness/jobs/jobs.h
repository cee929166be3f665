// What a worker process is asked to do (job.json in its folder), and what it answers (JSON, into
// the memory of answer_area.h). Figures that are stored as they were measured travel as a
// store::Measurement with nothing but these (its fields with the trait kFromWorker).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "harness/checks/check_list.h"
#include "harness/host/plugin_info.h"
#include "harness/host/samples_description.h"
#include "harness/measure/conditions.h"
#include "harness/measure/latency.h"
#include "harness/measure/machine_peak.h"
#include "harness/measure/memory.h"
#include "harness/stats/layer_difference.h"
#include "harness/store/records.h"

namespace qbench::jobs {

// A file that an option names, as it was when the user named it.
struct OptionFile {
  std::string option;
  std::filesystem::path path;  // absolute
  std::string sha256;
};

// A quantizer or runtime, with its options.
struct PluginUse {
  std::filesystem::path file;
  std::string id;
  std::vector<host::Option> options = {};  // files by their absolute paths
  std::vector<OptionFile> files = {};      // another content by now is an error
};

using SamplesRef = host::SamplesRef;

// --- probe: what is in a plugin file, and what of it works here? --------------------------------
struct ProbeJob {
  std::filesystem::path plugin;
  bool try_runtimes = true;  // false: only read what the file holds
  // Make and initialize each of these too, with its options.
  struct Try {
    host::PluginKind kind = host::PluginKind::kRuntime;
    std::string id;
    std::vector<host::Option> options;
  };
  std::vector<Try> tries = {};
};
struct ProbeResult {
  struct Entry {
    host::PluginDescriptor descriptor;
    bool available = true;          // runtimes: works on this machine
    bool failed = false;            // it is not available because it failed when it was tried, not
                                    // because it says that something is missing
    std::string reason;             // why it is not available
    std::vector<host::Fact> facts;  // of a runtime that was made and initialized, if available
  };
  std::vector<Entry> plugins;
  // Of each of ProbeJob::tries: what the plugin says of its options where it calls them invalid;
  // else empty.
  std::vector<std::string> refusals;
};

// --- import: a model file becomes a float .tflite file. ------------------------------------------
// Which part of a file is the model, where the file leaves a choice: graph/import/tensorflow.
struct ImportChoice {
  std::string signature = {};  // empty: the file's default
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
  bool operator==(const ImportChoice&) const = default;
};
struct ImportJob {
  std::filesystem::path model;        // a file, or a SavedModel folder
  std::filesystem::path output = {};  // empty: only say what is in it
  ImportChoice choice = {};
};
// What a model tells of how its first input was made, before importing moves it into weights.
struct InputTraits {
  // The arithmetic that it begins with, x * factor + offset a channel; both empty: none.
  std::vector<float> factor = {};
  std::vector<float> offset = {};
  // The least and the largest value that the input's integers stand for, or that it was trained
  // with; empty: none.
  std::vector<float> range = {};
  std::vector<std::string> layers = {};  // the names of its first operators
};
struct ImportResult {
  bool converted = false;  // false: it was a .tflite file, which is passed on byte for byte
  std::string sha256;      // of the .tflite file
  uint64_t file_bytes = 0;
  bool float_model = false;  // every input and output is float32
  int32_t operators = 0;
  int32_t inputs = 0;
  int32_t outputs = 0;
  std::vector<int32_t> input_shape;  // of the first
  std::vector<int32_t> output_shape;
  // What the output is computed by, but for operators that only move or convert it: "SOFTMAX".
  std::string output_operator;
  Json summary;  // of graph/model_summary.h, for `qbench inspect`; null where qbench cannot read it
  Json contents;  // of graph/tflite/tflite_contents.h: all operators, and what qbench cannot read
  InputTraits input;
  std::vector<std::string> notes;  // what importing changed, for people
  // What of the metadata of a .tflite file cannot be read, a line each (`notes` have them too).
  std::vector<std::string> metadata_flaws;
  // Of a converted file: {"operators_before", "operators_fewer": {pass: number}}; else null.
  Json passes;
  // Where there is no output to write: all of a file that qbench cannot read, a line each, and the
  // error that importing it is. The other members are then empty.
  std::vector<std::string> missing;
  std::string error;
};

// --- quantize: a float .tflite file becomes an artifact. ----------------------------------------
struct QuantizeJob {
  std::filesystem::path model;
  std::string model_sha256 = {};  // another content by now is an error; empty: any
  PluginUse quantizer = {};
  std::optional<SamplesRef> calibration = {};
  std::optional<SamplesRef> train = {};
  std::optional<PluginUse> calibration_runtime = {};  // without it there is no inference service
  int instances = 0;  // of the calibration runtime at once; 0: at most two
  std::filesystem::path output =
      {};  // a folder, made where it is missing: model.tflite, <name>.json
};
struct QuantizeResult {
  std::filesystem::path artifact;
  std::string sha256;
  uint64_t file_bytes = 0;
  struct Entry {  // what the quantizer emitted beside the artifact
    std::string name;
    std::string media_type;
    std::filesystem::path file;
    std::string sha256;
    uint64_t file_bytes = 0;
  };
  std::vector<Entry> entries;
  std::vector<std::string> warnings;
  std::vector<host::Fact> facts;    // of the quantizer
  std::string calibration_runtime;  // InferenceService::runtime(); empty where it was not used
  double wall_seconds = 0;          // of quantize()
  uint64_t peak_rss_bytes = 0;
};

// --- accuracy: predictions for every image of a split. ------------------------------------------
struct AccuracyJob {
  std::filesystem::path artifact;
  std::string artifact_sha256 = {};  // another content by now is an error; empty: any
  PluginUse runtime = {};
  int threads = 1;    // the cell's; instances have one each where that gives the same outputs
  int instances = 0;  // at once; 0: as many as the cores have room for
  SamplesRef samples = {};
  // The float .tflite that the artifact was made of, of the cache; empty: what the model itself
  // says of its preprocessing is not looked at.
  std::filesystem::path float_model = {};
};
struct AccuracyResult {
  // In the order of the tensor cache. Classes of the data set; -1: the image could not be decoded,
  // or (predicted) the output stands for no class of the data set.
  std::vector<int32_t> predicted;
  std::vector<float> confidence;  // the highest output, dequantized; 0 where there is none
  int64_t skipped = 0;            // images that could not be decoded
  std::vector<std::string> warnings;
  std::vector<host::Fact> facts;
  store::Measurement measured;  // wall_seconds, peak_rss_bytes of all instances together
  int instances = 1;
  int instance_threads = 1;  // of each
  Json input = {};           // of harness/worker/input_fit.h; null: nothing is known
};

// --- latency: one fresh process, one object, many runs. -----------------------------------------
struct LatencyJob {
  std::filesystem::path artifact;
  std::string artifact_sha256 = {};  // another content by now is an error; empty: any
  PluginUse runtime = {};
  int threads = 1;
  SamplesRef samples = {};  // the inputs: a few of its images in turn
  measure::LatencySettings settings = {};
};
struct LatencyResult {
  // load_ms (create, init and load), first_ms, warmup_runs, warmup_seconds, peak_rss_bytes.
  store::Measurement measured;
  measure::LatencySamples samples;
  // The process's, with the model's file in memory: at its peak during load and invoke, and the
  // resident memory before the plugin was opened, for comparison.
  measure::MemoryUse memory;
  uint64_t baseline_rss_bytes = 0;
  measure::Conditions before;
  measure::Conditions after;
  std::string invalid_reason;  // empty: the measurement is valid
  std::vector<std::string> warnings;
  std::vector<host::Fact> facts;
};

// --- profile: where the time of an inference goes, operator by operator. -------------------------
struct ProfileJob {
  std::filesystem::path artifact;
  std::string artifact_sha256 = {};  // another content by now is an error; empty: any
  PluginUse runtime = {};
  int threads = 1;
  // The inputs: a few of its images in turn. Without it: noise.
  std::optional<SamplesRef> samples = {};
  int64_t runs = 100;      // profiled inferences, after a few that are not
  double max_seconds = 5;  // slow models: as many as fit, at least three
};
struct ProfileResult {
  // Every operator of the model, and the steps of the runtime beside them, in the order in which
  // they first ran.
  std::vector<store::OperatorProfile> operators;
  std::string delegate;            // of the runtime; empty: it works without one
  store::Measurement measured;     // load_ms, with profiling, and peak_rss_bytes
  std::vector<int64_t> invoke_ns;  // each profiled inference as a whole, seen from outside
  std::vector<std::string> warnings;
  std::vector<host::Fact> facts;
};

// --- peak: what this machine can do at best, to hold profiles against.
// -----------------------------
struct PeakJob {
  std::vector<int> threads = {1};
  double seconds = 1.0;  // about, for everything
};
struct PeakResult {
  measure::MachinePeaks measured;
};

// --- difference: two models on the same images, activation by activation. ------------------------
struct DifferenceJob {
  std::filesystem::path float_model;      // .tflite
  std::filesystem::path quantized_model;  // .tflite
  PluginUse runtime = {};
  SamplesRef samples = {};
  uint64_t images = 100;  // the first so many of samples.order
};
struct DifferenceResult {
  struct Layer {
    std::string name;  // in the float model
    std::string kind;  // "CONV_2D"
    int32_t op = 0;    // its place in the float model
    std::string type;  // of the quantized model's activation: "int8"
    double scale = 0;  // of that; 0: float
    int64_t zero_point = 0;
    std::vector<size_t> inputs;  // the layers that it reads, as places in `layers`
    bool same_name = false;      // paired layers whose names differ are paired by structure
    stats::DifferenceSums sums;
    // The same for the layer by itself: its inputs are the float model's values.
    std::optional<stats::DifferenceSums> own;
  };
  std::vector<Layer> layers;  // in the order in which they run
  // Layers that only one of the models has, by name.
  std::vector<std::string> only_float;
  std::vector<std::string> only_quantized;
  std::vector<std::string> flaws;  // of the quantized model, a line each
  int64_t images = 0;
  int64_t flips = 0;  // images that the two put into different classes
  // What the two files are: a float model and a quantized one, else the user named something else.
  bool float_is_float = true;
  bool quantized_is_quantized = true;
  std::string own_missing;  // why Layer::own is not there; empty where it is
  std::vector<std::string> warnings;
  std::vector<host::Fact> facts;  // of the runtime
};

// --- models: a runtime on many small models, for comparing runtimes.
// ------------------------------ The results are files, so that those of the models before a crash
// are not lost with it.
struct ModelsJob {
  PluginUse runtime;
  struct Model {
    std::filesystem::path file;
    uint32_t seed = 0;  // of its inputs: graph::RandomValues of each
  };
  std::vector<Model> models;
  uint64_t first = 0;            // where to begin in `models`
  std::filesystem::path output;  // a folder that exists: ModelOutputs of model i as <i>.json
};
struct ModelsResult {
  uint64_t models = 0;  // that were run, or refused
};

// --- check: one rule of the plugin ABI, tried on a plugin.
// ----------------------------------------
struct CheckJob {
  PluginUse plugin;
  host::PluginKind kind = host::PluginKind::kRuntime;
  std::string check;  // a name of harness/checks/check_list.h
  checks::CheckFiles files = {};
  uint32_t seed = 1;
  std::optional<SamplesRef> samples = {};
  std::optional<PluginUse> calibration_runtime = {};
  std::filesystem::path folder = {};  // for what a quantizer emits; made where it is missing
};
struct CheckResult {
  std::string verdict;  // checks::VerdictName
  std::string detail;
};

using Job = std::variant<ProbeJob, ImportJob, QuantizeJob, AccuracyJob, LatencyJob, ProfileJob,
                         PeakJob, DifferenceJob, ModelsJob, CheckJob>;
using JobResult = std::variant<std::monostate, ProbeResult, ImportResult, QuantizeResult,
                               AccuracyResult, LatencyResult, ProfileResult, PeakResult,
                               DifferenceResult, ModelsResult, CheckResult>;

// "probe", "import", ….
std::string JobName(const Job& job);

}  // namespace qbench::jobs
