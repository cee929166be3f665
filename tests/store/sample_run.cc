#include "tests/store/sample_run.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>

#include "base/files.h"
#include "base/sha256.h"

namespace qbench::store {
namespace {

// What each quantizer does to a float model: shares of its size and time, and of images on which
// its verdict changes.
struct Effect {
  double size;
  double time;
  double changed;
};
const std::map<std::string, Effect> kEffects = {
    {"float", {1.0, 1.0, 0.0}},          {"fp16", {0.502, 1.01, 0.002}},
    {"dynamic", {0.283, 0.84, 0.01}},    {"int8", {0.291, 0.46, 0.025}},
    {"uint8", {0.291, 0.47, 0.03}},      {"int16x8", {0.297, 1.9, 0.008}},
    {"weight_only", {0.28, 1.0, 0.004}},
};

// Raw engine output only: the distributions of the standard library differ between platforms.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  double Uniform() { return static_cast<double>(engine_()) / 4294967296.0; }
  int Below(int n) { return static_cast<int>(Uniform() * n); }
  // Roughly normal, mean 0, standard deviation 1 (Irwin-Hall).
  double Normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += Uniform();
    return sum;
  }

 private:
  std::mt19937 engine_;
};

uint32_t SeedOf(const std::string& text) {
  return static_cast<uint32_t>(std::stoul(Sha256Hex(text).substr(0, 8), nullptr, 16));
}

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return std::move(result).value();
}
void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

DatasetSplit SampleSplit(int images) {
  DatasetSplit split;
  split.name = "scenes";
  split.split = "test";
  split.labels = {"buildings", "forest", "glacier", "mountain", "sea", "street"};
  split.sha256 = Sha256Hex("scenes/test/" + std::to_string(images));
  for (int i = 0; i < images; ++i) {
    const int32_t label = i * 6 / images;
    split.images.push_back(
        {split.labels[static_cast<size_t>(label)] + "/" + std::to_string(1000 + i) + ".jpg",
         label});
  }
  return split;
}

Run SampleHeader(const SampleRunOptions& options) {
  Run run;
  run.started_at = "2025-11-20T21:04:05Z";
  run.qbench_version = "0.1.0";
  run.git_state = "0123456789abcdef0123456789abcdef01234567";
  run.command_line = {"qbench", "run", "--plugins", "int8,fp16,float", "--dataset", "scenes"};
  std::string plan;
  for (const auto& name : options.models) plan += name + ";";
  for (const auto& name : options.quantizers) plan += name + ";";
  run.plan_hash = Sha256Hex(plan);
  run.host_id = Sha256Hex("raspberrypi5").substr(0, 16);
  run.host = {{"board.model", "Raspberry Pi 5 Model B Rev 1.0"},
              {"cpu.name", "Cortex-A76"},
              {"cpu.cores", "4"},
              {"cpu.governor", "performance"},
              {"kernel", "6.12.25+rpt-rpi-2712"},
              {"memory.total_kib", "4145168"},
              {"os", "Debian GNU/Linux 12 (bookworm)"}};
  run.settings = {
      {"latency_processes", options.processes}, {"min_samples", 64}, {"min_seconds", 2}};
  return run;
}

// Which class the float model predicts for each image: right on `right` of them, else a neighbour.
std::vector<int32_t> FloatPredictions(const DatasetSplit& split, double right, Random& random) {
  static constexpr int kNeighbour[] = {5, 3, 3, 2, 2, 0};  // what the class is mistaken for
  std::vector<int32_t> predictions;
  for (const Image& image : split.images) {
    const bool hit = random.Uniform() < right;
    const int other = random.Uniform() < 0.8 ? kNeighbour[image.label] : random.Below(6);
    predictions.push_back(hit ? image.label : other);
  }
  return predictions;
}

