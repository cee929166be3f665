// What a check has at hand, and how it says what it found. Internal to harness/checks and the
// worker's job that runs a check.
#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "graph/random.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/checks/check_list.h"
#include "harness/checks/guarded_bytes.h"
#include "harness/host/inference_service.h"
#include "harness/host/plugin_host.h"
#include "harness/host/plugin_library.h"

namespace qbench::checks {

// A model file in memory as the ABI hands it over: aligned, read-only, with nothing readable behind
// it. `info` is what the file says of its inputs and outputs.
struct TestModel {
  GuardedBytes bytes;
  graph::TfliteInfo info;

  static Result<TestModel> Read(const std::filesystem::path& file);
  // Bytes for every input.
  std::vector<Bytes> RandomInputs(graph::Random& random) const;
};

// Passes calls on to the worker's observer, and counts the host's services that a plugin called.
class ServiceCounter : public host::CallObserver {
 public:
  explicit ServiceCounter(host::CallObserver& next) : next_(next) {}
  void Enter(std::string_view plugin, host::Phase phase) noexcept override;
  void Leave() noexcept override { next_.Leave(); }
  Status Check(std::string_view plugin, host::Phase phase) override {
    return next_.Check(plugin, phase);
  }
  void CountOne() noexcept { ++calls_; }
  uint64_t calls() const { return calls_; }

 private:
  host::CallObserver& next_;
  std::atomic<uint64_t> calls_ = 0;
};

// The plugin that is checked. Members that are pointers may be null where their comment says so.
class CheckContext {
 public:
  host::PluginLibrary* library = nullptr;
  const host::PluginDescriptor* descriptor = nullptr;
  std::vector<host::Option> options;  // the user's, of every object that a check makes
  ServiceCounter* observer = nullptr;
  const CheckFiles* files = nullptr;
  uint32_t seed = 1;
  const host::SampleSource* samples = nullptr;  // null: none
  // Makes a calibration runtime for one object; null: there is none.
  std::function<std::unique_ptr<host::InferenceService>(const qbench_host*)> make_inference;
  std::filesystem::path folder;  // for what a quantizer emits

  std::function<void(const std::string&)> step;  // called by Step

  const std::string& id() const { return descriptor->id; }
  // What is tried now, so that it is known where a crash happened.
  void Step(const std::string& what) const { step(what); }
  // Something that is no failure, or why the check could not be tried; the first counts.
  void Note(std::string text) { Say(Verdict::kNote, std::move(text)); }
  void Skip(std::string text) { Say(Verdict::kSkipped, std::move(text)); }
  const Finding& finding() const { return finding_; }

 private:
  void Say(Verdict verdict, std::string text) {
    if (finding_.verdict == Verdict::kOk) finding_ = {verdict, std::move(text)};
  }
  Finding finding_;
};

// The plugin broke a rule: Broken("output {} changed", i).
template <typename... Args>
Status Broken(fmt::format_string<Args...> format, Args&&... args) {
  return {StatusCode::kInternal, fmt::format(format, std::forward<Args>(args)...)};
}

// What a plugin's function answered.
struct Answer {
  qbench_status status = QBENCH_OK;
  std::string error;  // last_error(), on one line
  // The call broke the ABI: an exception, a status that there is not, closed descriptors, a
  // last_error() that is null.
  Status broken;

  bool ok() const { return broken.ok() && status == QBENCH_OK; }
};

// "QBENCH_INVALID_ARGUMENT".
std::string_view StatusName(qbench_status status);

// OK where the answer is QBENCH_OK; `what`: "load() of a sound model".
Status Must(const Answer& answer, std::string_view what);
// OK where the answer is one of `statuses` (none: any failure) with a reason.
Status MustRefuse(const Answer& answer, std::initializer_list<qbench_status> statuses,
                  std::string_view what);

// OK where the reason names the operator of the foreign model.
Status MustNameForeignOperator(const Answer& answer);

// Runs `function` on `count` threads at once, each with its number; the first failure.
Status OnThreads(int count, const std::function<Status(int)>& function);

}  // namespace qbench::checks
