#include "harness/host/plugin_calls.h"

#include <cstring>

#include "base/json.h"
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

// Bytes that are not UTF-8 become U+FFFD.
std::string ValidUtf8(const std::string& text) {
  const std::string quoted = DumpJson(Json(text));
  const Result<Json> back = ParseJson(quoted);
  return back.ok() ? back->get<std::string>() : std::string();
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
  if (text == nullptr) return {};
  std::string line(text, strnlen(text, kMaxTextBytes));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return ValidUtf8(line);
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
  if (text.empty()) {
    return Error(FromAbiStatus(status), "{}'s {} failed ({}) and gave no reason", plugin,
                 PhaseName(phase), meaning);
  }
  return Error(FromAbiStatus(status), "{}: {}", plugin, text);
}

Status ThrewException(std::string_view plugin, Phase phase, std::string_view what) {
  return Error(StatusCode::kInternal, "{}'s {} threw an exception across the ABI: {}", plugin,
               PhaseName(phase), OneLine(std::string(what).c_str()));
}

}  // namespace qbench::host