// As measure::ConditionsToJson writes them on a board, and what a runtime tells.
Json FullConditions() {
  const Json reading = {{"temperature_c", 48.2},
                        {"throttled", 0},
                        {"under_voltage", false},
                        {"frequency_khz", 2400000},
                        {"governor", "performance"},
                        {"load_1min", 0.31},
                        {"pages_swapped", 0},
                        {"major_faults", 12},
                        {"nonvoluntary_switches", 231},
                        {"waited_us", 4182},
                        {"stolen_ms", 0},
                        {"uptime_ms", 918273645}};
  return {{"before", reading},
          {"after", reading},
          {"runtime",
           {{"operators_on_xnnpack", "64 in 1 subgraphs"}, {"engine_library", "LiteRT 2.3.0"}}}};
}

class Builder {
 public:
  Builder(Store& store, const SampleRunOptions& options)
      : store_(store), options_(options), split_(SampleSplit(options.images)) {}

  int64_t Build() {
    run_id_ = Must(store_.BeginRun(SampleHeader(options_)));
    split_id_ = Must(store_.UpsertDatasetSplit(split_));
    Must(store_.AddNote({0, run_id_, "2025-11-20T21:04:06Z", NoteSeverity::kInfo,
                         "artifacts come from the cache where their key matches"}));
    for (const std::string& model : options_.models) AddCellsOf(model);
    if (options_.with_failures) Fail();
    if (options_.finished) Must(store_.FinishRun(run_id_, "2025-11-20T21:19:44Z"));
    return run_id_;
  }

 private:
  void AddCellsOf(const std::string& stem) {
    Model model{0, stem, "models/" + stem + ".h5", Sha256Hex(stem), Sha256Hex(stem + ".toml"), ""};
    model.float_sha256 = Sha256Hex(stem + ".tflite");
    const int64_t model_id = Must(store_.UpsertModel(model));
    for (int32_t threads : options_.threads) {
      for (const std::string& runtime : options_.runtimes) {
        for (const std::string& quantizer : options_.quantizers) {
          AddCell(model, model_id, quantizer, runtime, threads);
        }
      }
    }
  }

  int64_t AddPlugin(PluginKind kind, const std::string& name) {
    Plugin plugin{0, kind, name, "0.1.0", "lib/qbench/plugins/" + name + ".so", Sha256Hex(name),
                  {}};
    plugin.facts = Json::object();
    if (name == "litert") plugin.facts["engine"] = "LiteRT 2.3.0";
    return Must(store_.UpsertPlugin(plugin));
  }

  void AddCell(const Model& model, int64_t model_id, const std::string& quantizer,
               const std::string& runtime, int32_t threads) {
    const int64_t quantizer_id = AddPlugin(PluginKind::kQuantizer, quantizer);
    const Effect& effect = kEffects.at(quantizer);
    const uint32_t seed = SeedOf(model.stem);
    const double float_bytes = 1.6e6 + (seed % 9) * 1.1e6;
    Artifact artifact;
    artifact.model_id = model_id;
    artifact.quantizer_id = quantizer_id;
    artifact.sha256 = Sha256Hex(model.stem + quantizer);
    artifact.file_bytes = static_cast<int64_t>(float_bytes * effect.size);
    artifact.path = "cache/" + artifact.sha256.substr(0, 12) + ".tflite";
    artifact.wall_seconds = 3.25;
    artifact.peak_rss_bytes = 96'000'000;
    Cell cell;
    cell.run_id = run_id_;
    cell.model_id = model_id;
    cell.split_id = split_id_;
    cell.quantizer_id = quantizer_id;
    cell.runtime_id = AddPlugin(PluginKind::kRuntime, runtime);
    cell.threads = threads;
    const int64_t cell_id = Must(store_.AddCell(cell));
    cells_.push_back(cell_id);
    if (options_.with_failures && FromEnd() == 0) return;  // its quantizer timed out
    const int64_t artifact_id = Must(store_.UpsertArtifact(artifact));
    Must(store_.SetCellArtifact(cell_id, artifact_id));
    if (options_.with_comparisons) AddComparison(artifact_id, quantizer);
    if (options_.with_failures && FromEnd() < 3) return;
    CommitAccuracy(cell_id, model.stem, quantizer, effect);
    const double slow = runtime == "reference" ? 28 : 1;
    const double ms =
        float_bytes / 4.1e5 * effect.time * slow / (threads == 1 ? 1 : 0.62 * threads);
    CommitLatency(cell_id, ms, SeedOf(artifact.sha256 + runtime + std::to_string(threads)));
    Must(store_.SetCellOutcome(cell_id, {Outcome::kOk, Outcome::kOk, Outcome::kOk, ""}));
  }

