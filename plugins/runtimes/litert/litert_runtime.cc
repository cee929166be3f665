// The `litert` runtime: TensorFlow Lite's successor, from the library that scripts/setup.sh
// installs. What users deploy with, so what most rows are measured on.
#include <optional>

#include "base/sha256.h"
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
  for (const graph::TfliteTensorInfo& tensor : tensors) {
    descriptions.push_back(
        plugin::DescribeTensor(tensor.name, tensor.type, tensor.shape, tensor.quantization));
  }
  return descriptions;
}

class LiteRtRuntime : public plugin::Runtime {
 public:
  Status Init(const plugin::Options& options, uint32_t threads) override {
    kernels_ = options.Text("kernels");
    threads_ = threads;
    return SharedLibrary().status();
  }

  Status Load(ByteSpan model) override {
    QB_ASSIGN_OR_RETURN(
        litert::LiteRtModel loaded,
        litert::LiteRtModel::Load(SharedLibrary()->api, model, KernelsOf(kernels_), threads_));
    model_.emplace(std::move(loaded));
    return OkStatus();
  }

  std::vector<TensorDescription> Inputs() const override { return Describe(model_->inputs()); }
  std::vector<TensorDescription> Outputs() const override { return Describe(model_->outputs()); }
  Status SetInput(uint32_t index, ByteSpan data) override { return model_->SetInput(index, data); }
  Status Invoke() override { return model_->Invoke(); }
  Result<ByteSpan> ViewOutput(uint32_t index) override { return model_->ViewOutput(index); }

  plugin::Facts DescribeFacts() const override {
    const litert::Library& library = *SharedLibrary();
    return {{"library_version", library.version},
            {"library_path", library.path.string()},
            {"library_sha256", LibrarySha256()},
            {"kernels", kernels_}};
  }

 private:
  std::string kernels_;
  uint32_t threads_ = 1;
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
       .make = []() -> std::unique_ptr<Runtime> { return std::make_unique<LiteRtRuntime>(); },
       .probe = &Probe}};
  return runtimes;
}

}  // namespace qbench

QBENCH_DEFINE_RUNTIME_PLUGIN
