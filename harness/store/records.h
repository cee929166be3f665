// The records of the store: what one run of qbench leaves behind. Plain data, no behaviour.
//
// Each record has one table of its fields (kFields<Record>). The store's SQL statements, the CSV
// columns and the JSON keys are all made from these tables, so a field is declared once. The name
// in the table is the column's and the key's name; docs/formats.md says what each one means.
//
// Times of day are UTC, ISO 8601 with a "Z" ("2025-11-20T23:18:04Z"). Hashes are SHA-256 in lower
// case hexadecimal. An `id` of 0 is "not stored yet".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/json.h"

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
  std::optional<std::string> finished_at;  // none: interrupted, or still running
  std::string qbench_version;
  std::string git_state;  // commit, with "-dirty" where the tree was changed; may be empty
  std::vector<std::string> command_line;  // argv
  std::string plan_hash;           // of the matrix and every hash in it: what --resume matches
  std::string host_id;             // hash of the host's stable facts
  Json host = Json::object();      // fact → text, for people ("cpu.name", "board.model", …)
  Json settings = Json::object();  // repetitions, minimum samples, minimum time, limits, …
};

// A remark about a run, in the order they were made ("resumed", "the governor is ondemand").
struct Note {
  int64_t id = 0;
  int64_t run_id = 0;
  std::string at;
  NoteSeverity severity = NoteSeverity::kInfo;
  std::string text;  // one line
};

// What the run's machine can do at best, measured before its operators were profiled.
struct MachinePeak {
  int64_t id = 0;
  int64_t run_id = 0;
  PeakKind kind = PeakKind::kMultiplyAdd;
  // kMultiplyAdd: "float32", "float16", "int8". kBandwidth: "read", "triad" (two streams read, one
  // written). Unique together with run, kind and threads.
  std::string type;
  int32_t threads = 1;
  double per_second = 0;     // multiply-adds, or bytes, of all threads together
  std::string compiled_for;  // the instruction set that the measuring loop was compiled for
};

struct Model {
  int64_t id = 0;
  std::string stem;  // the file's name without its ending, as users name it
  std::string path;
  std::string sha256;
  std::string sidecar_sha256;  // empty: no sidecar
  std::string float_sha256;    // of the imported float .tflite
};

struct Image {
  std::string path;   // below the split's folder, with '/'
  int32_t label = 0;  // index into DatasetSplit::labels
};

struct DatasetSplit {
  int64_t id = 0;
  std::string name;
  std::string split;                // "train", "calibration", "test"
  std::string sha256;               // of the content: labels, paths and images
  std::vector<std::string> labels;  // every class index of the store points here
  std::vector<Image> images;  // in the order of the predictions; a table of its own in the store
};

// One quantizer or runtime of a plugin library; or, with neither path nor hash, what stands in a
// row in place of one (a model's own file, which is only weighed, has the quantizer `source` and
// the runtime `none`).
struct Plugin {
  int64_t id = 0;
  PluginKind kind = PluginKind::kQuantizer;
  std::string name;  // canonical
  std::string version;
  std::string path;
  std::string sha256;           // of the library's file
  Json facts = Json::object();  // what it told about itself (the engine's version, CPU features, …)
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
};

