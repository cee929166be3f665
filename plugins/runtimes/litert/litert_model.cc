#include "plugins/runtimes/litert/litert_model.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "plugins/runtimes/litert/model_refusals.h"
#include "plugins/runtimes/litert/stderr_capture.h"

namespace qbench::litert {
namespace {

constexpr size_t kSignature = 0;

// TensorFlow Lite's numbers for its types.
int32_t ElementType(graph::DataType type) {
  switch (type) {
    case graph::DataType::kFloat32:
      return 1;
    case graph::DataType::kInt32:
      return 2;
    case graph::DataType::kUInt8:
      return 3;
    case graph::DataType::kInt64:
      return 4;
    case graph::DataType::kBool:
      return 6;
    case graph::DataType::kInt16:
      return 7;
    case graph::DataType::kInt8:
      return 9;
    case graph::DataType::kFloat16:
      return 10;
    case graph::DataType::kInt4:
      return 18;
  }
  return 0;
}

std::string_view KernelMode(Kernels kernels) {
  switch (kernels) {
    case Kernels::kXnnpack:
      return "delegate";
    case Kernels::kBuiltin:
      return "builtin";
    case Kernels::kReference:
      return "reference";
  }
  return "";
}

Status ToStatus(ApiStatus status, std::string_view doing) {
  if (status == kApiOk) return OkStatus();
  StatusCode code = StatusCode::kInternal;
  if (status == kApiUnsupported) code = StatusCode::kUnsupported;
  if (status == kApiMemoryAllocation) code = StatusCode::kOutOfMemory;
  if (status == kApiInvalidFlatbuffer) code = StatusCode::kCorrupt;
  return Error(code, "LiteRT failed to {}: {}", doing, ApiStatusText(status));
}

size_t TensorBytes(const graph::TfliteTensorInfo& info) {
  return static_cast<size_t>(graph::ElementCount(info.shape)) * graph::DataTypeSize(info.type);
}

}  // namespace

// Owns the library's objects; the destructor frees them in the reverse order of their creation.
struct LiteRtModel::Impl {
  explicit Impl(const Api& library_api) : api(library_api) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    (void)UnlockOutputs();
    for (TensorBuffer buffer : output_buffers) api.DestroyTensorBuffer(buffer);
    for (TensorBuffer buffer : input_buffers) api.DestroyTensorBuffer(buffer);
    if (compiled != nullptr) api.DestroyCompiledModel(compiled);
    if (options != nullptr) api.DestroyOptions(options);
    if (model != nullptr) api.DestroyModel(model);
    if (environment != nullptr) api.DestroyEnvironment(environment);
  }

  Status Compile(ByteSpan bytes, Kernels kernels, uint32_t threads);
  // `text` is read by the library until the compiled model is destroyed.
  Status AddOptions(const char* id, std::string& text);
  Status GetProfiler();
  Status RestartProfiler();
  Status Run();
  Status AllocateInputs();
  Status AllocateOutputs();
  Status UnlockOutputs();
  Status AddBuffer(const graph::TfliteTensorInfo& info, const Layout& layout,
                   BufferRequirements requirements, std::vector<TensorBuffer>& buffers);

  const Api api;
  std::optional<ProfilerApi> profiler_api;  // set: to be profiled
  graph::TfliteInfo info;
  std::string options_text;
  std::string runtime_options_text;
  Environment environment = nullptr;
  Model model = nullptr;
  Options options = nullptr;
  CompiledModel compiled = nullptr;
  Profiler profiler = nullptr;     // the compiled model's own
  bool profiler_is_empty = false;  // started, and nothing has run since
  std::vector<TensorBuffer> input_buffers;
  std::vector<TensorBuffer> output_buffers;
  std::vector<const void*> output_addresses;  // of the buffers that are locked for reading
  bool any_locked = false;
};

Status LiteRtModel::Impl::AddOptions(const char* id, std::string& text) {
  OpaqueOptions opaque = nullptr;
  QB_RETURN_IF_ERROR(ToStatus(api.CreateOpaqueOptions(
                                  id, text.data(), [](void*) {}, &opaque),
                              "take its options"));
  return ToStatus(api.AddOpaqueOptions(options, opaque), "take its options");
}

