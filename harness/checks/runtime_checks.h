// Checks of runtimes: qbench/runtime.h, sentence by sentence. Internal to harness/checks.
#pragma once

#include "harness/checks/check_context.h"

namespace qbench::checks {

// runtime_load_checks.cc: before anything runs.
Status CheckProbe(CheckContext& context);
Status CheckRuntimeOrder(CheckContext& context);
Status CheckNotAModel(CheckContext& context);
Status CheckDamagedModels(CheckContext& context);
Status CheckForeignModel(CheckContext& context);
Status CheckTensorInfos(CheckContext& context);
Status CheckInputSizes(CheckContext& context);
Status CheckOutputSizes(CheckContext& context);
Status CheckOutOfMemory(CheckContext& context);

// runtime_invoke_checks.cc: what runs.
Status CheckRuntimeLife(CheckContext& context);
Status CheckRepeatedInvoke(CheckContext& context);
Status CheckInputsStay(CheckContext& context);
Status CheckLatestOutputs(CheckContext& context);
Status CheckNoStateBetweenInvokes(CheckContext& context);
Status CheckTwoInstances(CheckContext& context);
Status CheckTwoModels(CheckContext& context);
Status CheckParallelInstances(CheckContext& context);
Status CheckOtherThread(CheckContext& context);
Status CheckThreads(CheckContext& context);
Status CheckHeapGrowth(CheckContext& context);

// runtime_extension_checks.cc
Status CheckOutputView(CheckContext& context);
Status CheckProfile(CheckContext& context);

}  // namespace qbench::checks
