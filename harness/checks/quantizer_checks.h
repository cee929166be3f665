// Checks of quantizers: qbench/quantizer.h, sentence by sentence. Internal to harness/checks.
#pragma once

#include "harness/checks/check_context.h"

namespace qbench::checks {

Status CheckArtifact(CheckContext& context);
Status CheckQuantizerOrder(CheckContext& context);
Status CheckSameBytes(CheckContext& context);
Status CheckTwoAtOnce(CheckContext& context);
Status CheckCancellation(CheckContext& context);
Status CheckCancellationMidway(CheckContext& context);
Status CheckQuantizeNotAModel(CheckContext& context);
Status CheckQuantizeDamaged(CheckContext& context);
Status CheckIntegerModel(CheckContext& context);
Status CheckForeignOperator(CheckContext& context);
Status CheckWithoutServices(CheckContext& context);
Status CheckFailingServices(CheckContext& context);
Status CheckQuantizeOutOfMemory(CheckContext& context);

}  // namespace qbench::checks