Status LiteRtModel::Impl::Compile(ByteSpan bytes, Kernels kernels, uint32_t threads) {
  const std::array<EnvironmentOption, 2> environment_options = {
      EnvironmentOption{kTagMinLoggerSeverity, {kAnyInt, kLoggerSilent}},
      EnvironmentOption{kTagAutoRegisterAccelerators, {kAnyInt, kAcceleratorCpu}}};
  QB_RETURN_IF_ERROR(ToStatus(api.CreateEnvironment(static_cast<int>(environment_options.size()),
                                                    environment_options.data(), &environment),
                              "start"));
  QB_RETURN_IF_ERROR(
      ToStatus(api.CreateModelFromBuffer(environment, bytes.data(), bytes.size(), &model),
               "read the model"));
  QB_RETURN_IF_ERROR(ToStatus(api.CreateOptions(&options), "make options"));
  QB_RETURN_IF_ERROR(ToStatus(api.SetOptionsHardwareAccelerators(options, kAcceleratorCpu),
                              "choose the processor"));
  // Two consumers read the same text: the delegate, and the interpreter for what the delegate
  // leaves. With the first alone, "reference" silently means "builtin", on one thread.
  options_text =
      fmt::format("kernel_mode = \"{}\"\nnum_threads = {}\n", KernelMode(kernels), threads);
  QB_RETURN_IF_ERROR(AddOptions("xnnpack", options_text));
  QB_RETURN_IF_ERROR(AddOptions("cpu_delegate", options_text));
  if (profiler_api) {
    runtime_options_text = "enable_profiling = true\n";
    QB_RETURN_IF_ERROR(AddOptions("runtime_options_string", runtime_options_text));
  }
  const ApiStatus status = api.CreateCompiledModel(environment, model, options, &compiled);
  if (status == kApiRuntimeFailure) {
    return Error(StatusCode::kUnsupported, "LiteRT failed to compile the model: {}",
                 ApiStatusText(status));
  }
  return ToStatus(status, "compile the model");
}

Status LiteRtModel::Impl::GetProfiler() {
  if (!profiler_api) return OkStatus();
  QB_RETURN_IF_ERROR(
      ToStatus(profiler_api->CompiledModelGetProfiler(compiled, &profiler), "make a profiler"));
  if (profiler != nullptr) return OkStatus();
  return Error(StatusCode::kUnsupported, "this LiteRT takes enable_profiling and has no profiler");
}

Status LiteRtModel::Impl::RestartProfiler() {
  QB_RETURN_IF_ERROR(ToStatus(profiler_api->ResetProfiler(profiler), "reset its profiler"));
  profiler_is_empty = true;
  return ToStatus(profiler_api->StartProfiler(profiler), "start its profiler");
}

Status LiteRtModel::Impl::AddBuffer(const graph::TfliteTensorInfo& tensor, const Layout& layout,
                                    BufferRequirements requirements,
                                    std::vector<TensorBuffer>& buffers) {
  const RankedTensorType type{ElementType(tensor.type), layout};
  TensorBuffer buffer = nullptr;
  QB_RETURN_IF_ERROR(ToStatus(
      api.CreateManagedTensorBufferFromRequirements(environment, &type, requirements, &buffer),
      fmt::format("make a buffer for tensor \"{}\"", tensor.name)));
  buffers.push_back(buffer);
  size_t size = 0;
  QB_RETURN_IF_ERROR(ToStatus(api.GetTensorBufferPackedSize(buffer, &size), "size a buffer"));
  if (size != TensorBytes(tensor)) {
    return Error(StatusCode::kUnsupported,
                 "LiteRT gives tensor \"{}\" {} bytes, its type and shape in the file say {}",
                 tensor.name, size, TensorBytes(tensor));
  }
  return OkStatus();
}

