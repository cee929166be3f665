#include "tests/litert_abi/litert_abi_checks.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "tests/litert_abi/abi_models.h"
#include "tests/litert_abi/raw_session.h"

namespace qbench::litert {
namespace {

constexpr std::array<Kernels, 3> kAllKernels = {Kernels::kXnnpack, Kernels::kBuiltin,
                                                Kernels::kReference};
constexpr std::array<const char*, 3> kKernelNames = {"xnnpack", "builtin", "reference"};

std::string_view NameOf(Kernels kernels) { return kKernelNames.at(static_cast<size_t>(kernels)); }

template <typename... Args>
Status Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return Error(StatusCode::kInternal, format, std::forward<Args>(args)...);
}

// --- Runs
// -----------------------------------------------------------------------------------------

// The largest difference of two outputs: of floats their own, of int8 in steps.
double LargestDifference(ByteSpan a, ByteSpan b, graph::DataType type) {
  double largest = 0;
  if (type == graph::DataType::kFloat32) {
    for (size_t i = 0; i + sizeof(float) <= a.size(); i += sizeof(float)) {
      const double difference = std::abs(static_cast<double>(LoadUnaligned<float>(a.subspan(i))) -
                                         LoadUnaligned<float>(b.subspan(i)));
      largest = std::max(largest, std::isnan(difference) ? INFINITY : difference);
    }
    return largest;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    const int difference = static_cast<int8_t>(a[i]) - static_cast<int8_t>(b[i]);
    largest = std::max(largest, static_cast<double>(std::abs(difference)));
  }
  return largest;
}

// Every kernel mode against the reference interpreter. `allowed` leaves room for the order of sums,
// and for a rounding a layer on processors whose kernels round otherwise.
Status CompareRuns(const Library& library, const graph::Model& model, double allowed) {
  QB_ASSIGN_OR_RETURN(const AlignedFile file, AlignedFile::Write(model));
  const Bytes input = SomeValues(model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])]);
  for (const Kernels kernels : kAllKernels) {
    QB_ASSIGN_OR_RETURN(LiteRtModel loaded,
                        LiteRtModel::Load(library.api, file.bytes(), kernels, /*threads=*/2));
    QB_RETURN_IF_ERROR(loaded.SetInput(0, input));
    QB_RETURN_IF_ERROR(loaded.Invoke());
    QB_ASSIGN_OR_RETURN(const std::vector<Bytes> right, RightAnswers(model, input, kernels));
    for (size_t i = 0; i < right.size(); ++i) {
      QB_ASSIGN_OR_RETURN(const ByteSpan answer, loaded.ViewOutput(i));
      if (answer.size() != right[i].size()) {
        return Wrong("kernels={}: output {} has {} bytes, {} are right", NameOf(kernels), i,
                     answer.size(), right[i].size());
      }
      const double off = LargestDifference(answer, right[i], loaded.outputs()[i].type);
      if (off > allowed) {
        return Wrong("kernels={}: output {} is off by up to {}", NameOf(kernels), i, off);
      }
    }
  }
  return OkStatus();
}

Status CheckFloat(const Library& library) { return CompareRuns(library, TwoOutputs(), 1e-5); }

Status CheckInt8(const Library& library) {
  QB_ASSIGN_OR_RETURN(const graph::Model model, TwoOutputsInt8());
  return CompareRuns(library, model, 3);
}

