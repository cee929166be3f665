// LiteRT's objects as its own functions make them, without qbench's LiteRtModel around them.
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "plugins/runtimes/litert/litert_api.h"

namespace qbench::litert {

// Silent, and the processor alone: what the plugin asks for.
std::vector<EnvironmentOption> DefaultEnvironment();

// A model compiled with defaults for the processor. Owns the objects.
class RawSession {
 public:
  // `file` outlives it.
  static Result<RawSession> Open(const Api& api, ByteSpan file,
                                 const std::vector<EnvironmentOption>& environment);
  RawSession(RawSession&& other) noexcept
      : api_(other.api_),
        environment_(std::exchange(other.environment_, nullptr)),
        model_(std::exchange(other.model_, nullptr)),
        options_(std::exchange(other.options_, nullptr)),
        compiled_(std::exchange(other.compiled_, nullptr)) {}
  RawSession& operator=(RawSession&&) = delete;
  ~RawSession();

  const Api& api() const { return api_; }
  Environment environment() const { return environment_; }
  CompiledModel compiled() const { return compiled_; }

 private:
  explicit RawSession(const Api& api) : api_(api) {}
  Api api_;
  Environment environment_ = nullptr;
  Model model_ = nullptr;
  Options options_ = nullptr;
  CompiledModel compiled_ = nullptr;
};

// Everything that is written to standard error until Finish. One at a time, one thread.
class ErrorStream {
 public:
  ErrorStream();
  ~ErrorStream();
  std::string Finish();

 private:
  int saved_ = -1;
  std::FILE* file_ = nullptr;
};

}  // namespace qbench::litert