// Where a part of a cell's time goes: an operator of the artifact as the runtime ran it, or a step
// of the runtime that belongs to no single operator. Belongs to a `profile` measurement.
struct OperatorProfile {
  int64_t id = 0;
  int64_t measurement_id = 0;
  int32_t op = -1;               // index in the artifact's main subgraph; -1: a step of no operator
  std::string kind = {};         // "CONV_2D"; empty for a step
  std::string name = {};         // the layer's; of a step what the runtime calls it
  std::string input_type = {};   // of the first input: "int8"; empty for a step
  std::string weight_type = {};  // of the weights; empty where there are none
  std::string output_type = {};
  std::string steps = {};  // what the runtime calls what it ran, " + " between several; empty:
                           // nothing of its own (folded into another operator, or computes nothing)
  int32_t partition = -1;  // of the delegate, from 0; -1: not delegated
  // Median over the profiled inferences; of times that are whole microseconds the median of grouped
  // data (stats::GroupedMedian), so that it may be a fraction. 0 where times were not asked for.
  double median_us = 0;
  // Of one inference, from types and shapes (graph::OpSummary); 0 for a step. The bytes are those
  // of the tensors, each once, as if nothing stayed in a cache.
  int64_t macs = 0;
  int64_t bytes_read = 0;  // inputs and weights
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
  std::optional<int64_t> peak_rss_bytes;  // of the child process; none where it failed
  // Latency, and load_ms and samples_ns of a profile with times (slower than those of latency):
  std::optional<double> load_ms;   // from the artifact's bytes to a model that is ready to run
  std::optional<double> first_ms;  // the first inference, which is the first of the warm-up
  std::optional<int64_t> warmup_runs;
  std::optional<double> warmup_seconds;  // of all of them, with setting their inputs
  std::vector<double> samples_ns;        // one an inference, every one, in order
  // Accuracy: one element an image of the split, in its order:
  std::vector<int32_t> predictions;  // class index; -1: the image could not be used
  std::vector<float> confidences;    // the predicted class's score; 0 where there is no prediction
  // Of latency what the board did meanwhile (temperature, clock, throttling bits, swap, …),
  // `before` and `after`; of accuracy, latency and profile what the `runtime` told about itself at
  // the end.
  Json conditions = Json::object();
  // What its plugins warned of, a line each, every text once. Of a `quantize` that succeeded they
  // are the artifact's.
  std::vector<std::string> warnings;
  // The last lines that the child process logged and wrote to its standard streams.
  std::vector<std::string> log;
  // Profile: every operator of the artifact and the steps beside them, in the order in which they
  // first ran. A table of its own in the store. `conditions` has the name of the runtime's
  // `delegate` then (null: it works without one).
  std::vector<OperatorProfile> operators;
};

// One entry of a field table.
template <typename Record, typename Value>
struct Field {
  const char* name;
  Value Record::*member;
};
template <typename Record, typename Value>
Field(const char*, Value Record::*) -> Field<Record, Value>;

// The fields of a record, in the order of its columns.
template <typename Record>
inline constexpr auto kFields = nullptr;

template <>
inline constexpr auto kFields<Run> = std::tuple(
    Field{"id", &Run::id}, Field{"started_at", &Run::started_at},
    Field{"finished_at", &Run::finished_at}, Field{"qbench_version", &Run::qbench_version},
    Field{"git_state", &Run::git_state}, Field{"command_line", &Run::command_line},
    Field{"plan_hash", &Run::plan_hash}, Field{"host_id", &Run::host_id}, Field{"host", &Run::host},
    Field{"settings", &Run::settings});

template <>
inline constexpr auto kFields<Note> = std::tuple(Field{"id", &Note::id},
                                                 Field{"run_id", &Note::run_id},
                                                 Field{"at", &Note::at},
                                                 Field{"severity", &Note::severity},
                                                 Field{"text", &Note::text});

template <>
inline constexpr auto kFields<MachinePeak> = std::tuple(
    Field{"id", &MachinePeak::id}, Field{"run_id", &MachinePeak::run_id},
    Field{"kind", &MachinePeak::kind}, Field{"type", &MachinePeak::type},
    Field{"threads", &MachinePeak::threads}, Field{"per_second", &MachinePeak::per_second},
    Field{"compiled_for", &MachinePeak::compiled_for});

template <>
inline constexpr auto kFields<Model> = std::tuple(Field{"id", &Model::id},
                                                  Field{"stem", &Model::stem},
                                                  Field{"path", &Model::path},
                                                  Field{"sha256", &Model::sha256},
                                                  Field{"sidecar_sha256", &Model::sidecar_sha256},
                                                  Field{"float_sha256", &Model::float_sha256});

template <>
inline constexpr auto kFields<DatasetSplit> = std::tuple(Field{"id", &DatasetSplit::id},
                                                         Field{"name", &DatasetSplit::name},
                                                         Field{"split", &DatasetSplit::split},
                                                         Field{"sha256", &DatasetSplit::sha256},
                                                         Field{"labels", &DatasetSplit::labels});

