// How the host calls into a plugin and believes what it says: internal to harness/host,
// harness/checks and the worker.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "base/status.h"
#include "harness/host/call_observer.h"
#include "qbench/abi.h"

namespace qbench::host {

// Tables and texts of a plugin are read only this far.
inline constexpr size_t kMaxTextBytes = 4096;

// The plugin's text, which may be null, endless, of several lines or not UTF-8, as one line.
std::string OneLine(const char* text);

// "<plugin>: <text of last_error>", or what the status means where the text is empty. A status that
// the ABI does not have, or that makes no sense in this phase, is kInternal and named as that.
// QBENCH_CANCELLED is kCancelled: whoever knows says whether it was asked for.
Status FromAbi(qbench_status status, std::string_view plugin, Phase phase, const char* last_error);

// The plugin answered with what makes no sense in this phase; `text` (may be empty) is its reason.
Status Senseless(std::string_view plugin, Phase phase, std::string_view meaning,
                 std::string_view text);

// For a caller who knows that no service of the host failed: a `status` of FromAbi that says that
// one did becomes Senseless.
Status FailedService(std::string_view plugin, Phase phase, const Status& status);

Status ThrewException(std::string_view plugin, Phase phase, std::string_view what);

// Calls `function` (into `plugin`, in `phase`), told to `observer` where there is one; `result`
// gets what it returns. An exception that comes out is kInternal.
template <typename T, typename Function>
Status CallUnchecked(CallObserver* observer, std::string_view plugin, Phase phase, T& result,
                     Function&& function) {
  if (observer != nullptr) observer->Enter(plugin, phase);
  Status status;
  try {
    result = function();
  } catch (const std::exception& exception) {
    status = ThrewException(plugin, phase, exception.what());
  } catch (...) {
    status = ThrewException(plugin, phase, "not a std::exception");
  }
  if (observer != nullptr) observer->Leave();
  return status;
}

// The same, and asks the observer whether the process is still whole.
template <typename T, typename Function>
Status Call(CallObserver* observer, std::string_view plugin, Phase phase, T& result,
            Function&& function) {
  Status status = CallUnchecked(observer, plugin, phase, result, function);
  if (observer == nullptr) return status;
  Status broken = observer->Check(plugin, phase);
  return broken.ok() ? status : broken;
}

// Calls a function of an ABI object that returns a qbench_status, and turns a failure into a
// Status with the object's last_error(), read under the same protection.
template <typename Object, typename Function>
Status CallObject(CallObserver* observer, std::string_view plugin, Phase phase, Object* object,
                  Function&& function) {
  qbench_status code = QBENCH_INTERNAL;
  QB_RETURN_IF_ERROR(Call(observer, plugin, phase, code, function));
  if (code == QBENCH_OK) return OkStatus();
  const char* text = nullptr;
  QB_RETURN_IF_ERROR(
      Call(observer, plugin, phase, text, [&] { return object->last_error(object); }));
  return FromAbi(code, plugin, phase, text);
}

}  // namespace qbench::host
