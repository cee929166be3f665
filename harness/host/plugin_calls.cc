#include "harness/host/plugin_calls.h"

#include <cstring>

#include "base/one_line.h"
#include "harness/host/plugin_library.h"

namespace qbench::host {
namespace {

std::string_view AbiStatusText(qbench_status status) {
  switch (status) {
    case QBENCH_INVALID_ARGUMENT:
      return "invalid argument";
    case QBENCH_UNSUPPORTED:
      return "unsupported";
    case QBENCH_OUT_OF_MEMORY:
      return "out of memory";
    case QBENCH_CANCELLED:
      return "cancelled";
    case QBENCH_UNAVAILABLE:
      return "not available here";
    case QBENCH_INTERNAL:
      return "internal error";
    case QBENCH_HOST_ERROR:
      return "a service of the host failed";
    default:
      return {};
  }
}

// Whether the ABI lets a function of this phase answer so. QBENCH_HOST_ERROR of init and quantize
// makes sense where a service was called that failed, which the caller knows.
bool MakesSense(qbench_status status, Phase phase) {
  const bool works = phase == Phase::kInit || phase == Phase::kLoad || phase == Phase::kQuantize ||
                     phase == Phase::kInvoke || phase == Phase::kProfile;
  switch (status) {
    case QBENCH_UNSUPPORTED:
    case QBENCH_CANCELLED:
      return works;
    case QBENCH_UNAVAILABLE:
      return works || phase == Phase::kProbe || phase == Phase::kCreate || phase == Phase::kEntry;
    case QBENCH_HOST_ERROR:
      return phase == Phase::kInit || phase == Phase::kQuantize;
    default:
      return true;
  }
}

}  // namespace

std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kNone:
      return "host";
    case Phase::kOpen:
      return "loading";
    case Phase::kEntry:
      return "plugin entry";
    case Phase::kProbe:
      return "probe";
    case Phase::kCreate:
      return "create";
    case Phase::kInit:
      return "init";
    case Phase::kLoad:
      return "load";
    case Phase::kQuantize:
      return "quantize";
    case Phase::kSetInput:
      return "set_input";
    case Phase::kInvoke:
      return "invoke";
    case Phase::kGetOutput:
      return "get_output";
    case Phase::kFacts:
      return "facts";
    case Phase::kProfile:
      return "profile";
    case Phase::kDestroy:
      return "destroy";
  }
  return "unknown phase";
}

std::string OneLine(const char* text) {
  return text == nullptr ? std::string() : SafeLine({text, strnlen(text, kMaxTextBytes)});
}

StatusCode FromAbiStatus(qbench_status status) {
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
      return StatusCode::kIo;
    default:
      return StatusCode::kInternal;
  }
}

Status FromAbi(qbench_status status, std::string_view plugin, Phase phase, const char* last_error) {
  if (status == QBENCH_OK) return OkStatus();
  const std::string_view meaning = AbiStatusText(status);
  if (meaning.empty()) {
    return Error(StatusCode::kInternal, "{}'s {} returned status {}, which the ABI does not have",
                 plugin, PhaseName(phase), status);
  }
  const std::string text = OneLine(last_error);
  if (!MakesSense(status, phase)) return Senseless(plugin, phase, meaning, text);
  if (status == QBENCH_CANCELLED) {
    return Error(StatusCode::kCancelled, "{}'s {} said cancelled{}", plugin, PhaseName(phase),
                 text.empty() ? text : " (" + text + ")");
  }
  if (text.empty()) {
    return Error(FromAbiStatus(status), "{}'s {} failed ({}) and gave no reason", plugin,
                 PhaseName(phase), meaning);
  }
  return Error(FromAbiStatus(status), "{}: {}", plugin, text);
}

Status Senseless(std::string_view plugin, Phase phase, std::string_view meaning,
                 std::string_view text) {
  return Error(StatusCode::kInternal,
               "{}'s {} said \"{}\", which makes no sense there{}{}: report this to the plugin's "
               "author",
               plugin, PhaseName(phase), meaning, text.empty() ? "" : ": ", text);
}

Status FailedService(std::string_view plugin, Phase phase, const Status& status) {
  if (status.code() != StatusCode::kIo) return status;
  return Senseless(plugin, phase, AbiStatusText(QBENCH_HOST_ERROR), status.message());
}

Status ThrewException(std::string_view plugin, Phase phase, std::string_view what) {
  return Error(StatusCode::kInternal, "{}'s {} threw an exception across the ABI: {}", plugin,
               PhaseName(phase), OneLine(std::string(what).c_str()));
}

}  // namespace qbench::host
