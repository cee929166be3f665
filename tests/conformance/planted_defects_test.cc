// Plugins with one planted defect each: the check that stands for the rule they break finds it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/conformance/report_text.h"

namespace qbench::conformance {
namespace {

using checks::Verdict;
using testing::HasSubstr;

const std::filesystem::path kBuild = QBENCH_BINARY_DIR;

CheckSettings SettingsFor(const std::string& id, const std::string& file = "mutants.so") {
  CheckSettings settings;
  settings.plugin = kBuild / "lib/qbench/mutants" / file;
  settings.reference = kBuild / "lib/qbench/plugins/reference.so";
  settings.jobs.programs = kBuild / "bin";
  settings.id = id;
  settings.models = 1;
  settings.time_limit = std::chrono::seconds(60);
  return settings;
}

// What `check` finds in `id`.
checks::Finding FindingOf(const CheckSettings& settings) {
  const auto reports = CheckPlugin(settings);
  EXPECT_TRUE(reports.ok()) << reports.status().message();
  if (!reports.ok() || reports->size() != 1 || reports->front().checks.size() != 1) {
    return {Verdict::kSkipped, "no such check"};
  }
  return reports->front().checks.front().finding;
}

struct Defect {
  std::string id;
  std::string check;
  std::string detail;  // is in what the check says
  std::string file = "mutants.so";
};
void PrintTo(const Defect& defect, std::ostream* stream) {
  *stream << defect.id << ", " << defect.check;
}

std::string NameOf(const testing::TestParamInfo<Defect>& test) {
  return test.param.id + "_" + test.param.check;
}

class PlantedDefect : public testing::TestWithParam<Defect> {};

TEST_P(PlantedDefect, IsFound) {
  CheckSettings settings = SettingsFor(GetParam().id, GetParam().file);
  settings.check = GetParam().check;
  const checks::Finding finding = FindingOf(settings);
  EXPECT_EQ(finding.verdict, Verdict::kFailed) << finding.detail;
  EXPECT_THAT(finding.detail, HasSubstr(GetParam().detail));
}

INSTANTIATE_TEST_SUITE_P(
    Runtimes, PlantedDefect,
    testing::Values(
        Defect{"sound", "factory_ids", "\"qbench.factory.nothing/1\") is not null",
               "mutant_entry.so"},
        Defect{"sound", "descriptors", "get_descriptor(count()) is not null", "mutant_entry.so"},
        Defect{"sound", "unknown_id", "gave QBENCH_OK", "mutant_entry.so"},
        Defect{"talks_in_create", "create_calls_no_service", "called a service"},
        Defect{"null_error", "last_error", "null"},
        Defect{"any_extension", "unknown_extension", "not null"},
        Defect{"endless_facts", "facts", "which there is not"},
        Defect{"takes_any_option", "unknown_option", "was accepted"},
        Defect{"takes_any_value", "option_values", "was accepted"},
        Defect{"refuses_default", "option_defaults", "mode=a"},
        Defect{"probe_overruns", "probe", "in probe_overruns's probe"},
        Defect{"bad_destroy", "destroy_in_any_state", "in bad_destroy's destroy"},
        Defect{"leaks_state", "repeated_invoke", "differs in"},
        Defect{"leaks_state", "no_state_between_invokes", "after other inputs"},
        Defect{"shares_state", "two_instances", "beside a second object"},
        Defect{"forgets_inputs", "inputs_stay", "in invoke 2"},
        Defect{"early_outputs", "latest_outputs", "before the next invoke"},
        Defect{"drifts", "repeated_invoke", "in invoke 11"},
        Defect{"one_thread", "other_thread", "another thread"},
        Defect{"takes_text", "not_a_model", "was accepted"},
        Defect{"dies_of_damage", "damaged_model", "in dies_of_damage's load (a model "},
        Defect{"unnamed_operator", "foreign_operator", "does not name the operator COS (108)"},
        Defect{"wrong_status", "foreign_operator", "instead of QBENCH_UNSUPPORTED"},
        Defect{"unknown_code", "foreign_operator", "status 77"},
        Defect{"wrong_shape", "tensor_infos", "input 0 has the shape [2, 8, 8, 3]"},
        Defect{"takes_any_size", "input_sizes", "was accepted"},
        Defect{"reads_beyond", "life_cycle", "in reads_beyond's set_input"},
        Defect{"writes_beyond", "life_cycle", "in writes_beyond's get_output"},
        Defect{"writes_model", "life_cycle", "in writes_model's load"},
        Defect{"writes_refused", "output_sizes", "wrote all the same"},
        Defect{"throws", "life_cycle", "threw an exception across the ABI: thrown on purpose"},
        Defect{"invokes_unloaded", "call_order", "invoke() before load() was accepted"},
        Defect{"shares_state", "parallel_instances", "eight objects on eight threads"},
        Defect{"stale_view", "output_view", "is not what get_output() gives, in invoke 2"},
        Defect{"loses_events", "profile", "operator 7 of 8 has no event"},
        Defect{"counts_threads", "threads", "with 3 threads"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Quantizers, PlantedDefect,
    testing::Values(Defect{"other_bytes", "same_bytes", "in a second artifact"},
                    Defect{"shares_bytes", "two_at_once", "with four objects on four threads"},
                    Defect{"goes_on", "cancellation", "told to stop and went on"},
                    Defect{"goes_on", "cancellation_midway", "was accepted"},
                    Defect{"never_asks", "cancellation", "s after it was told to stop"},
                    Defect{"emits_nothing", "artifact", "emitted no model"},
                    Defect{"emits_text", "artifact", "broken model"},
                    Defect{"emits_shape", "artifact", "other shapes"},
                    Defect{"dies_of_text", "not_a_model", "in dies_of_text's quantize (one byte)"},
                    Defect{"dies_without", "without_services",
                           "(a host without qbench.host.cancel/1)"},
                    Defect{"swallows_errors", "failing_services", "was accepted"},
                    Defect{"calls_early", "create_calls_no_service", "called a service"},
                    Defect{"quantizes_twice", "call_order", "a second quantize() was accepted"},
                    Defect{"says_internal", "foreign_operator", "instead of QBENCH_UNSUPPORTED"}),
    NameOf);

// A sanitizer has the heap and the address space to itself.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
INSTANTIATE_TEST_SUITE_P(Memory, PlantedDefect,
                         testing::Values(Defect{"leaks_memory", "heap_growth", "the heap grew by"},
                                         Defect{"dies_of_memory", "out_of_memory",
                                                "in dies_of_memory's load"}),
                         NameOf);
#endif

// The cell of the table.
OperatorCell CellOf(const std::string& id, const std::string& op, const std::string& type) {
  CheckSettings settings = SettingsFor(id);
  settings.op = op;
  const auto reports = CheckPlugin(settings);
  EXPECT_TRUE(reports.ok()) << reports.status().message();
  if (!reports.ok()) return {};
  for (const OperatorCell& cell : reports->front().operators) {
    if (cell.type == type) return cell;
  }
  ADD_FAILURE() << "no cell for " << type;
  return {};
}

TEST(PlantedWrongAnswer, OfThreeStepsIsFoundInItsTypeAlone) {
  const OperatorCell wrong = CellOf("off_by_three", "PAD", "int8");
  EXPECT_EQ(wrong.state, CellState::kWrong);
  EXPECT_EQ(wrong.difference, 3.0);
  EXPECT_THAT(wrong.detail, HasSubstr("1 of "));
  EXPECT_EQ(CellOf("off_by_three", "PAD", "uint8").state, CellState::kOk);
}

TEST(PlantedWrongAnswer, OfAPercentIsFoundInFloat) {
  const OperatorCell wrong = CellOf("off_in_float", "TANH", "float32");
  EXPECT_EQ(wrong.state, CellState::kWrong);
  EXPECT_NEAR(wrong.difference, 0.01, 1e-4);
}

TEST(PlantedWrongAnswer, ACrashCostsItsCellsAlone) {
  CheckSettings settings = SettingsFor("dies_of_softmax");
  settings.op = "SOFTMAX";
  const auto reports = CheckPlugin(settings);
  ASSERT_TRUE(reports.ok()) << reports.status().message();
  const auto& cells = reports->front().operators;
  ASSERT_EQ(cells.size(), 4U);
  for (const OperatorCell& cell : cells) {
    EXPECT_EQ(cell.state, CellState::kCrashed);
    EXPECT_THAT(cell.detail, HasSubstr("segmentation fault in dies_of_softmax's load"));
  }
  EXPECT_FALSE(reports->front().conforms());
  EXPECT_THAT(FormatReport(reports->front()), HasSubstr("SOFTMAX float32 and 3 more, seed 1: "));
}

TEST(PlantedWrongAnswer, AHangIsStoppedAndTheRestGoesOn) {
  CheckSettings settings = SettingsFor("hangs_at_softmax");
  settings.op = "SOFTMAX";
  settings.time_limit = std::chrono::seconds(3);
  const auto reports = CheckPlugin(settings);
  ASSERT_TRUE(reports.ok()) << reports.status().message();
  const auto& cells = reports->front().operators;
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_EQ(cells[0].type, "float32");
  EXPECT_EQ(cells[0].state, CellState::kTimeout);
  for (size_t i = 1; i < cells.size(); ++i) EXPECT_EQ(cells[i].state, CellState::kOk);
}

class SoundPlugin : public testing::TestWithParam<std::string> {};

// The copies' original breaks no rule: what a check finds in a copy is the copy's defect.
TEST_P(SoundPlugin, Conforms) {
  const auto reports = CheckPlugin(SettingsFor(GetParam()));
  ASSERT_TRUE(reports.ok()) << reports.status().message();
  EXPECT_TRUE(reports->front().conforms()) << FormatReport(reports->front());
}

INSTANTIATE_TEST_SUITE_P(Both, SoundPlugin, testing::Values("sound", "sound_quantizer"));

TEST(CheckPlugin, SaysWhatThereIs) {
  CheckSettings settings = SettingsFor("sound");
  settings.check = "nonsense";
  auto reports = CheckPlugin(settings);
  ASSERT_FALSE(reports.ok());
  EXPECT_THAT(reports.status().message(), HasSubstr("there are exports, factory_ids, "));
  settings = SettingsFor("sound");
  settings.op = "conv";
  reports = CheckPlugin(settings);
  ASSERT_FALSE(reports.ok());
  EXPECT_THAT(reports.status().message(), HasSubstr("CONV_2D"));
  reports = CheckPlugin(SettingsFor("nobody"));
  ASSERT_FALSE(reports.ok());
  EXPECT_THAT(reports.status().message(), HasSubstr("no plugin called \"nobody\""));
}

}  // namespace
}  // namespace qbench::conformance
