// Runs quantizer plugins behind the C ABI, for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "qbench/quantizer.h"
#include "tests/plugins/fake_host.h"

namespace qbench::plugin {

// The factory of a plugin that was built here; the library stays loaded, as in the harness. A
// failure is a test failure, and null.
const qbench_quantizer_factory* Load(const std::string& id);

using QuantizerPointer = std::unique_ptr<qbench_quantizer, void (*)(qbench_quantizer*)>;
QuantizerPointer Create(const std::string& id, const FakeHost& host);

struct Outcome {
  qbench_status status = QBENCH_OK;
  std::string error;
  Bytes model;
};

// Init and quantize.
Outcome Quantize(const std::string& id, FakeHost& host, const Bytes& model,
                 const std::vector<qbench_option>& options = {});

}  // namespace qbench::plugin
