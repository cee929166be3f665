#include "plugins/runtimes/litert/litert_api.h"

#include <dlfcn.h>

namespace qbench::litert {
namespace {

// Looks symbols up one after the other and remembers the first that is missing.
class SymbolReader {
 public:
  explicit SymbolReader(void* library) : library_(library) {}

  template <typename Function>
  void Read(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    if (function == nullptr && missing_ == nullptr) missing_ = name;
  }
  const char* missing() const { return missing_; }

 private:
  void* library_;
  const char* missing_ = nullptr;
};

}  // namespace

Result<Api> OpenApi(const std::filesystem::path& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* error = dlerror();
    return Error(StatusCode::kNotFound, "cannot open LiteRT's library: {}",
                 error != nullptr ? error : library.c_str());
  }
  Api api{};
  SymbolReader reader(handle);
#define QBENCH_LITERT_READ(function) reader.Read("LiteRt" #function, api.function)
  QBENCH_LITERT_READ(CreateEnvironment);
  QBENCH_LITERT_READ(DestroyEnvironment);
  QBENCH_LITERT_READ(CreateModelFromBuffer);
  QBENCH_LITERT_READ(DestroyModel);
  QBENCH_LITERT_READ(CreateOptions);
  QBENCH_LITERT_READ(DestroyOptions);
  QBENCH_LITERT_READ(SetOptionsHardwareAccelerators);
  QBENCH_LITERT_READ(CreateOpaqueOptions);
  QBENCH_LITERT_READ(AddOpaqueOptions);
  QBENCH_LITERT_READ(CreateCompiledModel);
  QBENCH_LITERT_READ(DestroyCompiledModel);
  QBENCH_LITERT_READ(GetCompiledModelInputTensorLayout);
  QBENCH_LITERT_READ(GetCompiledModelOutputTensorLayouts);
  QBENCH_LITERT_READ(GetCompiledModelInputBufferRequirements);
  QBENCH_LITERT_READ(GetCompiledModelOutputBufferRequirements);
  QBENCH_LITERT_READ(CreateManagedTensorBufferFromRequirements);
  QBENCH_LITERT_READ(DestroyTensorBuffer);
  QBENCH_LITERT_READ(GetTensorBufferPackedSize);
  QBENCH_LITERT_READ(LockTensorBuffer);
  QBENCH_LITERT_READ(UnlockTensorBuffer);
  QBENCH_LITERT_READ(RunCompiledModel);
#undef QBENCH_LITERT_READ
  if (reader.missing() != nullptr) {
    return Error(StatusCode::kUnsupported,
                 "{} has no function {}: too old, or not LiteRT; run scripts/setup.sh",
                 library.string(), reader.missing());
  }
  return api;
}

std::string ApiStatusText(ApiStatus status) {
  switch (status) {
    case kApiInvalidArgument:
      return "invalid argument (1)";
    case kApiMemoryAllocation:
      return "out of memory (2)";
    case kApiRuntimeFailure:
      return "runtime failure (3)";
    case kApiUnsupported:
      return "unsupported (5)";
    case kApiInvalidFlatbuffer:
      return "invalid flatbuffer (501)";
    default:
      return fmt::format("status {}", status);
  }
}

}  // namespace qbench::litert