  void AddComparison(int64_t artifact_id, const std::string& quantizer) {
    LayerComparison comparison = SampleComparison();
    if (options_.quantizers.size() > 2 && quantizer == options_.quantizers[2]) {
      comparison.status = Outcome::kCrashed;
      comparison.reason = "the worker ended by signal 11 (SIGSEGV) in invoke";
      comparison.layers.clear();
    } else if (quantizer != options_.quantizers.at(1)) {
      return;
    }
    comparison.run_id = run_id_;
    comparison.artifact_id = artifact_id;
    Must(store_.AddComparison(comparison));
  }

  // How many cells follow the one that was added last.
  size_t FromEnd() const {
    return options_.models.size() * options_.quantizers.size() * options_.runtimes.size() *
               options_.threads.size() -
           cells_.size();
  }

  void Fail() {
    const size_t n = cells_.size();
    Must(store_.SetCellOutcome(
        cells_.at(n - 4), {Outcome::kOk, Outcome::kOk, Outcome::kInvalid,
                           "the board throttled during 2 of 3 processes (get_throttled 0x4)"}));
    Must(store_.SetCellOutcome(cells_.at(n - 3),
                               {Outcome::kUnsupported, Outcome::kUnsupported, Outcome::kUnsupported,
                                "runtime litert has no kernel for CONV_2D with int16 inputs"}));
    Measurement crash;
    crash.cell_id = cells_.at(n - 2);
    crash.kind = MeasurementKind::kAccuracy;
    crash.status = Outcome::kCrashed;
    crash.reason = "the worker ended by signal 11 (SIGSEGV) in invoke, image 17";
    crash.warnings = {"litert: no room for the delegate's <cache>"};
    crash.log = {"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
                 "warning: litert: no room for the delegate's <cache>"};
    Must(store_.CommitMeasurement(crash));
    Must(store_.SetCellOutcome(cells_.at(n - 2),
                               {Outcome::kCrashed, Outcome::kCrashed, Outcome::kNotMeasured,
                                "the worker ended by signal 11 (SIGSEGV) in invoke, image 17"}));
    Must(store_.SetCellOutcome(
        cells_.at(n - 1),
        {Outcome::kTimeout, Outcome::kNotMeasured, Outcome::kNotMeasured,
         "quantizing passed the limit of 600 s; raise it with --quantize-timeout"}));
    Must(store_.AddNote({0, run_id_, "2025-11-20T21:11:06Z", NoteSeverity::kWarning,
                         "the governor is ondemand: set it to performance for steady times"}));
  }

  void CommitAccuracy(int64_t cell_id, const std::string& stem, const std::string& quantizer,
                      const Effect& effect) {
    Random model_random(SeedOf(stem));
    const double right = 0.84 + 0.1 * model_random.Uniform();
    Random random(SeedOf(stem + "/" + quantizer));
    Measurement accuracy;
    accuracy.cell_id = cell_id;
    accuracy.kind = MeasurementKind::kAccuracy;
    accuracy.started_at = "2025-11-20T21:05:00Z";
    accuracy.finished_at = "2025-11-20T21:05:09Z";
    accuracy.wall_seconds = 9.5;
    accuracy.predictions = FloatPredictions(split_, right, model_random);
    for (int32_t& predicted : accuracy.predictions) {
      if (random.Uniform() < effect.changed) predicted = static_cast<int32_t>(random.Below(6));
      accuracy.confidences.push_back(static_cast<float>(0.5 + 0.5 * random.Uniform()));
    }
    Must(store_.CommitMeasurement(accuracy));
  }

