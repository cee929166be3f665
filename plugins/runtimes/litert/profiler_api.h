// The profiler of LiteRT's C API: what is needed to see where the time of a run goes. Apart from
// the rest of the API, since a library without it still runs models.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plugins/runtimes/litert/litert_api.h"

namespace qbench::litert {

using Profiler = struct ProfilerTag*;

// LiteRtProfiledEventData, as LiteRT 2.3 has it.
struct ProfilerEvent {
  const char* tag;  // lives as long as the profiler
  int32_t type;     // kEvent…
  uint64_t start_us;
  uint64_t elapsed_us;  // whole microseconds
  std::array<size_t, 3> memory_begin;
  std::array<size_t, 3> memory_end;
  uint64_t metadata1;
  uint64_t metadata2;
  int32_t source;
};
static_assert(sizeof(ProfilerEvent) == 104);
inline constexpr int32_t kEventOperator = 2;   // metadata1: the operator's index in the file
inline constexpr int32_t kEventDelegated = 8;  // metadata1: the step's index in its partition

struct ProfilerApi {
  ApiStatus (*CompiledModelGetProfiler)(CompiledModel, Profiler* out);
  ApiStatus (*StartProfiler)(Profiler);
  ApiStatus (*StopProfiler)(Profiler);
  ApiStatus (*ResetProfiler)(Profiler);
  ApiStatus (*GetNumProfilerEvents)(Profiler, int* out);
  ApiStatus (*GetProfilerEvents)(Profiler, int count, ProfilerEvent* out);
};

// Of a library that OpenApi has opened. kNotFound: it lacks a function (named), so it is too old to
// be profiled.
Result<ProfilerApi> OpenProfilerApi(const std::filesystem::path& library);

}  // namespace qbench::litert
