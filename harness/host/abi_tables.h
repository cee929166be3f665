// How much of each table of the ABI there is. A table that was made for an older minor version is
// shorter than this version's struct, and one made for a newer is longer: both are sound as long as
// they have the members of 1.0. Internal to harness/host and harness/checks.
#pragma once

#include "qbench/profile.h"
#include "qbench/quantizer.h"
#include "qbench/runtime.h"

namespace qbench::host {

// Whether a table has every member that 1.0 had: reaches behind the last of them. A member that
// came later is looked at with QBENCH_HAS.
inline bool IsWhole(const qbench_tensor_info& table) {
  return QBENCH_HAS(qbench_tensor_info, &table, zero_point);
}
inline bool IsWhole(const qbench_option_info& table) {
  return QBENCH_HAS(qbench_option_info, &table, help);
}
inline bool IsWhole(const qbench_plugin_entry_t& table) {
  return QBENCH_HAS(qbench_plugin_entry_t, &table, get_factory);
}
inline bool IsWhole(const qbench_plugin_facts& table) {
  return QBENCH_HAS(qbench_plugin_facts, &table, get);
}
inline bool IsWhole(const qbench_quantizer& table) {
  return QBENCH_HAS(qbench_quantizer, &table, destroy);
}
inline bool IsWhole(const qbench_quantizer_descriptor& table) {
  return QBENCH_HAS(qbench_quantizer_descriptor, &table, needs_samples);
}
inline bool IsWhole(const qbench_quantizer_factory& table) {
  return QBENCH_HAS(qbench_quantizer_factory, &table, create);
}
inline bool IsWhole(const qbench_runtime& table) {
  return QBENCH_HAS(qbench_runtime, &table, destroy);
}
inline bool IsWhole(const qbench_runtime_descriptor& table) {
  return QBENCH_HAS(qbench_runtime_descriptor, &table, oracle);
}
inline bool IsWhole(const qbench_runtime_factory& table) {
  return QBENCH_HAS(qbench_runtime_factory, &table, create);
}
inline bool IsWhole(const qbench_runtime_output_view& table) {
  return QBENCH_HAS(qbench_runtime_output_view, &table, view);
}
inline bool IsWhole(const qbench_runtime_profile& table) {
  return QBENCH_HAS(qbench_runtime_profile, &table, delegate_name);
}
inline bool IsWhole(const qbench_profile_event& table) {
  return QBENCH_HAS(qbench_profile_event, &table, time_ns);
}

}  // namespace qbench::host