template <>
inline constexpr auto kFields<Plugin> =
    std::tuple(Field{"id", &Plugin::id}, Field{"kind", &Plugin::kind}, Field{"name", &Plugin::name},
               Field{"version", &Plugin::version}, Field{"path", &Plugin::path},
               Field{"sha256", &Plugin::sha256}, Field{"facts", &Plugin::facts});

template <>
inline constexpr auto kFields<Artifact> = std::tuple(
    Field{"id", &Artifact::id}, Field{"model_id", &Artifact::model_id},
    Field{"quantizer_id", &Artifact::quantizer_id},
    Field{"quantizer_options", &Artifact::quantizer_options}, Field{"sha256", &Artifact::sha256},
    Field{"file_bytes", &Artifact::file_bytes}, Field{"path", &Artifact::path},
    Field{"emitted", &Artifact::emitted}, Field{"warnings", &Artifact::warnings},
    Field{"wall_seconds", &Artifact::wall_seconds},
    Field{"peak_rss_bytes", &Artifact::peak_rss_bytes});

template <>
inline constexpr auto kFields<Cell> = std::tuple(
    Field{"id", &Cell::id}, Field{"run_id", &Cell::run_id}, Field{"model_id", &Cell::model_id},
    Field{"split_id", &Cell::split_id}, Field{"quantizer_id", &Cell::quantizer_id},
    Field{"quantizer_options", &Cell::quantizer_options}, Field{"runtime_id", &Cell::runtime_id},
    Field{"runtime_options", &Cell::runtime_options}, Field{"threads", &Cell::threads},
    Field{"artifact_id", &Cell::artifact_id}, Field{"status", &Cell::status},
    Field{"accuracy_status", &Cell::accuracy_status},
    Field{"latency_status", &Cell::latency_status}, Field{"reason", &Cell::reason});

template <>
inline constexpr auto kFields<OperatorProfile> = std::tuple(
    Field{"id", &OperatorProfile::id}, Field{"measurement_id", &OperatorProfile::measurement_id},
    Field{"op", &OperatorProfile::op}, Field{"kind", &OperatorProfile::kind},
    Field{"name", &OperatorProfile::name}, Field{"input_type", &OperatorProfile::input_type},
    Field{"weight_type", &OperatorProfile::weight_type},
    Field{"output_type", &OperatorProfile::output_type}, Field{"steps", &OperatorProfile::steps},
    Field{"partition", &OperatorProfile::partition},
    Field{"median_us", &OperatorProfile::median_us}, Field{"macs", &OperatorProfile::macs},
    Field{"bytes_read", &OperatorProfile::bytes_read},
    Field{"bytes_written", &OperatorProfile::bytes_written});

template <>
inline constexpr auto kFields<Measurement> = std::tuple(
    Field{"id", &Measurement::id}, Field{"cell_id", &Measurement::cell_id},
    Field{"kind", &Measurement::kind}, Field{"repetition", &Measurement::repetition},
    Field{"status", &Measurement::status}, Field{"reason", &Measurement::reason},
    Field{"started_at", &Measurement::started_at}, Field{"finished_at", &Measurement::finished_at},
    Field{"wall_seconds", &Measurement::wall_seconds},
    Field{"peak_rss_bytes", &Measurement::peak_rss_bytes}, Field{"load_ms", &Measurement::load_ms},
    Field{"first_ms", &Measurement::first_ms}, Field{"warmup_runs", &Measurement::warmup_runs},
    Field{"warmup_seconds", &Measurement::warmup_seconds},
    Field{"samples_ns", &Measurement::samples_ns}, Field{"predictions", &Measurement::predictions},
    Field{"confidences", &Measurement::confidences}, Field{"conditions", &Measurement::conditions},
    Field{"warnings", &Measurement::warnings}, Field{"log", &Measurement::log});

// Calls visit(name, value) for each field of the record, in order.
template <typename Record, typename Visitor>
void ForEachField(Record&& record, Visitor&& visit) {
  std::apply([&](const auto&... field) { (visit(field.name, record.*field.member), ...); },
             kFields<std::remove_cvref_t<Record>>);
}

}  // namespace qbench::store
