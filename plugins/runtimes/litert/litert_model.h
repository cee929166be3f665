// A model compiled by LiteRT, with its input and output buffers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/tflite/tflite_reader.h"
#include "plugins/runtimes/litert/litert_library.h"
#include "plugins/runtimes/litert/profiler_api.h"

namespace qbench::litert {

enum class Kernels {
  kXnnpack,    // the XNNPACK delegate takes what it can: LiteRT's default
  kBuiltin,    // TensorFlow Lite's own optimized kernels
  kReference,  // TensorFlow Lite's reference kernels: slow
};

// One thread at a time. Each object has an environment and a compiled model of its own: one
// compiled model shared by two threads gives wrong outputs without an error.
class LiteRtModel {
 public:
  // `bytes` must outlive the object and be aligned to 64. kCorrupt: not a sound .tflite file.
  // kUnsupported: LiteRT cannot compile or allocate it; the message ends with what LiteRT says
  // itself (stderr_capture.h: a load that fails is repeated for that). With `profiler` (may be
  // null) each Invoke is profiled, which costs time and memory.
  static Result<LiteRtModel> Load(const Api& api, ByteSpan bytes, Kernels kernels, uint32_t threads,
                                  const ProfilerApi* profiler = nullptr);
  LiteRtModel(LiteRtModel&&) noexcept;
  LiteRtModel& operator=(LiteRtModel&&) noexcept;
  ~LiteRtModel();

  const std::vector<graph::TfliteTensorInfo>& inputs() const;
  const std::vector<graph::TfliteTensorInfo>& outputs() const;

  // `data` has exactly the tensor's bytes (checked: kInvalidArgument).
  Status SetInput(size_t index, ByteSpan data);
  // Where the output of the latest Invoke is, until the next SetInput or Invoke.
  Result<ByteSpan> ViewOutput(size_t index);
  Status Invoke();
  // What the profiler saw of the latest Invoke; once an Invoke. The tags live until the next one.
  Result<std::vector<ProfilerEvent>> ProfilerEvents();

 private:
  struct Impl;
  struct LoadOptions {
    Kernels kernels = Kernels::kXnnpack;
    uint32_t threads = 1;
    const ProfilerApi* profiler = nullptr;
  };
  static Result<LiteRtModel> Prepare(const Api& api, ByteSpan bytes, const graph::TfliteInfo& info,
                                     const LoadOptions& options);
  static Status Explain(const Status& failure, const Api& api, ByteSpan bytes,
                        const graph::TfliteInfo& info, const LoadOptions& options);
  Status ExplainRun(const Status& failure);
  explicit LiteRtModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qbench::litert
