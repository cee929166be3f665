#include "harness/checks/check_context.h"

#include <algorithm>
#include <thread>

#include "base/files.h"
#include "harness/checks/random_operator.h"

namespace qbench::checks {

Result<TestModel> TestModel::Read(const std::filesystem::path& file) {
  QB_ASSIGN_OR_RETURN(const Bytes content, ReadFile(file));
  TestModel model;
  QB_ASSIGN_OR_RETURN(model.info, graph::InspectTflite(content));
  QB_ASSIGN_OR_RETURN(model.bytes, GuardedBytes::ReadOnly(content, 64));
  return model;
}

std::vector<Bytes> TestModel::RandomInputs(graph::Random& random) const {
  std::vector<Bytes> inputs;
  for (const graph::TfliteTensorInfo& tensor : info.inputs) {
    inputs.push_back(graph::RandomValues(tensor.type, tensor.shape, random));
  }
  return inputs;
}

void ServiceCounter::Enter(std::string_view plugin, host::Phase phase) noexcept {
  if (phase == host::Phase::kNone) ++calls_;
  next_.Enter(plugin, phase);
}

std::string_view StatusName(qbench_status status) {
  constexpr std::string_view kNames[] = {
      "QBENCH_OK",        "QBENCH_INVALID_ARGUMENT", "QBENCH_UNSUPPORTED", "QBENCH_OUT_OF_MEMORY",
      "QBENCH_CANCELLED", "QBENCH_UNAVAILABLE",      "QBENCH_INTERNAL",    "QBENCH_HOST_ERROR"};
  const auto index = static_cast<size_t>(status);
  return index < std::size(kNames) ? kNames[index] : "a status that the ABI does not have";
}

Status Must(const Answer& answer, std::string_view what) {
  if (!answer.broken.ok()) return answer.broken.WithContext(what);
  if (answer.ok()) return OkStatus();
  return Broken("{} gave {}: {}", what, StatusName(answer.status),
                answer.error.empty() ? "(no reason)" : answer.error);
}

Status MustRefuse(const Answer& answer, std::initializer_list<qbench_status> statuses,
                  std::string_view what) {
  if (!answer.broken.ok()) return answer.broken.WithContext(what);
  if (answer.ok()) return Broken("{} was accepted", what);
  if (statuses.size() == 0 && answer.status == QBENCH_CANCELLED) {
    return Broken("{} gave QBENCH_CANCELLED though nobody asked it to stop", what);
  }
  if (statuses.size() > 0 && std::ranges::find(statuses, answer.status) == statuses.end()) {
    std::string wanted;
    for (const qbench_status status : statuses) {
      if (!wanted.empty()) wanted += " or ";
      wanted += StatusName(status);
    }
    return Broken("{} gave {} (\"{}\") instead of {}", what, StatusName(answer.status),
                  answer.error, wanted);
  }
  if (!answer.error.empty()) return OkStatus();
  return Broken("{} gave {} and an empty last_error()", what, StatusName(answer.status));
}

Status MustNameForeignOperator(const Answer& answer) {
  const std::string code = std::to_string(kForeignOperatorCode);
  if (answer.error.find(kForeignOperator) != std::string::npos ||
      answer.error.find(code) != std::string::npos) {
    return OkStatus();
  }
  return Broken("last_error() does not name the operator {} ({}): \"{}\"", kForeignOperator, code,
                answer.error);
}

Status OnThreads(int count, const std::function<Status(int)>& function) {
  std::vector<Status> results(static_cast<size_t>(count));
  std::vector<std::thread> threads;
  threads.reserve(results.size());
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] { results[static_cast<size_t>(i)] = function(i); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& result : results) QB_RETURN_IF_ERROR(result);
  return OkStatus();
}

}  // namespace qbench::checks
