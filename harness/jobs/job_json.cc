#include "harness/jobs/job_json.h"

#include <optional>
#include <type_traits>

// An absent optional is null.
template <typename T>
struct nlohmann::adl_serializer<std::optional<T>> {
  static void to_json(qbench::Json& json, const std::optional<T>& value) {
    json = value ? qbench::Json(*value) : qbench::Json();
  }
  static void from_json(const qbench::Json& json, std::optional<T>& value) {
    value.reset();
    if (!json.is_null()) value = json.get<T>();
  }
};

// One line a struct says which members travel; a missing one is an error when it is read.
namespace qbench::host {
NLOHMANN_JSON_SERIALIZE_ENUM(PluginKind, {{PluginKind::kQuantizer, "quantizer"},
                                          {PluginKind::kRuntime, "runtime"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Option, name, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OptionInfo, name, default_value, values, help)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Fact, name, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PluginDescriptor, kind, id, version, summary, options,
                                   needs_samples, needs_train, baseline, only_when_named, oracle,
                                   calibration)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SamplesRef, tensor_cache, tensor_key, mean, std, label_outputs,
                                   order)
}  // namespace qbench::host

// Of a record of the store travels what its field table says that a worker measures.
namespace qbench::store {
NLOHMANN_JSON_SERIALIZE_ENUM(PeakKind, {{PeakKind::kMultiplyAdd, "multiply_add"},
                                        {PeakKind::kBandwidth, "bandwidth"}})
template <typename Record>
void WriteMeasured(const Record& record, Json& json) {
  json = Json::object();
  ForEachRow<Record>([&](const auto& row) {
    if ((row.traits & kFromWorker) != 0) json[row.name] = record.*row.member;
  });
}
template <typename Record>
void ReadMeasured(const Json& json, Record& record) {
  ForEachRow<Record>([&](const auto& row) {
    if ((row.traits & kFromWorker) != 0) json.at(row.name).get_to(record.*row.member);
  });
}
inline void to_json(Json& json, const Measurement& record) { WriteMeasured(record, json); }
inline void from_json(const Json& json, Measurement& record) { ReadMeasured(json, record); }
inline void to_json(Json& json, const OperatorProfile& record) { WriteMeasured(record, json); }
inline void from_json(const Json& json, OperatorProfile& record) { ReadMeasured(json, record); }
inline void to_json(Json& json, const MachinePeak& record) { WriteMeasured(record, json); }
inline void from_json(const Json& json, MachinePeak& record) { ReadMeasured(json, record); }
}  // namespace qbench::store

namespace qbench::measure {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LatencySettings, min_samples, min_seconds, warmup_runs,
                                   warmup_seconds, max_seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LatencySamples, first_ns, warmup_runs, warmup_seconds, ns,
                                   cut_short)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemoryUse, peak_rss, rss, rss_anon, rss_file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Conditions, temperature_c, throttled, under_voltage,
                                   frequency_khz, governor, load_1min, pages_swapped, major_faults,
                                   nonvoluntary_switches, waited_us, stolen_ms, uptime_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MachinePeaks, peaks, buffer_bytes, cache_bytes)
}  // namespace qbench::measure

namespace qbench::stats {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DifferenceSums, count, aa, bb, ab, dd, saturated, a_min, a_max,
                                   b_min, b_max)
}  // namespace qbench::stats

namespace qbench::checks {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CheckFiles, model, other, large, foreign, integer)
}  // namespace qbench::checks

