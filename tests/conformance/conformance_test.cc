// qbench's own plugins against the plugin ABI, with what `qbench plugin check` runs.
#include <gtest/gtest.h>

#include <cstdlib>

#include "harness/conformance/report_text.h"

namespace qbench::conformance {
namespace {

const std::filesystem::path kBuild = QBENCH_BINARY_DIR;

CheckSettings SettingsFor(const std::string& plugin) {
  CheckSettings settings;
  settings.plugin = kBuild / "lib/qbench/plugins" / (plugin + ".so");
  settings.reference = kBuild / "lib/qbench/plugins/reference.so";
  settings.jobs.programs = kBuild / "bin";
  settings.models = 1;
  settings.time_limit = std::chrono::seconds(60);
  return settings;
}

struct Case {
  std::string plugin;
  std::vector<host::Option> options = {};
  std::string folder = "plugins";
};
std::string NameOf(const Case& test) {
  std::string name = test.plugin;
  for (const host::Option& option : test.options) name += "_" + option.value;
  return name;
}
void PrintTo(const Case& test, std::ostream* stream) { *stream << NameOf(test); }

class Conformance : public testing::TestWithParam<Case> {};

TEST_P(Conformance, HoldsTheWholeContract) {
  CheckSettings settings = SettingsFor(GetParam().plugin);
  settings.plugin = kBuild / "lib/qbench" / GetParam().folder / (GetParam().plugin + ".so");
  settings.options = GetParam().options;
  const auto reports = CheckPlugin(settings);
  ASSERT_TRUE(reports.ok()) << reports.status().message();
  ASSERT_EQ(reports->size(), 1U);
  const PluginReport& report = reports->front();
  if (!report.available) {
    const char* allowed = std::getenv("QBENCH_ALLOW_NO_LITERT");
    if (allowed != nullptr && std::string_view(allowed) == "1") GTEST_SKIP() << report.reason;
    FAIL() << report.reason << " (QBENCH_ALLOW_NO_LITERT=1 skips this)";
  }
  EXPECT_TRUE(report.conforms()) << FormatReport(report);
}

std::vector<Case> Runtimes() {
  std::vector<Case> cases = {{"reference"}, {"litert"}, {"litert", {{"kernels", "builtin"}}}};
#ifdef QBENCH_HAS_XNNPACK
  cases.push_back({"xnnpack"});
#endif
  return cases;
}

std::vector<Case> Quantizers() {
  std::vector<Case> cases;
  for (const char* plugin :
       {"float", "fp16", "dynamic", "weight_only", "int4", "int8", "uint8", "int16x8"}) {
    cases.push_back({plugin});
  }
  cases.push_back({"template_quantizer", {}, "examples"});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Runtimes, Conformance, testing::ValuesIn(Runtimes()),
                         [](const auto& test) { return NameOf(test.param); });
INSTANTIATE_TEST_SUITE_P(Quantizers, Conformance, testing::ValuesIn(Quantizers()),
                         [](const auto& test) { return NameOf(test.param); });

}  // namespace
}  // namespace qbench::conformance
