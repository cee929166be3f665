/* Sizes and offsets of every table of the ABI on machines with 64-bit pointers: what a plugin that
 * was built years ago relies on. A line here never changes; a table that grows gets new lines. */
#ifndef QBENCH_TESTS_ABI_LAYOUT_H_
#define QBENCH_TESTS_ABI_LAYOUT_H_

#include "qbench/profile.h"
#include "qbench/quantizer.h"
#include "qbench/runtime.h"

#ifdef __cplusplus
#define ABI_ASSERT(condition) static_assert(condition, #condition)
#else
#define ABI_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define ABI_OFFSET(type, member, expected) ABI_ASSERT(offsetof(type, member) == (expected))
#define ABI_SIZE(type, expected) ABI_ASSERT(sizeof(type) == (expected))

ABI_SIZE(void *, 8);

ABI_OFFSET(qbench_tensor_info, type, 4);
ABI_OFFSET(qbench_tensor_info, name, 8);
ABI_OFFSET(qbench_tensor_info, rank, 16);
ABI_OFFSET(qbench_tensor_info, dims, 20);
ABI_OFFSET(qbench_tensor_info, scale, 52);
ABI_OFFSET(qbench_tensor_info, zero_point, 56);
ABI_SIZE(qbench_tensor_info, 64);

ABI_OFFSET(qbench_tensor_view, info, 8);
ABI_OFFSET(qbench_tensor_view, data, 16);
ABI_OFFSET(qbench_tensor_view, size, 24);
ABI_SIZE(qbench_tensor_view, 32);

ABI_OFFSET(qbench_option, value, 8);
ABI_SIZE(qbench_option, 16);

ABI_OFFSET(qbench_option_info, name, 8);
ABI_OFFSET(qbench_option_info, default_value, 16);
ABI_OFFSET(qbench_option_info, values, 24);
ABI_OFFSET(qbench_option_info, help, 32);
ABI_SIZE(qbench_option_info, 40);

ABI_OFFSET(qbench_host, abi_major, 4);
ABI_OFFSET(qbench_host, abi_minor, 6);
ABI_OFFSET(qbench_host, host_data, 8);
ABI_OFFSET(qbench_host, name, 16);
ABI_OFFSET(qbench_host, version, 24);
ABI_OFFSET(qbench_host, get_extension, 32);
ABI_SIZE(qbench_host, 40);

ABI_OFFSET(qbench_host_log, log, 8);
ABI_SIZE(qbench_host_log, 16);
ABI_OFFSET(qbench_host_progress, report, 8);
ABI_SIZE(qbench_host_progress, 16);
ABI_OFFSET(qbench_host_cancel, requested, 8);
ABI_SIZE(qbench_host_cancel, 16);
ABI_OFFSET(qbench_host_samples, count, 8);
ABI_OFFSET(qbench_host_samples, info, 16);
ABI_OFFSET(qbench_host_samples, read, 24);
ABI_SIZE(qbench_host_samples, 32);
ABI_OFFSET(qbench_host_inference, run, 8);
ABI_OFFSET(qbench_host_inference, runtime, 16);
ABI_OFFSET(qbench_host_inference, last_error, 24);
ABI_SIZE(qbench_host_inference, 32);
ABI_OFFSET(qbench_host_feed, run, 8);
ABI_OFFSET(qbench_host_feed, release, 16);
ABI_SIZE(qbench_host_feed, 24);
ABI_OFFSET(qbench_host_emit, emit, 8);
ABI_SIZE(qbench_host_emit, 16);

ABI_OFFSET(qbench_plugin_descriptor, id, 8);
ABI_OFFSET(qbench_plugin_descriptor, version, 16);
ABI_OFFSET(qbench_plugin_descriptor, summary, 24);
ABI_OFFSET(qbench_plugin_descriptor, options, 32);
ABI_OFFSET(qbench_plugin_descriptor, option_count, 40);
ABI_SIZE(qbench_plugin_descriptor, 48);

ABI_OFFSET(qbench_plugin_facts, count, 8);
ABI_OFFSET(qbench_plugin_facts, get, 16);
ABI_SIZE(qbench_plugin_facts, 24);