namespace qbench::jobs {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OptionFile, option, path, sha256)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PluginUse, file, id, options, files)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProbeJob::Try, kind, id, options)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProbeJob, plugin, try_runtimes, tries)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ImportChoice, signature, inputs, outputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ImportJob, model, output, choice)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(QuantizeJob, model, model_sha256, quantizer, calibration, train,
                                   calibration_runtime, instances, output)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AccuracyJob, artifact, artifact_sha256, runtime, threads,
                                   instances, samples, float_model)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LatencyJob, artifact, artifact_sha256, runtime, threads, samples,
                                   settings)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProbeResult::Entry, descriptor, available, failed, reason, facts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProbeResult, plugins, refusals)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InputTraits, factor, offset, range, layers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ImportResult, converted, sha256, file_bytes, float_model,
                                   operators, inputs, outputs, input_shape, output_shape,
                                   output_operator, summary, contents, input, notes, metadata_flaws,
                                   passes, missing, error)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(QuantizeResult::Entry, name, media_type, file, sha256,
                                   file_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(QuantizeResult, artifact, sha256, file_bytes, entries, warnings,
                                   facts, calibration_runtime, wall_seconds, peak_rss_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AccuracyResult, predicted, confidence, skipped, warnings, facts,
                                   measured, instances, instance_threads, input)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LatencyResult, measured, samples, memory, baseline_rss_bytes,
                                   before, after, invalid_reason, warnings, facts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProfileJob, artifact, artifact_sha256, runtime, threads, samples,
                                   runs, max_seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProfileResult, operators, delegate, measured, invoke_ns,
                                   warnings, facts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PeakJob, threads, seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PeakResult, measured)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DifferenceJob, float_model, quantized_model, runtime, samples,
                                   images)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DifferenceResult::Layer, name, kind, op, type, scale, zero_point,
                                   inputs, same_name, sums, own)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DifferenceResult, layers, only_float, only_quantized, flaws,
                                   images, flips, float_is_float, quantized_is_quantized,
                                   own_missing, warnings, facts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModelsJob::Model, file, seed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModelsJob, runtime, models, first, output)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModelsResult, models)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CheckJob, plugin, kind, check, files, seed, samples,
                                   calibration_runtime, folder)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CheckResult, verdict, detail)

namespace {

// The Variant whose alternative number `index` is read from `json`.
template <typename Variant, size_t index = 0>
Variant ReadAlternative(size_t wanted, const Json& json) {
  if constexpr (index < std::variant_size_v<Variant>) {
    using Alternative = std::variant_alternative_t<index, Variant>;
    if (wanted != index) return ReadAlternative<Variant, index + 1>(wanted, json);
    if constexpr (std::is_same_v<Alternative, std::monostate>) {
      return Alternative();
    } else {
      return json.get<Alternative>();
    }
  } else {
    return {};
  }
}

// The jobs' names, in the order of Job.
constexpr const char* kJobNames[] = {"probe",   "import", "quantize",   "accuracy", "latency",
                                     "profile", "peak",   "difference", "models",   "check"};
static_assert(std::size(kJobNames) == std::variant_size_v<Job>);

Result<size_t> JobIndex(const std::string& name) {
  for (size_t i = 0; i < std::size(kJobNames); ++i) {
    if (name == kJobNames[i]) return i;
  }
  return Error(StatusCode::kCorrupt, "no job is called \"{}\"", name);
}

template <typename Variant>
Result<Variant> TryRead(size_t alternative, const Json& json) {
  try {
    return ReadAlternative<Variant>(alternative, json);
  } catch (const Json::exception& exception) {
    // "[json.exception.out_of_range.403] key 'x' not found": the library's number says nothing
    // here.
    const std::string_view what = exception.what();
    const size_t begin = what.find("] ");
    return Error(StatusCode::kCorrupt, "a message between qbench and its worker is garbled: {}",
                 what.substr(begin == std::string_view::npos ? 0 : begin + 2));
  }
}

}  // namespace

std::string JobName(const Job& job) { return kJobNames[job.index()]; }

Json JobToJson(const Job& job) {
  Json body = std::visit([](const auto& alternative) { return Json(alternative); }, job);
  return Json{{"job", JobName(job)}, {"parameters", std::move(body)}};
}

Result<Job> JobFromJson(const Json& json) {
  QB_ASSIGN_OR_RETURN(const std::string name, JsonGet<std::string>(json, "job"));
  QB_ASSIGN_OR_RETURN(const Json parameters, JsonGet<Json>(json, "parameters"));
  QB_ASSIGN_OR_RETURN(const size_t index, JobIndex(name));
  return TryRead<Job>(index, parameters);
}

Json ResultToJson(const JobResult& result) {
  return std::visit(
      [](const auto& alternative) {
        if constexpr (std::is_same_v<std::decay_t<decltype(alternative)>, std::monostate>) {
          return Json();
        } else {
          return Json(alternative);
        }
      },
      result);
}

Result<JobResult> ResultFromJson(const std::string& job_name, const Json& json) {
  QB_ASSIGN_OR_RETURN(const size_t index, JobIndex(job_name));
  return TryRead<JobResult>(index + 1, json);  // after std::monostate
}

}  // namespace qbench::jobs