  void CommitLatency(int64_t cell_id, double ms, uint32_t seed) {
    Random random(seed);
    for (int32_t repetition = 0; repetition < options_.processes; ++repetition) {
      Measurement latency;
      latency.cell_id = cell_id;
      latency.repetition = repetition;
      latency.started_at = "2025-11-20T21:08:00Z";
      latency.finished_at = "2025-11-20T21:08:03Z";
      latency.load_ms = ms * 1.4 + random.Uniform();
      latency.first_ms = ms * 1.8 + random.Uniform();
      latency.warmup_runs = 12;
      latency.warmup_seconds = 0.5;
      latency.peak_rss_bytes = 21'000'000 + static_cast<int64_t>(ms * 1e6);
      latency.conditions = {{"temperature_c_before", 48.2}, {"temperature_c_after", 53.8}};
      if (options_.full_conditions) latency.conditions = FullConditions();
      const double center = ms * (1 + 0.006 * random.Normal());
      for (int i = 0; i < options_.samples; ++i) {
        double sample = center * (1 + 0.008 * random.Normal());
        if (random.Uniform() < 0.04) sample += center * 0.12 * random.Uniform();
        if (i == 70 && repetition == 0) sample *= 1.9;  // somebody else's interrupt
        latency.samples_ns.push_back(sample * 1e6);
      }
      Must(store_.CommitMeasurement(latency));
    }
  }

  Store& store_;
  const SampleRunOptions& options_;
  DatasetSplit split_;
  int64_t run_id_ = 0;
  int64_t split_id_ = 0;
  std::vector<int64_t> cells_;
};

ComparedLayer SampleLayer(const std::string& name, const std::string& kind,
                          std::vector<int32_t> inputs, double noise, double own_noise) {
  ComparedLayer layer;
  layer.op = inputs.empty() ? 0 : inputs.back() + 1;
  layer.name = name;
  layer.kind = kind;
  layer.paired_by = "name";
  layer.inputs = std::move(inputs);
  layer.type = "int8";
  layer.scale = 0.0235;
  layer.zero_point = -128;
  layer.noise = noise;
  layer.own_noise = own_noise;
  layer.cosine = 1 - noise / 2;
  layer.rmse = 0.02;
  layer.saturated_share = noise / 10;
  layer.float_max = 6;
  layer.quantized_max = 5.98;
  return layer;
}

}  // namespace

LayerComparison SampleComparison() {
  LayerComparison comparison;
  comparison.at = "2025-11-20T21:06:00Z";
  comparison.runtime = "litert";
  comparison.dataset = "scenes";
  comparison.split = "calibration";
  comparison.images = 100;
  comparison.flips = 7;
  comparison.only_quantized = {"tfl.quantize"};
  comparison.warnings = {"\"project\": output channel 3 has no weight but zero"};
  comparison.layers = {SampleLayer("conv<1>", "CONV_2D", {}, 0.0001, 0.0001),
                       SampleLayer("depthwise", "DEPTHWISE_CONV_2D", {0}, 0.0004, 0.0002),
                       SampleLayer("project", "CONV_2D", {1}, 0.05, 0.048),
                       SampleLayer("add", "ADD", {0, 2}, 0.03, 0.0001)};
  comparison.layers.back().paired_by = "structure";
  return comparison;
}

Result<int64_t> StoreSampleRun(Store& store, const SampleRunOptions& options) {
  try {
    return Builder(store, options).Build();
  } catch (const std::exception& exception) {
    return Error(StatusCode::kInternal, "sample run: {}", exception.what());
  }
}

RunData LoadSampleRun(const SampleRunOptions& options) {
  // In memory where such a folder can be written: every commit waits for the disk otherwise.
  const bool memory = access("/dev/shm", W_OK | X_OK) == 0;
  TempDir folder = Must(TempDir::Create(
      "qbench-sample", memory ? std::filesystem::path("/dev/shm") : std::filesystem::path()));
  Store store = Must(Store::Open(folder.path() / "sample.sqlite", OpenMode::kReadWrite));
  return Must(store.LoadRun(Must(StoreSampleRun(store, options))));
}

}  // namespace qbench::store
