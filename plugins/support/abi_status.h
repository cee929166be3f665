// How the project's status codes and the ABI's correspond, and the guard that keeps exceptions from
// crossing the boundary: every function that a plugin exports runs its body in Guard().
#pragma once

#include <concepts>
#include <exception>
#include <new>

#include "base/status.h"
#include "qbench/abi.h"

namespace qbench::plugin {

constexpr qbench_status ToAbi(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return QBENCH_OK;
    case StatusCode::kInvalidArgument:
    case StatusCode::kCorrupt:
      return QBENCH_INVALID_ARGUMENT;
    case StatusCode::kUnsupported:
      return QBENCH_UNSUPPORTED;
    case StatusCode::kOutOfMemory:
      return QBENCH_OUT_OF_MEMORY;
    case StatusCode::kCancelled:
      return QBENCH_CANCELLED;
    case StatusCode::kNotFound:
      return QBENCH_UNAVAILABLE;
    case StatusCode::kCrashed:  // inside a plugin: a host service failed (see FromAbi)
      return QBENCH_HOST_ERROR;
    default:
      return QBENCH_INTERNAL;
  }
}

// ToAbi(FromAbi(s)) == s, so that a host service's status is handed on as it is.
constexpr StatusCode FromAbi(qbench_status status) {
  switch (status) {
    case QBENCH_OK:
      return StatusCode::kOk;
    case QBENCH_INVALID_ARGUMENT:
      return StatusCode::kInvalidArgument;
    case QBENCH_UNSUPPORTED:
      return StatusCode::kUnsupported;
    case QBENCH_OUT_OF_MEMORY:
      return StatusCode::kOutOfMemory;
    case QBENCH_CANCELLED:
      return StatusCode::kCancelled;
    case QBENCH_UNAVAILABLE:
      return StatusCode::kNotFound;
    case QBENCH_HOST_ERROR:
      return StatusCode::kCrashed;
    default:
      return StatusCode::kInternal;
  }
}

// Runs `body` (which returns a Status) and turns an exception into one.
template <std::invocable Body>
Status Guard(Body&& body) noexcept {
  try {
    try {
      return body();
    } catch (const std::bad_alloc&) {
      return Status(StatusCode::kOutOfMemory, "out of memory");
    } catch (const std::exception& error) {
      return Status(StatusCode::kInternal, error.what());
    } catch (...) {
      return Status(StatusCode::kInternal, "an unknown exception");
    }
  } catch (...) {  // no memory for the message
    return Status(StatusCode::kOutOfMemory, {});
  }
}

}  // namespace qbench::plugin