// The number of each element type: a wrong one gives buffers of another size.
Status CheckTypes(const Library& library) {
  using graph::DataType;
  for (const DataType type : {DataType::kFloat32, DataType::kInt8, DataType::kUInt8,
                              DataType::kInt16, DataType::kInt32, DataType::kInt64}) {
    const graph::Model model = ReshapeOf(type);
    QB_ASSIGN_OR_RETURN(const AlignedFile file, AlignedFile::Write(model));
    const Bytes input = SomeValues(model.graph.tensors[0]);
    const std::string_view name = graph::DataTypeName(type);
    Result<LiteRtModel> loaded =
        LiteRtModel::Load(library.api, file.bytes(), Kernels::kBuiltin, /*threads=*/1);
    if (!loaded.ok()) return loaded.status().WithContext(name);
    QB_RETURN_IF_ERROR(loaded->SetInput(0, input).WithContext(name));
    QB_RETURN_IF_ERROR(loaded->Invoke().WithContext(name));
    QB_ASSIGN_OR_RETURN(const ByteSpan output, loaded->ViewOutput(0));
    if (!std::ranges::equal(output, input))
      return Wrong("{} does not come out as it went in", name);
  }
  return OkStatus();
}

// --- Structs
// --------------------------------------------------------------------------------------

// Memory for `count` structs with a mark behind them, which shows whether the library's is larger.
template <typename T>
class Marked {
 public:
  explicit Marked(size_t count) : bytes_(count * sizeof(T) + kMark, kByte), count_(count) {}
  T* data() { return reinterpret_cast<T*>(bytes_.data()); }
  bool intact() const {
    return std::all_of(bytes_.end() - kMark, bytes_.end(), [](uint8_t b) { return b == kByte; });
  }
  std::vector<T> values() const {
    std::vector<T> values(count_);
    std::memcpy(values.data(), bytes_.data(), count_ * sizeof(T));
    return values;
  }

 private:
  static constexpr ptrdiff_t kMark = 256;
  static constexpr uint8_t kByte = 0xA5;
  std::vector<uint8_t> bytes_;
  size_t count_;
};

Status CheckLayout(const Layout& layout, const graph::Shape& shape, std::string_view what) {
  if (layout.rank != shape.size()) {
    return Wrong("{} has rank {}, {} is right", what, static_cast<unsigned>(layout.rank),
                 shape.size());
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (layout.dimensions[i] != shape[i]) {
      return Wrong("dimension {} of {} is {}, {} is right", i, what, layout.dimensions[i],
                   shape[i]);
    }
  }
  return OkStatus();
}

Status CheckBuffer(RawSession& session, const Layout& layout, BufferRequirements requirements,
                   const graph::Shape& shape) {
  const Api& api = session.api();
  const RankedTensorType type{1, layout};  // float32
  TensorBuffer buffer = nullptr;
  if (api.CreateManagedTensorBufferFromRequirements(session.environment(), &type, requirements,
                                                    &buffer) != kApiOk) {
    return Wrong("no buffer for a tensor with {} dimensions", shape.size());
  }
  Marked<size_t> size(1);
  void* address = nullptr;
  const bool sized = api.GetTensorBufferPackedSize(buffer, size.data()) == kApiOk && size.intact();
  const bool locked = api.LockTensorBuffer(buffer, &address, kLockWrite) == kApiOk;
  if (locked && address != nullptr) {
    std::memset(address, 0, size.values()[0]);
    (void)api.UnlockTensorBuffer(buffer);
  }
  api.DestroyTensorBuffer(buffer);
  const size_t right = static_cast<size_t>(graph::ElementCount(shape)) * sizeof(float);
  if (!sized || size.values()[0] != right) {
    return Wrong("a buffer has {} bytes, {} are right", size.values()[0], right);
  }
  return locked && address != nullptr ? OkStatus() : Wrong("a buffer cannot be locked");
}

