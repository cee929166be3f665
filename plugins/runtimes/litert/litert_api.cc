#include "plugins/runtimes/litert/litert_api.h"

#include <dlfcn.h>
#include <link.h>

#include <system_error>

#include "plugins/runtimes/litert/elf_header.h"

#include "plugins/runtimes/litert/profiler_api.h"

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

Status WithRemedy(const Status& status) {
  return Error(status.code(),
               "{}; run scripts/setup.sh, or name a libLiteRt.so with --litert-library",
               status.message());
}

// The file that the loader took.
std::filesystem::path PathOf(void* handle, const std::filesystem::path& asked) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map->l_name[0] == '\0') return asked;
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(map->l_name, error);
  return error ? asked : path;
}

}  // namespace

Result<OpenedLibrary> OpenApi(const std::filesystem::path& library) {
  if (library.has_parent_path()) {
    if (const Status status = CheckElfHeader(library); !status.ok()) return WithRemedy(status);
  }
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* error = dlerror();
    const Status status =
        Error(library.has_parent_path() ? StatusCode::kUnsupported : StatusCode::kNotFound, "{}",
              error != nullptr ? error : library.c_str());
    return library.has_parent_path() ? WithRemedy(status) : status;
  }
  OpenedLibrary opened;
  opened.path = PathOf(handle, library);
  Api& api = opened.api;
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
  // LiteRT 2.1 has all these functions too, but with other arguments and options: 2.1.0 aborts.
  // This one, which is not called, came with 2.2.
  void* since_oldest_version = nullptr;
  reader.Read("LiteRtExternalLiteRtBufferContextGetRunOptions", since_oldest_version);
  if (reader.missing() != nullptr) {
    return WithRemedy(Error(StatusCode::kUnsupported,
                            "{} has no function {}: it is older than LiteRT {}, or not LiteRT",
                            opened.path.string(), reader.missing(), kOldestVersion));
  }
  return opened;
}

Result<ProfilerApi> OpenProfilerApi(const std::filesystem::path& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Error(StatusCode::kNotFound, "cannot open {}", library.string());
  ProfilerApi api{};
  SymbolReader reader(handle);
#define QBENCH_LITERT_READ(function) reader.Read("LiteRt" #function, api.function)
  QBENCH_LITERT_READ(CompiledModelGetProfiler);
  QBENCH_LITERT_READ(StartProfiler);
  QBENCH_LITERT_READ(StopProfiler);
  QBENCH_LITERT_READ(ResetProfiler);
  QBENCH_LITERT_READ(GetNumProfilerEvents);
  QBENCH_LITERT_READ(GetProfilerEvents);
#undef QBENCH_LITERT_READ
  if (reader.missing() == nullptr) return api;
  return Error(StatusCode::kNotFound,
               "{} has no function {}, so it cannot be profiled: too old; run scripts/setup.sh",
               library.string(), reader.missing());
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
