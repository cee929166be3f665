// The `litert` runtime: TensorFlow Lite's successor, from the library that scripts/setup.sh
// installs. What users deploy with, so what most rows are measured on.
#include <optional>

#include "base/sha256.h"
#include "plugins/runtimes/common/delegate_profile.h"
#include "plugins/runtimes/common/describe_tensor.h"
#include "plugins/runtimes/litert/litert_model.h"
#include "plugins/support/runtime_plugin.h"

namespace qbench {
namespace {

using plugin::TensorDescription;

// Opened once a process; every object uses it.
const Result<litert::Library>& SharedLibrary() {
  static const Result<litert::Library> library =
      litert::OpenLibrary(litert::LibraryPlaces(plugin::PluginFile()));
  return library;
}

// Of the library's file; only for DescribeFacts, as hashing takes longer than making a model ready,
// whose time is measured.
const std::string& LibrarySha256() {
  static const std::string sha256 = [] {
    const Result<std::string> hash = Sha256HexOfFile(SharedLibrary()->path);
    return hash.ok() ? *hash : "unknown: " + hash.status().message();
  }();
  return sha256;
}

// What a host asks before it takes any figure; not part of Init, whose time is measured.
Status Probe() {
  QB_RETURN_IF_ERROR(SharedLibrary().status());
  return litert::CheckKnownModel(*SharedLibrary());
}

litert::Kernels KernelsOf(const std::string& name) {
  if (name == "builtin") return litert::Kernels::kBuiltin;
  if (name == "reference") return litert::Kernels::kReference;
  return litert::Kernels::kXnnpack;
}

std::vector<TensorDescription> Describe(const std::vector<graph::TfliteTensorInfo>& tensors) {
  std::vector<TensorDescription> descriptions;
  descriptions.reserve(tensors.size());
  for (const graph::TfliteTensorInfo& tensor : tensors) {
    descriptions.push_back(
        plugin::DescribeTensor(tensor.name, tensor.type, tensor.shape, tensor.quantization));
  }
  return descriptions;
}

// The model's operators, of which the profile speaks. One with operators that qbench does not know
// is taken for a chain.
Result<plugin::OpGraph> OpGraphOf(ByteSpan model) {
  QB_ASSIGN_OR_RETURN(const graph::TfliteInfo info, graph::InspectTflite(model));
  const auto read = graph::ReadTflite(nullptr, model);
  return read.ok() ? plugin::OpGraphOf(read->graph) : plugin::ChainOf(info.operator_names);
}

class LiteRtRuntime : public plugin::ProfiledRuntime {
 public:
  Status Init(const plugin::Options& options, uint32_t threads) override {
    kernels_ = options.Text("kernels");
    threads_ = threads;
    return SharedLibrary().status();
  }

  Status Load(ByteSpan model) override {
    QB_ASSIGN_OR_RETURN(litert::LiteRtModel loaded,
                        litert::LiteRtModel::Load(SharedLibrary()->api, model, KernelsOf(kernels_),
                                                  threads_, profiler_ ? &*profiler_ : nullptr));
    model_.emplace(std::move(loaded));
    if (profiler_) {
      QB_ASSIGN_OR_RETURN(ops_, OpGraphOf(model));
    }
    return OkStatus();
  }

  std::vector<TensorDescription> Inputs() const override { return Describe(model_->inputs()); }
  std::vector<TensorDescription> Outputs() const override { return Describe(model_->outputs()); }
  Status SetInput(uint32_t index, ByteSpan data) override { return model_->SetInput(index, data); }
  Status Invoke() override { return model_->Invoke(); }
  Result<ByteSpan> ViewOutput(uint32_t index) override { return model_->ViewOutput(index); }

  Status EnableProfile() override {
    QB_ASSIGN_OR_RETURN(profiler_, litert::OpenProfilerApi(SharedLibrary()->path));
    return OkStatus();
  }

  Result<std::vector<plugin::ProfileEvent>> ProfileEvents() override {
    QB_ASSIGN_OR_RETURN(const std::vector<litert::ProfilerEvent> seen, model_->ProfilerEvents());
    std::vector<plugin::EngineStep> steps;
    std::vector<uint64_t> times_us;
    for (const litert::ProfilerEvent& event : seen) {
      // A delegate's partition is a node behind the model's own, and its time that of its steps.
      const bool own = event.type == litert::kEventOperator && event.metadata1 < ops_.size();
      if (!own && event.type != litert::kEventDelegated) continue;
      steps.push_back({!own, event.metadata1, event.tag});
      times_us.push_back(event.elapsed_us);
    }
    if (steps != steps_) {
      plan_ = plugin::PlanDelegateEvents(ops_, steps);
      steps_ = std::move(steps);
    }
    std::vector<plugin::ProfileEvent> events;
    for (const plugin::PlannedEvent& planned : plan_) {
      const uint64_t us = planned.source < 0 ? 0 : times_us[static_cast<size_t>(planned.source)];
      events.push_back({planned.op, planned.partition, planned.name, us * 1000});
    }
    return events;
  }
  uint64_t ProfileResolutionNs() const override { return 1000; }
  const char* DelegateName() const override {
    return KernelsOf(kernels_) == litert::Kernels::kXnnpack ? "XNNPACK" : nullptr;
  }

  plugin::Facts DescribeFacts() const override {
    const litert::Library& library = *SharedLibrary();
    return {{"library_version", library.version},
            {"library_path", library.path.string()},
            {"library_sha256", LibrarySha256()},
            {"library_variable", litert::kLibraryVariable},
            {"kernels", kernels_}};
  }

 private:
  std::string kernels_;
  uint32_t threads_ = 1;
  std::optional<litert::ProfilerApi> profiler_;  // set: each Invoke is profiled
  plugin::OpGraph ops_;
  std::vector<plugin::EngineStep> steps_;  // of the latest profile, and the events made of them
  std::vector<plugin::PlannedEvent> plan_;
  std::optional<litert::LiteRtModel> model_;
};

}  // namespace

const std::vector<plugin::RuntimeInfo>& plugin::RegisteredRuntimes() {
  static const std::vector<RuntimeInfo> runtimes = {
      {.id = "litert",
       .summary = "LiteRT (TensorFlow Lite) on the CPU",
       .options = {Option(
           "kernels", "xnnpack", "xnnpack|builtin|reference",
           "the XNNPACK delegate, LiteRT's own kernels, or its slow reference ones")},
       .calibration = true,
       .make = []() -> std::unique_ptr<Runtime> { return std::make_unique<LiteRtRuntime>(); },
       .probe = &Probe}};
  return runtimes;
}

}  // namespace qbench

QBENCH_DEFINE_RUNTIME_PLUGIN