Status CheckLayouts(const Library& library) {
  const graph::Model model = TwoOutputs();
  const auto shape_of = [&](graph::TensorId id) {
    return model.graph.tensors[static_cast<size_t>(id)].shape;
  };
  QB_ASSIGN_OR_RETURN(const AlignedFile file, AlignedFile::Write(model));
  QB_ASSIGN_OR_RETURN(RawSession session,
                      RawSession::Open(library.api, file.bytes(), DefaultEnvironment()));
  const Api& api = session.api();
  Marked<Layout> input(1);
  if (api.GetCompiledModelInputTensorLayout(session.compiled(), 0, 0, input.data()) != kApiOk) {
    return Wrong("the input has no layout");
  }
  Marked<Layout> outputs(2);
  if (api.GetCompiledModelOutputTensorLayouts(session.compiled(), 0, 2, outputs.data(), true) !=
      kApiOk) {
    return Wrong("the outputs have no layouts");
  }
  if (!input.intact() || !outputs.intact()) {
    return Wrong("the library's layout is larger than {} bytes", sizeof(Layout));
  }
  QB_RETURN_IF_ERROR(CheckLayout(input.values()[0], shape_of(model.graph.inputs[0]), "the input"));
  BufferRequirements requirements = nullptr;
  if (api.GetCompiledModelInputBufferRequirements(session.compiled(), 0, 0, &requirements) !=
      kApiOk) {
    return Wrong("the input has no buffer requirements");
  }
  QB_RETURN_IF_ERROR(
      CheckBuffer(session, input.values()[0], requirements, shape_of(model.graph.inputs[0])));
  for (size_t i = 0; i < 2; ++i) {
    const Layout layout = outputs.values()[i];
    const graph::Shape shape = shape_of(model.graph.outputs[i]);
    QB_RETURN_IF_ERROR(CheckLayout(layout, shape, fmt::format("output {}", i)));
    if (api.GetCompiledModelOutputBufferRequirements(session.compiled(), 0, i, &requirements) !=
        kApiOk) {
      return Wrong("output {} has no buffer requirements", i);
    }
    QB_RETURN_IF_ERROR(CheckBuffer(session, layout, requirements, shape));
  }
  return OkStatus();
}

// --- Options
// --------------------------------------------------------------------------------------

// What is written to standard error while a model is loaded with these options.
Result<std::string> WordsOfLoading(const Library& library, ByteSpan file,
                                   const std::vector<EnvironmentOption>& options) {
  ErrorStream stream;
  const Result<RawSession> session = RawSession::Open(library.api, file, options);
  std::string words = stream.Finish();
  QB_RETURN_IF_ERROR(session.status());
  return words;
}

size_t ThreadsOfProcess() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(threads), end(threads)));
}

// An option that the library does not understand, or reads from another place, has no effect.
Status CheckOptions(const Library& library) {
  QB_ASSIGN_OR_RETURN(const AlignedFile file, AlignedFile::Write(TwoOutputs()));
  const EnvironmentOption silent{kTagMinLoggerSeverity, {kAnyInt, kLoggerSilent}};
  const EnvironmentOption cpu{kTagAutoRegisterAccelerators, {kAnyInt, kAcceleratorCpu}};
  QB_ASSIGN_OR_RETURN(const std::string loud, WordsOfLoading(library, file.bytes(), {cpu}));
  if (loud.empty()) return Wrong("it logs nothing, so that it cannot be seen to be silenced");
  for (const auto& options : {std::vector{silent, cpu}, std::vector{cpu, silent}}) {
    QB_ASSIGN_OR_RETURN(const std::string words, WordsOfLoading(library, file.bytes(), options));
    if (!words.empty()) {
      return Wrong("silenced it logs all the same: {}", words.substr(0, words.find('\n')));
    }
  }
  for (const Kernels kernels : kAllKernels) {
    constexpr uint32_t kThreads = 4;
    const size_t before = ThreadsOfProcess();
    QB_ASSIGN_OR_RETURN(LiteRtModel loaded,
                        LiteRtModel::Load(library.api, file.bytes(), kernels, kThreads));
    QB_RETURN_IF_ERROR(loaded.Invoke());
    const size_t added = ThreadsOfProcess() - before;
    // TensorFlow Lite's reference kernels use one thread whatever they may; the built-in ones start
    // one more than they need.
    if (kernels != Kernels::kReference && (added < kThreads - 1 || added > kThreads)) {
      return Wrong("kernels={} with {} threads starts {} of its own", NameOf(kernels), kThreads,
                   added);
    }
  }
  return OkStatus();
}

