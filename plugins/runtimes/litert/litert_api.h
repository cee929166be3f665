// The part of LiteRT's C API that qbench uses, declared here and looked up in libLiteRt.so at run
// time, so that building needs no LiteRT and a missing library is a message and not a link error.
// Types and signatures are those of LiteRT 2.x's public C headers (litert/c).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "base/status.h"

namespace qbench::litert {

// Objects of the library, handled by address alone.
using Environment = struct EnvironmentTag*;
using Model = struct ModelTag*;
using Options = struct OptionsTag*;
using OpaqueOptions = struct OpaqueOptionsTag*;
using CompiledModel = struct CompiledModelTag*;
using BufferRequirements = struct BufferRequirementsTag*;
using TensorBuffer = struct TensorBufferTag*;

using ApiStatus = int;  // 0: ok
inline constexpr ApiStatus kApiOk = 0;
inline constexpr ApiStatus kApiInvalidArgument = 1;
inline constexpr ApiStatus kApiMemoryAllocation = 2;
inline constexpr ApiStatus kApiRuntimeFailure = 3;
inline constexpr ApiStatus kApiUnsupported = 5;
inline constexpr ApiStatus kApiInvalidFlatbuffer = 501;

// An option of the environment: a tag and a tagged value.
struct Any {
  int32_t type = 0;
  int64_t int_value = 0;  // the library's is a union of eight bytes
};
struct EnvironmentOption {
  int32_t tag = 0;
  Any value;
};
static_assert(sizeof(EnvironmentOption) == 24);
inline constexpr int32_t kAnyInt = 2;
inline constexpr int32_t kTagAutoRegisterAccelerators = 24;
inline constexpr int32_t kTagMinLoggerSeverity = 25;
inline constexpr int64_t kLoggerSilent = 4;
inline constexpr int32_t kAcceleratorCpu = 1;

inline constexpr size_t kMaxRank = 8;
struct Layout {
  unsigned int rank : 7;
  bool has_strides : 1;
  std::array<int32_t, kMaxRank> dimensions;
  std::array<uint32_t, kMaxRank> strides;
};
struct RankedTensorType {
  int32_t element_type;  // numbered as TensorFlow Lite's TfLiteType
  Layout layout;
};
static_assert(sizeof(RankedTensorType) == 72);

inline constexpr int32_t kLockRead = 0;
inline constexpr int32_t kLockWrite = 1;

// Every function that qbench calls. The members are named as the library's symbols, without their
// prefix "LiteRt".
struct Api {
  ApiStatus (*CreateEnvironment)(int count, const EnvironmentOption* options, Environment* out);
  void (*DestroyEnvironment)(Environment);
  ApiStatus (*CreateModelFromBuffer)(Environment, const void* data, size_t size, Model* out);
  void (*DestroyModel)(Model);
  ApiStatus (*CreateOptions)(Options* out);
  void (*DestroyOptions)(Options);
  ApiStatus (*SetOptionsHardwareAccelerators)(Options, int32_t accelerators);
  ApiStatus (*CreateOpaqueOptions)(const char* id, void* payload, void (*deleter)(void*),
                                   OpaqueOptions* out);
  ApiStatus (*AddOpaqueOptions)(Options, OpaqueOptions);
  ApiStatus (*CreateCompiledModel)(Environment, Model, Options, CompiledModel* out);
  void (*DestroyCompiledModel)(CompiledModel);
  ApiStatus (*GetCompiledModelInputTensorLayout)(CompiledModel, size_t signature, size_t index,
                                                 Layout* out);
  ApiStatus (*GetCompiledModelOutputTensorLayouts)(CompiledModel, size_t signature, size_t count,
                                                   Layout* out, bool update_allocation);
  ApiStatus (*GetCompiledModelInputBufferRequirements)(CompiledModel, size_t signature,
                                                       size_t index, BufferRequirements* out);
  ApiStatus (*GetCompiledModelOutputBufferRequirements)(CompiledModel, size_t signature,
                                                        size_t index, BufferRequirements* out);
  ApiStatus (*CreateManagedTensorBufferFromRequirements)(Environment, const RankedTensorType*,
                                                         BufferRequirements, TensorBuffer* out);
  void (*DestroyTensorBuffer)(TensorBuffer);
  ApiStatus (*GetTensorBufferPackedSize)(TensorBuffer, size_t* out);
  ApiStatus (*LockTensorBuffer)(TensorBuffer, void** address, int32_t mode);
  ApiStatus (*UnlockTensorBuffer)(TensorBuffer);
  ApiStatus (*RunCompiledModel)(CompiledModel, size_t signature, size_t input_count,
                                TensorBuffer* inputs, size_t output_count, TensorBuffer* outputs);
};

// The oldest LiteRT whose library has these functions with these signatures and options.
inline constexpr const char* kOldestVersion = "2.2.0";

// The library, open: it stays so until the process ends, since threads of its pool may.
struct OpenedLibrary {
  Api api{};
  std::filesystem::path path;  // where the loader found it
};

// Opens the library, looked for by the system's loader where `library` has no folder, and looks up
// every function. kNotFound: the loader found none. kUnsupported: the file is no library or not one
// for this machine, or a function is missing (named), so the library is too old or not LiteRT.
Result<OpenedLibrary> OpenApi(const std::filesystem::path& library);

// "runtime failure (3)".
std::string ApiStatusText(ApiStatus status);

}  // namespace qbench::litert
