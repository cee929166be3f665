// The records of the store: what one run of qbench leaves behind. Plain data, no behaviour.
//
// Each record has one table of its fields (kFields<Record>, harness/store/field_table.h), which
// says what each is called, in which unit it is and what it means. A new field is a member and a
// row, at the end, with the next version of the schema.
//
// Times of day are UTC, ISO 8601 with a "Z" ("2025-11-20T23:18:04Z"). Hashes are SHA-256 in lower
// case hexadecimal. An `id` of 0 is "not stored yet".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "harness/store/field_table.h"

namespace qbench::store {

// How a cell, or one of its measurements, ended. In the store and in every format by its name.
enum class Outcome {
  kNotMeasured,  // "": not reached yet, not asked for, or the run was stopped meanwhile
  kOk,           // "ok"
  kUnsupported,  // "unsupported": this combination cannot be done, by design
  kFailed,       // "failed": the plugin reported an error
  kCrashed,      // "crashed": the child process ended by a signal or out of memory
  kTimeout,      // "timeout": the child process passed its time limit
  kInvalid,      // "invalid": measured, but it means nothing: latency, as the board was not fit
                 // (throttled, swapping); accuracy, as the artifact is for timing alone; layers
                 // against float's, as the artifact computes values that are no numbers
};
enum class PluginKind { kQuantizer, kRuntime };                           // "quantizer", "runtime"
enum class MeasurementKind { kQuantize, kAccuracy, kLatency, kProfile };  // "quantize", …
enum class NoteSeverity { kInfo, kWarning };                              // "info", "warning"
enum class PeakKind { kMultiplyAdd, kBandwidth };  // "multiply_add", "bandwidth"

std::string_view Name(Outcome value);
std::string_view Name(PluginKind value);
std::string_view Name(MeasurementKind value);
std::string_view Name(NoteSeverity value);
std::string_view Name(PeakKind value);
// The value with this name; false where there is none.
bool FromName(std::string_view name, Outcome* value);
bool FromName(std::string_view name, PluginKind* value);
bool FromName(std::string_view name, MeasurementKind* value);
bool FromName(std::string_view name, NoteSeverity* value);
bool FromName(std::string_view name, PeakKind* value);

// One invocation of `qbench run`.
struct Run {
  int64_t id = 0;
  std::string started_at;
  std::optional<std::string> finished_at;
  std::string qbench_version;
  std::string git_state;
  std::vector<std::string> command_line;
  std::string plan_hash;
  std::string host_id;
  Json host = Json::object();  // name → text
  Json settings = Json::object();
  std::string name = {};  // that the user gave it afterwards; see Store::RenameRun
};

// A remark about a run, in the order they were made ("resumed", "the governor is ondemand").
struct Note {
  int64_t id = 0;
  int64_t run_id = 0;
  std::string at;
  NoteSeverity severity = NoteSeverity::kInfo;
  std::string text;
};

// What the run's machine can do at best, measured before its operators were profiled.
struct MachinePeak {
  int64_t id = 0;
  int64_t run_id = 0;
  PeakKind kind = PeakKind::kMultiplyAdd;
  std::string type;  // unique together with run, kind and threads; harness/measure/machine_peak.h
  int32_t threads = 1;
  double per_second = 0;  // multiply-adds (one is two operations), or bytes; all threads together
  std::string compiled_for;  // the instruction set of the loop that won: "avx512_vnni", …
};

struct Model {
  int64_t id = 0;
  std::string stem;
  std::string path;
  std::string sha256;
  std::string sidecar_sha256;
  std::string float_sha256;
};

struct Image {
  std::string path;   // below the split's folder, with '/'
  int32_t label = 0;  // index into DatasetSplit::labels
};

struct DatasetSplit {
  int64_t id = 0;
  std::string name;
  std::string split;
  std::string sha256;
  std::vector<std::string> labels;
  std::vector<Image> images;  // in the order of the predictions; a table of its own in the store
};

// One quantizer or runtime of a plugin library; or, with neither path nor hash, what stands in a
// row in place of one (a model's own file, which is only weighed, has the quantizer `source` and
// the runtime `none`).
struct Plugin {
  int64_t id = 0;
  PluginKind kind = PluginKind::kQuantizer;
  std::string name;
  std::string version;
  std::string path;
  std::string sha256;
  Json facts = Json::object();
};

// What a quantizer made; or a model's own file, where a row weighs that.
struct Artifact {
  int64_t id = 0;
  int64_t model_id = 0;
  int64_t quantizer_id = 0;  // Plugin
  std::string quantizer_options;
  std::string sha256;
  int64_t file_bytes = 0;
  std::string path;
  // Array of {"name", "type", "value"}: what the quantizer emitted, and what the host adds to it
  // (`calibration_images`, `option_files`).
  Json emitted = Json::array();
  std::vector<std::string> warnings;
  // Of quantizing, and of the child process that did it, when the artifact was made: one that is
  // taken from the cache has them from there. None: nothing was made (a model's own file).
  std::optional<double> wall_seconds;
  std::optional<int64_t> peak_rss_bytes;
};

// One combination of the matrix.
struct Cell {
  int64_t id = 0;
  int64_t run_id = 0;
  int64_t model_id = 0;
  int64_t split_id = 0;      // DatasetSplit
  int64_t quantizer_id = 0;  // Plugin
  std::string quantizer_options;
  int64_t runtime_id = 0;  // Plugin
  std::string runtime_options;
  int32_t threads = 1;
  std::optional<int64_t> artifact_id;
  Outcome status = Outcome::kNotMeasured;
  Outcome accuracy_status = Outcome::kNotMeasured;
  Outcome latency_status = Outcome::kNotMeasured;
  std::string reason;  // one line; empty where all is well
  // Empty: of what the run measures. "baseline": of the pinned baseline beside it; then the
  // runtime's plugin is the pinned copy, so that no two cells of a run are the same.
  std::string side;
};

inline constexpr const char* kBaselineSide = "baseline";

// Where a part of a cell's time goes: an operator of the artifact as the runtime ran it, or a step
// of the runtime that belongs to no single operator. Belongs to a `profile` measurement.
struct OperatorProfile {
  int64_t id = 0;
  int64_t measurement_id = 0;
  int32_t op = -1;  // index in the artifact's main subgraph; -1: a step of no operator
  std::string kind = {};
  std::string name = {};
  std::string input_type = {};
  std::string weight_type = {};
  std::string output_type = {};
  std::string steps = {};  // " + " between several
  int32_t partition = -1;
  // Median over the profiled inferences; of times that are whole microseconds the median of grouped
  // data (stats::GroupedMedian), so that it may be a fraction. 0 where times were not asked for.
  double median_us = 0;
  // Of one inference, from types and shapes (graph::OpSummary); 0 for a step. The bytes are those
  // of the tensors, each once, as if nothing stayed in a cache.
  int64_t macs = 0;
  int64_t bytes_read = 0;
  int64_t bytes_written = 0;
};

// The unit that is committed and resumed. One record for all kinds; what a kind does not measure
// stays empty.
struct Measurement {
  int64_t id = 0;
  int64_t cell_id = 0;
  MeasurementKind kind = MeasurementKind::kLatency;
  int32_t repetition = 0;  // from 0; unique together with cell and kind
  Outcome status = Outcome::kOk;
  std::string reason;
  std::string started_at;
  std::string finished_at;
  // Of quantizing itself (also where the artifact comes from the cache), of loading and
  // classifying, or, of the other kinds and of what failed, of the whole child process.
  std::optional<double> wall_seconds;
  std::optional<int64_t> peak_rss_bytes;
  // Latency, and load_ms and samples_ns of a profile with times:
  std::optional<double> load_ms;
  std::optional<double> first_ms;
  std::optional<int64_t> warmup_runs;
  std::optional<double> warmup_seconds;
  std::vector<double> samples_ns;
  // Accuracy: one element an image of the split, in its order:
  std::vector<int32_t> predictions;
  std::vector<float> confidences;
  Json conditions = Json::object();
  std::vector<std::string> warnings;
  std::vector<std::string> log;
  // Profile: every operator of the artifact and the steps beside them, in the order in which they
  // first ran. A table of its own in the store. `conditions` has the name of the runtime's
  // `delegate` then (null: it works without one).
  std::vector<OperatorProfile> operators;
};

template <>
inline constexpr auto kFields<Run> = std::tuple{
    Field{"id", &Run::id, "", "number of the run in this database"},
    Field{"started_at", &Run::started_at, "", "when it began"},
    Field{"finished_at", &Run::finished_at, "",
          "when it ended; none: interrupted, or still running"},
    Field{"qbench_version", &Run::qbench_version, "", "version of the program that measured"},
    Field{"git_state", &Run::git_state, "",
          "its commit, with `-dirty` where the tree was changed; may be empty"},
    Field{"command_line", &Run::command_line, "", "list of the arguments"},
    Field{"plan_hash", &Run::plan_hash, "",
          "hash of the matrix and of every file in it: what `--resume` matches"},
    Field{"host_id", &Run::host_id, "", "hash of the host's stable facts"},
    Field{"host", &Run::host, "",
          "facts about the host by name, for people: `cpu.name`, `board.model`"},
    Field{"settings", &Run::settings, "", "limits and repetitions by name"},
    Field{"name", &Run::name, "", "the name that `qbench runs rename` gave it; may be empty",
          kPlain, 6},
};

template <>
inline constexpr auto kFields<Note> = std::tuple{
    Field{"id", &Note::id, "", "key", kNotInJson},
    Field{"run_id", &Note::run_id, "", "its run", kNotInJson},
    Field{"at", &Note::at, "", "when it was made"},
    Field{"severity", &Note::severity, "", "`info` or `warning`"},
    Field{"text", &Note::text, "", "the remark, one line"},
};

template <>
inline constexpr auto kFields<MachinePeak> = std::tuple{
    Field{"id", &MachinePeak::id, "", "key", kNotInJson},
    Field{"run_id", &MachinePeak::run_id, "", "its run", kNotInJson},
    Field{"kind", &MachinePeak::kind, "", "`multiply_add` or `bandwidth`", kFromWorker},
    Field{"type", &MachinePeak::type, "",
          "of multiply-adds `float32`, `float16`, `int8`; of bandwidth `read`, or `triad` (two "
          "streams read, one written)",
          kFromWorker},
    Field{"threads", &MachinePeak::threads, "", "threads that ran at once", kFromWorker},
    Field{"per_second", &MachinePeak::per_second, "1/s or bytes/s",
          "multiply-adds, or bytes, of all threads together", kFromWorker},
    Field{"compiled_for", &MachinePeak::compiled_for, "",
          "the instruction set that the measuring loop was compiled for", kFromWorker},
};

template <>
inline constexpr auto kFields<Model> = std::tuple{
    Field{"id", &Model::id, "", "key"},
    Field{"stem", &Model::stem, "", "the file's name without its ending, as users name it"},
    Field{"path", &Model::path, "", "where it lay"},
    Field{"sha256", &Model::sha256, "", "hash of the file"},
    Field{"sidecar_sha256", &Model::sidecar_sha256, "", "hash of its sidecar; empty: it has none"},
    Field{"float_sha256", &Model::float_sha256, "", "hash of the imported float `.tflite`"},
};

template <>
inline constexpr auto kFields<DatasetSplit> = std::tuple{
    Field{"id", &DatasetSplit::id, "", "key"},
    Field{"name", &DatasetSplit::name, "", "name of the data set"},
    Field{"split", &DatasetSplit::split, "", "`train`, `calibration` or `test`"},
    Field{"sha256", &DatasetSplit::sha256, "", "hash of its labels, paths and images"},
    Field{"labels", &DatasetSplit::labels, "",
          "names of the classes: every class index points here"},
};

template <>
inline constexpr auto kFields<Plugin> = std::tuple{
    Field{"id", &Plugin::id, "", "key"},
    Field{"kind", &Plugin::kind, "", "`quantizer` or `runtime`"},
    Field{"name", &Plugin::name, "", "its canonical name"},
    Field{"version", &Plugin::version, "", "its version"},
    Field{"path", &Plugin::path, "",
          "where the library lay; empty, like the hash, of what stands in place of a plugin "
          "(`source`, `none`)"},
    Field{"sha256", &Plugin::sha256, "", "hash of the library's file"},
    Field{"facts", &Plugin::facts, "",
          "what it told about itself, by name: the engine's version, features of the processor, "
          "`baseline` of a quantizer that leaves the model as it is"},
};

template <>
inline constexpr auto kFields<Artifact> = std::tuple{
    Field{"id", &Artifact::id, "", "key"},
    Field{"model_id", &Artifact::model_id, "", "the model that it was made of"},
    Field{"quantizer_id", &Artifact::quantizer_id, "", "the plugin that made it"},
    Field{"quantizer_options", &Artifact::quantizer_options, "", "with these options"},
    Field{"sha256", &Artifact::sha256, "", "hash of the file"},
    Field{"file_bytes", &Artifact::file_bytes, "bytes", "its size"},
    Field{"path", &Artifact::path, "", "where it lies"},
    Field{"emitted", &Artifact::emitted, "",
          "list of `name`, `type`, `value`: what the quantizer emitted, and what qbench adds "
          "(below)"},
    Field{"warnings", &Artifact::warnings, "", "what its quantizer warned of, one text each"},
    Field{"wall_seconds", &Artifact::wall_seconds, "s",
          "of quantizing, when the artifact was made; none: nothing was made"},
    Field{"peak_rss_bytes", &Artifact::peak_rss_bytes, "bytes",
          "highest resident set of the process that made it"},
};

template <>
inline constexpr auto kFields<Cell> = std::tuple{
    Field{"id", &Cell::id, "", "key"},
    Field{"run_id", &Cell::run_id, "", "its run"},
    Field{"model_id", &Cell::model_id, "", "its model"},
    Field{"split_id", &Cell::split_id, "", "its split of a data set"},
    Field{"quantizer_id", &Cell::quantizer_id, "", "its quantizer"},
    Field{"quantizer_options", &Cell::quantizer_options, "", "options of the quantizer"},
    Field{"runtime_id", &Cell::runtime_id, "", "its runtime"},
    Field{"runtime_options", &Cell::runtime_options, "", "options of the runtime"},
    Field{"threads", &Cell::threads, "", "threads of one inference"},
    Field{"artifact_id", &Cell::artifact_id, "", "what was measured; none: there is no artifact"},
    Field{"status", &Cell::status, "", "how it ended, as in the CSV"},
    Field{"accuracy_status", &Cell::accuracy_status, "", "the same, of accuracy"},
    Field{"latency_status", &Cell::latency_status, "", "the same, of latency"},
    Field{"reason", &Cell::reason, "", "why a status is not `ok`, one line"},
    Field{"side", &Cell::side, "",
          "`baseline`: a cell of the pinned baseline that was measured beside the run's; else "
          "empty",
          kNotInJson, 6},
};

template <>
inline constexpr auto kFields<OperatorProfile> = std::tuple{
    Field{"id", &OperatorProfile::id, "", "key", kNotInJson},
    Field{"measurement_id", &OperatorProfile::measurement_id, "",
          "its measurement, of the kind `profile`", kNotInJson},
    Field{"op", &OperatorProfile::op, "",
          "the operator's place in the artifact, from 0; −1: a step of the runtime that belongs to "
          "no operator, or of which it is not known to which",
          kFromWorker},
    Field{"kind", &OperatorProfile::kind, "", "`CONV_2D`; empty of a step", kFromWorker},
    Field{"name", &OperatorProfile::name, "",
          "the layer's name; of a step the runtime's name for it", kFromWorker},
    Field{"input_type", &OperatorProfile::input_type, "", "type of the first input: `int8`",
          kFromWorker},
    Field{"weight_type", &OperatorProfile::weight_type, "",
          "type of the weights; empty: it has none", kFromWorker},
    Field{"output_type", &OperatorProfile::output_type, "", "type of the output", kFromWorker},
    Field{"steps", &OperatorProfile::steps, "",
          "what the runtime calls what it ran; empty: nothing of its own, as it is folded into "
          "another operator or computes nothing",
          kFromWorker},
    Field{"partition", &OperatorProfile::partition, "",
          "which of the delegate's partitions ran it, from 0; −1: not delegated", kFromWorker},
    Field{"median_us", &OperatorProfile::median_us, "µs",
          "median over the profiled inferences; 0 where times were not asked for", kFromWorker},
    Field{"macs", &OperatorProfile::macs, "",
          "multiplications with addition, from shapes; 0 of a step", kFromWorker},
    Field{"bytes_read", &OperatorProfile::bytes_read, "bytes",
          "inputs and weights, each tensor once", kFromWorker},
    Field{"bytes_written", &OperatorProfile::bytes_written, "bytes",
          "the outputs, each tensor once", kFromWorker},
};

template <>
inline constexpr auto kFields<Measurement> = std::tuple{
    Field{"id", &Measurement::id, "", "key", kNotInJson},
    Field{"cell_id", &Measurement::cell_id, "", "its cell", kNotInJson},
    Field{"kind", &Measurement::kind, "", "`quantize`, `accuracy`, `latency` or `profile`"},
    Field{"repetition", &Measurement::repetition, "", "from 0; unique together with cell and kind"},
    Field{"status", &Measurement::status, "", "how it ended, as in the CSV"},
    Field{"reason", &Measurement::reason, "", "why the status is not `ok`, one line"},
    Field{"started_at", &Measurement::started_at, "", "when it began"},
    Field{"finished_at", &Measurement::finished_at, "", "when it ended"},
    Field{"wall_seconds", &Measurement::wall_seconds, "s",
          "of quantizing itself, of loading and classifying, or, of the other kinds and of what "
          "failed, of the whole process",
          kFromWorker},
    Field{"peak_rss_bytes", &Measurement::peak_rss_bytes, "bytes",
          "highest resident set of the process; none where it failed", kFromWorker},
    Field{"load_ms", &Measurement::load_ms, "ms",
          "of latency and of a profile with times: from the artifact's bytes to a model that is "
          "ready to run",
          kFromWorker},
    Field{"first_ms", &Measurement::first_ms, "ms",
          "of latency: the first inference, which is the first of the warm-up", kFromWorker},
    Field{"warmup_runs", &Measurement::warmup_runs, "", "of latency: inferences before the samples",
          kFromWorker},
    Field{"warmup_seconds", &Measurement::warmup_seconds, "s",
          "of latency: all of these, with setting their inputs", kFromWorker},
    Field{"samples_ns", &Measurement::samples_ns, "ns",
          "of latency and of a profile with times: every inference, in order (those of a profile "
          "are slower)"},
    Field{"predictions", &Measurement::predictions, "",
          "of accuracy: the class index of each image of the split, in its order; −1: the image "
          "could not be used",
          kNotInJson},
    Field{"confidences", &Measurement::confidences, "",
          "of accuracy: the predicted class's score of each image; 0 where there is no prediction",
          kNotInJson},
    Field{
        "conditions", &Measurement::conditions, "",
        "of latency what the board did meanwhile (`before`, `after`); of accuracy, latency and "
        "profile the facts that the `runtime` told at the end; of accuracy also `instances`, the "
        "objects that shared the images, `instance_threads`, of each, and `input`, what the model "
        "says of its preprocessing (below), where it does; of a profile also `delegate`, null "
        "where there is none"},
    Field{"warnings", &Measurement::warnings, "",
          "what its plugins warned of, one text each, each once; those of a quantizer that "
          "succeeded stand with the artifact",
          kPlain, 5},
    Field{"log", &Measurement::log, "",
          "the last lines, 20 at most, that plugins and engines logged or printed", kPlain, 5},
};

}  // namespace qbench::store
