// A qbench_host in memory, for the tests of plugins: samples are vectors, inference is the
// reference interpreter, and what a plugin emits, logs and reports is kept. Failures can be
// planned.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "qbench/host.h"

namespace qbench::plugin {

class FakeHost {
 public:
  FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const qbench_host* host() const { return &table_; }

  // Before use: `count` samples of `shape` (batch first), seeded, in [0, 1].
  void MakeSamples(uint32_t seed, size_t count, const std::vector<int32_t>& shape);
  std::vector<std::vector<float>> samples;
  std::vector<std::string> missing;    // ids of services that this host does not have
  std::string runtime_failure;         // not empty: inference fails with this text
  uint64_t cancel_after = UINT64_MAX;  // questions about cancelling that are answered with no

  // After use.
  struct Emitted {
    std::string media_type;
    Bytes bytes;
  };
  std::map<std::string, Emitted> emitted;
  std::vector<std::string> warnings;
  std::vector<uint64_t> progress;
  uint64_t samples_run = 0;  // by every model
  uint64_t models_run = 0;

 private:
  struct Services;

  qbench_host table_;
  qbench_tensor_info sample_info_ = {};
  std::string last_error_;
};

}  // namespace qbench::plugin