Status LiteRtModel::Impl::AllocateInputs() {
  for (size_t i = 0; i < info.inputs.size(); ++i) {
    Layout layout{};
    QB_RETURN_IF_ERROR(ToStatus(
        api.GetCompiledModelInputTensorLayout(compiled, kSignature, i, &layout), "shape inputs"));
    BufferRequirements requirements = nullptr;
    QB_RETURN_IF_ERROR(ToStatus(
        api.GetCompiledModelInputBufferRequirements(compiled, kSignature, i, &requirements),
        "size inputs"));
    QB_RETURN_IF_ERROR(AddBuffer(info.inputs[i], layout, requirements, input_buffers));
  }
  return OkStatus();
}

Status LiteRtModel::Impl::AllocateOutputs() {
  std::vector<Layout> layouts(info.outputs.size());
  QB_RETURN_IF_ERROR(
      ToStatus(api.GetCompiledModelOutputTensorLayouts(compiled, kSignature, layouts.size(),
                                                       layouts.data(), /*update_allocation=*/true),
               "allocate the model's tensors"));
  for (size_t i = 0; i < info.outputs.size(); ++i) {
    BufferRequirements requirements = nullptr;
    QB_RETURN_IF_ERROR(ToStatus(
        api.GetCompiledModelOutputBufferRequirements(compiled, kSignature, i, &requirements),
        "size outputs"));
    QB_RETURN_IF_ERROR(AddBuffer(info.outputs[i], layouts[i], requirements, output_buffers));
  }
  output_addresses.resize(output_buffers.size());
  return OkStatus();
}

LiteRtModel::LiteRtModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiteRtModel::LiteRtModel(LiteRtModel&&) noexcept = default;
LiteRtModel& LiteRtModel::operator=(LiteRtModel&&) noexcept = default;
LiteRtModel::~LiteRtModel() = default;

Result<LiteRtModel> LiteRtModel::Prepare(const Api& api, ByteSpan bytes,
                                         const graph::TfliteInfo& info,
                                         const LoadOptions& options) {
  auto impl = std::make_unique<Impl>(api);
  if (options.profiler != nullptr) impl->profiler_api = *options.profiler;
  impl->info = info;
  QB_RETURN_IF_ERROR(impl->Compile(bytes, options.kernels, options.threads));
  QB_RETURN_IF_ERROR(impl->GetProfiler());
  QB_RETURN_IF_ERROR(impl->AllocateInputs());
  QB_RETURN_IF_ERROR(impl->AllocateOutputs());
  return LiteRtModel(std::move(impl));
}

Result<LiteRtModel> LiteRtModel::Load(const Api& api, ByteSpan bytes, Kernels kernels,
                                      uint32_t threads, const ProfilerApi* profiler) {
  QB_ASSIGN_OR_RETURN(const graph::TfliteInfo info, graph::InspectTflite(bytes));
  QB_RETURN_IF_ERROR(RefuseWhatCannotRun(info, bytes));
  const LoadOptions options{kernels, threads, profiler};
  Result<LiteRtModel> loaded = Prepare(api, bytes, info, options);
  if (loaded.ok() || loaded.status().code() == StatusCode::kOutOfMemory) return loaded;
  return Explain(loaded.status(), api, bytes, info, options);
}

// A load that failed is done once more to hear what LiteRT says of it, and where the delegate may
// be the reason, once without it.
Status LiteRtModel::Explain(const Status& failure, const Api& api, ByteSpan bytes,
                            const graph::TfliteInfo& info, const LoadOptions& options) {
  StderrCapture capture;
  (void)Prepare(api, bytes, info, options);
  const std::vector<std::string> lines = capture.Finish();
  bool loads_without_delegate = false;
  if (options.kernels == Kernels::kXnnpack) {
    StderrCapture silence;
    loads_without_delegate =
        Prepare(api, bytes, info, {Kernels::kBuiltin, options.threads, nullptr}).ok();
  }
  return DescribeFailure(failure, lines, loads_without_delegate);
}

const std::vector<graph::TfliteTensorInfo>& LiteRtModel::inputs() const {
  return impl_->info.inputs;
}