ABI_OFFSET(qbench_plugin_entry_t, abi_major, 4);
ABI_OFFSET(qbench_plugin_entry_t, abi_minor, 6);
ABI_OFFSET(qbench_plugin_entry_t, init, 8);
ABI_OFFSET(qbench_plugin_entry_t, deinit, 16);
ABI_OFFSET(qbench_plugin_entry_t, get_factory, 24);
ABI_SIZE(qbench_plugin_entry_t, 32);

ABI_OFFSET(qbench_quantizer, plugin_data, 8);
ABI_OFFSET(qbench_quantizer, init, 16);
ABI_OFFSET(qbench_quantizer, quantize, 24);
ABI_OFFSET(qbench_quantizer, last_error, 32);
ABI_OFFSET(qbench_quantizer, get_extension, 40);
ABI_OFFSET(qbench_quantizer, destroy, 48);
ABI_SIZE(qbench_quantizer, 56);
ABI_OFFSET(qbench_quantizer_descriptor, needs_samples, 48);
/* 1.0 ended here, at 56. */
ABI_OFFSET(qbench_quantizer_descriptor, needs_train, 56);
/* 1.1 ended here, at 64. */
ABI_OFFSET(qbench_quantizer_descriptor, flags, 64);
ABI_OFFSET(qbench_quantizer_descriptor, only_when_named, 72);
ABI_SIZE(qbench_quantizer_descriptor, 80);
ABI_OFFSET(qbench_quantizer_factory, count, 8);
ABI_OFFSET(qbench_quantizer_factory, get_descriptor, 16);
ABI_OFFSET(qbench_quantizer_factory, create, 24);
ABI_SIZE(qbench_quantizer_factory, 32);

ABI_OFFSET(qbench_runtime, plugin_data, 8);
ABI_OFFSET(qbench_runtime, init, 16);
ABI_OFFSET(qbench_runtime, load, 24);
ABI_OFFSET(qbench_runtime, input_count, 32);
ABI_OFFSET(qbench_runtime, input_info, 40);
ABI_OFFSET(qbench_runtime, output_count, 48);
ABI_OFFSET(qbench_runtime, output_info, 56);
ABI_OFFSET(qbench_runtime, set_input, 64);
ABI_OFFSET(qbench_runtime, invoke, 72);
ABI_OFFSET(qbench_runtime, get_output, 80);
ABI_OFFSET(qbench_runtime, last_error, 88);
ABI_OFFSET(qbench_runtime, get_extension, 96);
ABI_OFFSET(qbench_runtime, destroy, 104);
ABI_SIZE(qbench_runtime, 112);
ABI_OFFSET(qbench_runtime_output_view, view, 8);
ABI_SIZE(qbench_runtime_output_view, 16);
ABI_OFFSET(qbench_runtime_descriptor, oracle, 48);
/* 1.1 ended here, at 56. */
ABI_OFFSET(qbench_runtime_descriptor, flags, 56);
ABI_SIZE(qbench_runtime_descriptor, 64);
ABI_OFFSET(qbench_runtime_factory, count, 8);
ABI_OFFSET(qbench_runtime_factory, get_descriptor, 16);
ABI_OFFSET(qbench_runtime_factory, probe, 24);
ABI_OFFSET(qbench_runtime_factory, create, 32);
ABI_SIZE(qbench_runtime_factory, 40);

ABI_OFFSET(qbench_profile_event, op, 4);
ABI_OFFSET(qbench_profile_event, partition, 8);
ABI_OFFSET(qbench_profile_event, name, 16);
ABI_OFFSET(qbench_profile_event, time_ns, 24);
ABI_SIZE(qbench_profile_event, 32);
ABI_OFFSET(qbench_runtime_profile, enable, 8);
ABI_OFFSET(qbench_runtime_profile, event_count, 16);
ABI_OFFSET(qbench_runtime_profile, event, 24);
ABI_OFFSET(qbench_runtime_profile, resolution_ns, 32);
ABI_OFFSET(qbench_runtime_profile, delegate_name, 40);
ABI_SIZE(qbench_runtime_profile, 48);

#endif /* QBENCH_TESTS_ABI_LAYOUT_H_ */
