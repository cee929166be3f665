// Artifacts are no larger than what other converters make of the same file.

#include <filesystem>

#include "base/files.h"
#include "gtest/gtest.h"
#include "tests/graph/peer_files.h"
#include "tests/plugins/fake_host.h"
#include "tests/plugins/quantizer_runner.h"

namespace qbench::plugin {
namespace {

struct Case {
  const char* id;
  const char* peer;  // the scheme, in its file's name
  std::vector<qbench_option> options = {};
};

TEST(PeerSizes, OfTheSameFloatModel) {
  const auto folder = graph::SharedDir() / "peers";
  const auto source = ReadFile(folder / "mbv2_035_96.tf_float.tflite");
  if (!source.ok()) GTEST_SKIP() << graph::kNoPeers;
  for (const Case& c :
       {Case{"fp16", "tf_float16"}, Case{"dynamic", "tf_dyn_default"},
        Case{"dynamic", "tf_dyn_default", {{"hybrid", "all"}}},
        Case{"weight_only", "aeq_weight_only_wi8_afp32", {{"rounding", "nearest"}}},
        Case{"weight_only", "tf_dyn_default", {{"rounding", "nearest"}}},
        Case{"int8", "tf_int8_floatio", {{"calibration", "dummy"}}},
        Case{"int8", "tf_int8_int8io", {{"calibration", "dummy"}, {"io", "int8"}}},
        Case{"int8", "aeq_static_wi8_ai8", {{"calibration", "dummy"}, {"io", "int8"}}},
        Case{"int16x8", "tf_int16x8", {{"calibration", "dummy"}, {"io", "float"}}}}) {
    SCOPED_TRACE(fmt::format("{} against {}", c.id, c.peer));
    FakeHost host;
    const Outcome outcome = Quantize(c.id, host, *source, c.options);
    ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
    EXPECT_LE(outcome.model.size(),
              std::filesystem::file_size(folder / fmt::format("mbv2_035_96.{}.tflite", c.peer)));
  }
}

}  // namespace
}  // namespace qbench::plugin
