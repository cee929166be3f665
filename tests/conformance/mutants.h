// What the plugins with planted defects share.
#pragma once

#include <algorithm>
#include <string>

#include "graph/ir.h"
#include "qbench/quantizer.h"
#include "qbench/runtime.h"

namespace qbench::mutants {

// The entry's own defects are in a file of their own (mutant_entry.so), since every id shares it.
#ifdef MUTANT_ENTRY
inline constexpr bool kBadEntry = true;
#else
inline constexpr bool kBadEntry = false;
#endif

extern const qbench_runtime_factory kRuntimeFactory;
extern const qbench_quantizer_factory kQuantizerFactory;

// Segmentation fault, also under a sanitizer.
[[noreturn]] void Die();
[[noreturn]] void Hang();

qbench_type AbiType(graph::DataType type);

}  // namespace qbench::mutants
