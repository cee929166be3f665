#include <algorithm>
#include <tuple>

#include "harness/checks/check_host.h"
#include "harness/checks/checked_object.h"
#include "harness/checks/runtime_checks.h"
#include "harness/host/abi_tables.h"
#include "qbench/profile.h"

namespace qbench::checks {
namespace {

// An extension's table; null where the object has none.
template <typename Table>
Result<const Table*> ExtensionOf(CheckedRuntime& runtime, const char* id) {
  QB_ASSIGN_OR_RETURN(const void* found, runtime.Extension(id));
  const auto* table = static_cast<const Table*>(found);
  if (table != nullptr && !host::IsWhole(*table)) {
    return Broken("the table of {} is truncated", id);
  }
  return table;
}

// An event but for its time.
using Step = std::tuple<int32_t, int32_t, std::string>;

Result<std::vector<Step>> StepsOf(const qbench_runtime_profile& profile, CheckedRuntime& runtime,
                                  int32_t operators) {
  const auto* object = static_cast<const qbench_runtime*>(runtime.table());
  const uint32_t count = profile.event_count(object);
  std::vector<Step> steps;
  std::vector<bool> seen(static_cast<size_t>(operators));
  for (uint32_t i = 0; i < count; ++i) {
    const qbench_profile_event* event = profile.event(object, i);
    if (event == nullptr || !host::IsWhole(*event) || event->name == nullptr) {
      return Broken("event {} of {} is null, truncated or has no name", i, count);
    }
    if (event->op < -1 || event->op >= operators || event->partition < -1) {
      return Broken("event {} is of operator {} of {}, partition {}", i, event->op, operators,
                    event->partition);
    }
    if (event->op >= 0) seen[static_cast<size_t>(event->op)] = true;
    steps.emplace_back(event->op, event->partition, event->name);
  }
  if (profile.event(object, count) != nullptr)
    return Broken("event {} of {} is not null", count, count);
  const auto missing = std::ranges::find(seen, false);
  if (missing == seen.end()) return steps;
  return Broken("operator {} of {} has no event", missing - seen.begin(), operators);
}

}  // namespace

Status CheckOutputView(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Loaded(context, host.host(), model));
  QB_ASSIGN_OR_RETURN(const auto* view, ExtensionOf<qbench_runtime_output_view>(
                                            *runtime, QBENCH_RUNTIME_OUTPUT_VIEW));
  if (view == nullptr) {
    context.Skip("it has no such extension");
    return OkStatus();
  }
  graph::Random random(context.seed);
  for (int invoke = 1; invoke <= 3; ++invoke) {
    QB_ASSIGN_OR_RETURN(const std::vector<Bytes> outputs, runtime->Run(model.RandomInputs(random)));
    for (uint32_t i = 0; i < outputs.size(); ++i) {
      const void* data = nullptr;
      QB_RETURN_IF_ERROR(Must(runtime->View(*view, i, &data), "view()"));
      if (data == nullptr) return Broken("view() of output {} gave QBENCH_OK and null", i);
      const auto* bytes = static_cast<const uint8_t*>(data);
      if (!std::equal(outputs[i].begin(), outputs[i].end(), bytes)) {
        return Broken("view() of output {} is not what get_output() gives, in invoke {}", i,
                      invoke);
      }
    }
    const void* data = nullptr;
    const auto beyond = static_cast<uint32_t>(outputs.size());
    QB_RETURN_IF_ERROR(MustRefuse(runtime->View(*view, beyond, &data), {QBENCH_INVALID_ARGUMENT},
                                  "view() of an output that there is not"));
  }
  return OkStatus();
}

Status CheckProfile(CheckContext& context) {
  const CheckHost host(context);
  QB_ASSIGN_OR_RETURN(const TestModel model, TestModel::Read(context.files->model));
  QB_ASSIGN_OR_RETURN(const auto runtime, CheckedRuntime::Create(context, host.host()));
  QB_RETURN_IF_ERROR(Must(runtime->Init(), "init()"));
  QB_ASSIGN_OR_RETURN(const auto* profile,
                      ExtensionOf<qbench_runtime_profile>(*runtime, QBENCH_RUNTIME_PROFILE));
  if (profile == nullptr) {
    context.Skip("it has no such extension");
    return OkStatus();
  }
  const Answer enabled = runtime->EnableProfile(*profile);
  if (!enabled.ok()) {
    QB_RETURN_IF_ERROR(
        MustRefuse(enabled, {QBENCH_UNSUPPORTED, QBENCH_UNAVAILABLE}, "enable() of the profile"));
    context.Skip(enabled.error);
    return OkStatus();
  }
  QB_RETURN_IF_ERROR(Must(runtime->GiveModel(model), "load()"));
  const auto* object = static_cast<const qbench_runtime*>(runtime->table());
  if (profile->event_count(object) != 0)
    return Broken("there are events before the first invoke()");
  if (profile->resolution_ns(object) < 1) return Broken("resolution_ns() is 0");
  graph::Random random(context.seed);
  std::vector<Step> first;
  for (int invoke = 1; invoke <= 4; ++invoke) {
    QB_ASSIGN_OR_RETURN(const auto outputs, runtime->Run(model.RandomInputs(random)));
    QB_ASSIGN_OR_RETURN(std::vector<Step> steps, StepsOf(*profile, *runtime, model.info.operators));
    if (invoke == 1)
      first = std::move(steps);
    else if (steps != first)
      return Broken("invoke {} has other events than the first", invoke);
  }
  return OkStatus();
}

}  // namespace qbench::checks
