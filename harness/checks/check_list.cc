#include "harness/checks/check_list.h"

#include <algorithm>
#include <iterator>

#include "harness/checks/entry_checks.h"
#include "harness/checks/quantizer_checks.h"
#include "harness/checks/runtime_checks.h"

namespace qbench::checks {
namespace {

constexpr Check kRuntimeChecks[] = {
    {"exports", CheckExports},
    {"factory_ids", CheckFactoryIds},
    {"descriptors", CheckDescriptors},
    {"unknown_id", CheckUnknownId},
    {"probe", CheckProbe},
    {"create_calls_no_service", CheckCreateCallsNoService},
    {"factory_threads", CheckFactoryThreads},
    {"destroy_in_any_state", CheckDestroyInAnyState},
    {"last_error", CheckLastError},
    {"unknown_extension", CheckUnknownExtension},
    {"facts", CheckFacts},
    {"unknown_option", CheckUnknownOption},
    {"option_defaults", CheckOptionDefaults},
    {"option_values", CheckOptionValues},
    {"life_cycle", CheckRuntimeLife, true},
    {"call_order", CheckRuntimeOrder, true},
    {"not_a_model", CheckNotAModel},
    {"damaged_model", CheckDamagedModels, true},
    {"foreign_operator", CheckForeignModel},
    {"tensor_infos", CheckTensorInfos, true},
    {"input_sizes", CheckInputSizes, true},
    {"output_sizes", CheckOutputSizes, true},
    {"repeated_invoke", CheckRepeatedInvoke, true},
    {"inputs_stay", CheckInputsStay, true},
    {"latest_outputs", CheckLatestOutputs, true},
    {"no_state_between_invokes", CheckNoStateBetweenInvokes, true},
    {"two_instances", CheckTwoInstances, true},
    {"two_models", CheckTwoModels, true},
    {"parallel_instances", CheckParallelInstances, true},
    {"other_thread", CheckOtherThread, true},
    {"threads", CheckThreads, true},
    {"heap_growth", CheckHeapGrowth, true},
    {"output_view", CheckOutputView, true},
    {"profile", CheckProfile, true},
    {"out_of_memory", CheckOutOfMemory, true},
};

constexpr Check kQuantizerChecks[] = {
    {"exports", CheckExports},
    {"factory_ids", CheckFactoryIds},
    {"descriptors", CheckDescriptors},
    {"unknown_id", CheckUnknownId},
    {"create_calls_no_service", CheckCreateCallsNoService},
    {"factory_threads", CheckFactoryThreads},
    {"destroy_in_any_state", CheckDestroyInAnyState},
    {"last_error", CheckLastError},
    {"unknown_extension", CheckUnknownExtension},
    {"facts", CheckFacts},
    {"unknown_option", CheckUnknownOption},
    {"option_defaults", CheckOptionDefaults},
    {"option_values", CheckOptionValues},
    {"artifact", CheckArtifact},
    {"call_order", CheckQuantizerOrder},
    {"same_bytes", CheckSameBytes},
    {"two_at_once", CheckTwoAtOnce},
    {"cancellation", CheckCancellation},
    {"cancellation_midway", CheckCancellationMidway},
    {"not_a_model", CheckQuantizeNotAModel},
    {"damaged_model", CheckQuantizeDamaged},
    {"integer_model", CheckIntegerModel},
    {"foreign_operator", CheckForeignOperator},
    {"without_services", CheckWithoutServices},
    {"failing_services", CheckFailingServices},
    {"out_of_memory", CheckQuantizeOutOfMemory},
};

constexpr const char* kVerdictNames[] = {"ok", "FAILED", "note", "skipped"};

}  // namespace

std::span<const Check> ChecksFor(host::PluginKind kind) {
  if (kind == host::PluginKind::kRuntime) return kRuntimeChecks;
  return kQuantizerChecks;
}

const Check* FindCheck(host::PluginKind kind, std::string_view name) {
  const std::span<const Check> checks = ChecksFor(kind);
  const auto found = std::ranges::find(checks, name, &Check::name);
  return found == checks.end() ? nullptr : &*found;
}

const char* VerdictName(Verdict verdict) { return kVerdictNames[static_cast<size_t>(verdict)]; }

std::optional<Verdict> VerdictFromName(std::string_view name) {
  for (size_t i = 0; i < std::size(kVerdictNames); ++i) {
    if (name == kVerdictNames[i]) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

}  // namespace qbench::checks