// --- The profiler
// ---------------------------------------------------------------------------------

Result<std::vector<ProfilerEvent>> Profile(const Library& library, ByteSpan file, Kernels kernels,
                                           const ProfilerApi& profiler, const Bytes& input,
                                           std::vector<std::string>* tags) {
  QB_ASSIGN_OR_RETURN(LiteRtModel loaded, LiteRtModel::Load(library.api, file, kernels,
                                                            /*threads=*/1, &profiler));
  std::vector<ProfilerEvent> events;
  for (int run = 0; run < 2; ++run) {
    QB_RETURN_IF_ERROR(loaded.SetInput(0, input));
    QB_RETURN_IF_ERROR(loaded.Invoke());
    QB_ASSIGN_OR_RETURN(events, loaded.ProfilerEvents());
  }
  for (const ProfilerEvent& event : events) {  // they live no longer than the model
    if (event.tag == nullptr) return Wrong("an event has no tag");
    tags->emplace_back(event.tag);
  }
  return events;
}

Status CheckEventTimes(const std::vector<ProfilerEvent>& events) {
  constexpr uint64_t kMinute = 60'000'000;
  for (const ProfilerEvent& event : events) {
    // What the plugin reads the time of; other kinds hold other things there.
    if (event.type != kEventOperator && event.type != kEventDelegated) continue;
    if (event.elapsed_us > kMinute) {
      return Wrong("an event took {} us", event.elapsed_us);
    }
  }
  return OkStatus();
}

// Events have the operators' numbers and names in TensorFlow Lite's own kernels, and the delegate's
// steps in XNNPACK.
Status CheckProfile(const Library& library) {
  QB_ASSIGN_OR_RETURN(const ProfilerApi profiler, OpenProfilerApi(library.path));
  const graph::Model model = TwoOutputs();
  QB_ASSIGN_OR_RETURN(const AlignedFile file, AlignedFile::Write(model));
  const Bytes input = SomeValues(model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])]);
  for (const Kernels kernels : kAllKernels) {
    std::vector<std::string> tags;
    QB_ASSIGN_OR_RETURN(const std::vector<ProfilerEvent> events,
                        Profile(library, file.bytes(), kernels, profiler, input, &tags));
    QB_RETURN_IF_ERROR(CheckEventTimes(events).WithContext(NameOf(kernels)));
    std::set<uint64_t> own;
    size_t delegated = 0;
    for (size_t i = 0; i < events.size(); ++i) {
      if (events[i].type == kEventDelegated) ++delegated;
      const uint64_t op = events[i].metadata1;
      if (events[i].type != kEventOperator || op >= model.graph.ops.size()) continue;
      own.insert(op);
      const std::string_view kind = graph::OpKindName(model.graph.ops[op].kind);
      if (tags[i] != kind) return Wrong("operator {} is \"{}\", not {}", op, tags[i], kind);
    }
    const bool delegate = kernels == Kernels::kXnnpack;
    if (delegate ? delegated < 3 : own.size() != model.graph.ops.size() || delegated != 0) {
      return Wrong("kernels={}: {} of {} operators, {} delegated steps", NameOf(kernels),
                   own.size(), model.graph.ops.size(), delegated);
    }
  }
  return OkStatus();
}

}  // namespace

const std::vector<AbiCheck>& AbiChecks() {
  static const std::vector<AbiCheck> checks = {
      {"known_model", "the plugin takes the library", &CheckKnownModel},
      {"float", "a float model gives the right answers in each kernel mode", &CheckFloat},
      {"int8", "an int8 model does", &CheckInt8},
      {"types", "element types have the numbers that are declared", &CheckTypes},
      {"layouts", "layouts and buffers have the declared form and size", &CheckLayouts},
      {"options", "log level, threads and kernel mode have their effect", &CheckOptions},
      {"profile", "the profiler's events have the declared form", &CheckProfile}};
  return checks;
}

}  // namespace qbench::litert