const std::vector<graph::TfliteTensorInfo>& LiteRtModel::outputs() const {
  return impl_->info.outputs;
}

Status LiteRtModel::SetInput(size_t index, ByteSpan data) {
  if (index >= impl_->input_buffers.size() || data.size() != TensorBytes(inputs()[index])) {
    return Error(StatusCode::kInvalidArgument,
                 "input {} with {} bytes: no such input, or not its size", index, data.size());
  }
  QB_RETURN_IF_ERROR(impl_->UnlockOutputs());
  void* address = nullptr;
  QB_RETURN_IF_ERROR(
      ToStatus(impl_->api.LockTensorBuffer(impl_->input_buffers[index], &address, kLockWrite),
               "lock an input"));
  std::memcpy(address, data.data(), data.size());
  return ToStatus(impl_->api.UnlockTensorBuffer(impl_->input_buffers[index]), "unlock an input");
}

Result<ByteSpan> LiteRtModel::ViewOutput(size_t index) {
  if (index >= impl_->output_buffers.size()) {
    return Error(StatusCode::kInvalidArgument, "there is no output {}", index);
  }
  // Locked until the address is not wanted any more.
  const void*& address = impl_->output_addresses[index];
  if (address == nullptr) {
    void* locked = nullptr;
    QB_RETURN_IF_ERROR(
        ToStatus(impl_->api.LockTensorBuffer(impl_->output_buffers[index], &locked, kLockRead),
                 "lock an output"));
    address = locked;
    impl_->any_locked = true;
  }
  return ByteSpan(static_cast<const uint8_t*>(address), TensorBytes(outputs()[index]));
}

Status LiteRtModel::Impl::UnlockOutputs() {
  if (!any_locked) return OkStatus();
  any_locked = false;
  for (size_t i = 0; i < output_buffers.size(); ++i) {
    if (std::exchange(output_addresses[i], nullptr) == nullptr) continue;
    QB_RETURN_IF_ERROR(ToStatus(api.UnlockTensorBuffer(output_buffers[i]), "unlock an output"));
  }
  return OkStatus();
}

Status LiteRtModel::Impl::Run() {
  QB_RETURN_IF_ERROR(UnlockOutputs());
  const ApiStatus status =
      api.RunCompiledModel(compiled, kSignature, input_buffers.size(), input_buffers.data(),
                           output_buffers.size(), output_buffers.data());
  return status == kApiOk ? OkStatus() : ToStatus(status, "run the model");
}

Status LiteRtModel::Invoke() {
  if (impl_->profiler != nullptr && !std::exchange(impl_->profiler_is_empty, false)) {
    QB_RETURN_IF_ERROR(impl_->RestartProfiler());
    impl_->profiler_is_empty = false;
  }
  const Status status = impl_->Run();
  return status.ok() ? status : ExplainRun(status);
}

// As Explain, for a run.
Status LiteRtModel::ExplainRun(const Status& failure) {
  StderrCapture capture;
  (void)impl_->Run();
  return DescribeFailure(failure, capture.Finish(), /*loads_without_delegate=*/false);
}

// Starts the profiler anew too, so that it costs the next Invoke nothing.
Result<std::vector<ProfilerEvent>> LiteRtModel::ProfilerEvents() {
  if (impl_->profiler == nullptr) {
    return Error(StatusCode::kInvalidArgument, "the model was loaded without a profiler");
  }
  const ProfilerApi& api = *impl_->profiler_api;
  QB_RETURN_IF_ERROR(ToStatus(api.StopProfiler(impl_->profiler), "stop its profiler"));
  int count = 0;
  QB_RETURN_IF_ERROR(ToStatus(api.GetNumProfilerEvents(impl_->profiler, &count), "count events"));
  std::vector<ProfilerEvent> events(static_cast<size_t>(std::max(count, 0)));
  QB_RETURN_IF_ERROR(
      ToStatus(api.GetProfilerEvents(impl_->profiler, count, events.data()), "give its events"));
  QB_RETURN_IF_ERROR(impl_->RestartProfiler());
  return events;
}

}  // namespace qbench::litert
