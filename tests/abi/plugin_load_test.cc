// Plugins that cannot be loaded: each gives one line that names the file, says what is wrong with
// it and what to do. Loaded as qbench loads them, in a worker.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/files.h"
#include "gmock/gmock.h"
#include "harness/jobs/run_job.h"

namespace qbench::jobs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

JobOutcome Probe(const fs::path& plugin) {
  JobSettings settings;
  settings.programs = fs::path(QBENCH_BINARY_DIR) / "bin";
  return RunJob(ProbeJob{plugin}, settings);
}

JobOutcome ProbeBad(const std::string& what) {
  return Probe(fs::path(QBENCH_BINARY_DIR) / "lib/qbench/bad" / (what + ".so"));
}

void ExpectOneLine(const JobOutcome& outcome, const std::string& file) {
  EXPECT_THAT(outcome.reason, HasSubstr(file));
  EXPECT_THAT(outcome.reason, Not(HasSubstr("\n")));
}

TEST(PluginLoad, TooOld) {
  const JobOutcome outcome = ProbeBad("too_old");
  EXPECT_EQ(outcome.status, store::Outcome::kUnsupported);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("made for plugin ABI 0.2, too old"),
                                    HasSubstr("has 1.2"), HasSubstr("rebuild it")));
  ExpectOneLine(outcome, "too_old.so");
}

TEST(PluginLoad, TooNew) {
  const JobOutcome outcome = ProbeBad("too_new");
  EXPECT_EQ(outcome.status, store::Outcome::kUnsupported);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("made for plugin ABI 2.2, too new"),
                                    HasSubstr("install a newer qbench")));
  ExpectOneLine(outcome, "too_new.so");
}

TEST(PluginLoad, MinorTooNew) {
  const JobOutcome outcome = ProbeBad("minor_too_new");
  EXPECT_EQ(outcome.status, store::Outcome::kUnsupported);
  EXPECT_THAT(outcome.reason, HasSubstr("made for plugin ABI 1.3, too new"));
}

TEST(PluginLoad, TruncatedTable) {
  const JobOutcome outcome = ProbeBad("truncated");
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("truncated: 32 bytes claimed, 16 exported"));
  ExpectOneLine(outcome, "truncated.so");
}

TEST(PluginLoad, TableThatIsTooSmall) {
  const JobOutcome outcome = ProbeBad("small_size");
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("truncated: 24 bytes claimed"));
}

TEST(PluginLoad, NullMember) {
  EXPECT_THAT(ProbeBad("null_member").reason, HasSubstr("null member"));
}

TEST(PluginLoad, WithoutTheSymbol) {
  const JobOutcome outcome = ProbeBad("no_symbol");
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("does not export qbench_plugin_entry"),
                                    HasSubstr("docs/plugin-abi.md")));
  ExpectOneLine(outcome, "no_symbol.so");
}

TEST(PluginLoad, CrashesAtLoad) {
  const JobOutcome outcome = ProbeBad("crashes_at_load");
  EXPECT_EQ(outcome.status, store::Outcome::kCrashed);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("segmentation fault"),
                                    HasSubstr("in the loading of crashes_at_load.so")));
}

TEST(PluginLoad, InitFails) {
  const JobOutcome outcome = ProbeBad("init_fails");
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("init failed"), HasSubstr("not available here")));
  ExpectOneLine(outcome, "init_fails.so");
}

TEST(PluginLoad, WithoutAnyFactory) {
  EXPECT_THAT(ProbeBad("no_factory").reason, HasSubstr("neither a quantizer nor a runtime"));
}

TEST(PluginLoad, NoSuchFile) {
  const JobOutcome outcome = Probe("/nowhere/missing.so");
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("plugin /nowhere/missing.so: there is no such file"));
}

TEST(PluginLoad, NotASharedLibrary) {
  auto folder = TempDir::Create("qbench-test-");
  ASSERT_TRUE(folder.ok()) << folder.status().message();
  const fs::path file = folder->path() / "text.so";
  std::ofstream(file) << "this is not an ELF file, but it is long enough to be read as one\n";
  const JobOutcome outcome = Probe(file);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("cannot load it"), HasSubstr("shared library")));
}

TEST(PluginLoad, TheTemplatesLoad) {
  const fs::path examples = fs::path(QBENCH_BINARY_DIR) / "lib/qbench/examples";
  const JobOutcome quantizer = Probe(examples / "template_quantizer.so");
  ASSERT_TRUE(quantizer.ok()) << quantizer.reason;
  const auto& found = std::get<ProbeResult>(quantizer.result).plugins;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].descriptor.id, "template_quantizer");
  EXPECT_EQ(found[0].descriptor.kind, host::PluginKind::kQuantizer);
  ASSERT_EQ(found[0].descriptor.options.size(), 1U);
  EXPECT_EQ(found[0].descriptor.options[0].name, "max_kib");

  const JobOutcome runtime = Probe(examples / "template_runtime.so");
  ASSERT_TRUE(runtime.ok()) << runtime.reason;
  const auto& runtimes = std::get<ProbeResult>(runtime.result).plugins;
  ASSERT_EQ(runtimes.size(), 1U);
  EXPECT_TRUE(runtimes[0].available) << runtimes[0].reason;
  EXPECT_TRUE(runtimes[0].descriptor.oracle);
}

}  // namespace
}  // namespace qbench::jobs
