// Checks of what quantizers and runtimes have in common: tables, the life of an object, errors,
// options. Internal to harness/checks.
#pragma once

#include "harness/checks/check_context.h"

namespace qbench::checks {

Status CheckExports(CheckContext& context);
Status CheckFactoryIds(CheckContext& context);
Status CheckDescriptors(CheckContext& context);
Status CheckUnknownId(CheckContext& context);
Status CheckCreateCallsNoService(CheckContext& context);
Status CheckFactoryThreads(CheckContext& context);
Status CheckDestroyInAnyState(CheckContext& context);
Status CheckLastError(CheckContext& context);
Status CheckUnknownExtension(CheckContext& context);
Status CheckFacts(CheckContext& context);
Status CheckUnknownOption(CheckContext& context);
Status CheckOptionDefaults(CheckContext& context);
Status CheckOptionValues(CheckContext& context);

}  // namespace qbench::checks
