// What qbench prints and writes arrives, or the command fails and says what did not.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Args = std::vector<std::string>;

// A database with a run in it, models and images: what commands can be asked about. They are made
// once; each test has copies of its own.
class OutputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    made_ = new Workplace();
    const Answer run = made_->Run(
        made_->QuickRun({"mobilenetv2-035-96", "--dataset", made_->SmallScenes(2).string(),
                         "--plugins", "float,litert", "--repetitions", "1", "--profile"}));
    ASSERT_EQ(run.status, 0) << run.err;
    for (const char* quantizer : {"float", "dynamic"}) {
      const Answer made =
          made_->Run({"quantize", "mobilenetv2-035-96", "--plugins", quantizer, "-o",
                      made_->File(std::string(quantizer) + ".tflite").string()});
      ASSERT_EQ(made.status, 0) << made.err;
    }
  }
  static void TearDownTestSuite() {
    delete made_;
    made_ = nullptr;
  }
  void SetUp() override {
    for (const char* name : {"test.sqlite", "float.tflite", "float.tflite.toml", "dynamic.tflite",
                             "dynamic.tflite.toml", "small", "cache"}) {
      fs::copy(made_->File(name), place_.File(name), fs::copy_options::recursive);
    }
  }

  std::string Model() const { return place_.File("float.tflite").string(); }
  std::string Quantized() const { return place_.File("dynamic.tflite").string(); }

  // Every command that prints, in each of its formats.
  std::vector<Args> Printing() const {
    const std::string small = place_.File("small").string();
    const std::string other = place_.File("other.tflite").string();
    return {{"--help"},
            {"--version"},
            {"dataset", "--help"},
            {"run", "--help"},
            {"report", "--format", "csv"},
            {"report", "--format", "csv", "--predictions"},
            {"report", "--format", "csv", "--profile"},
            {"report", "--format", "md"},
            {"report", "--format", "json"},
            {"report", "--format", "benchmark-json"},
            {"report", "--format", "html"},
            {"report", "--format", "html,csv,md,json"},
            {"quantize", "mobilenetv2-035-96", "--plugins", "float", "-o", other},
            {"quantize", "mobilenetv2-035-96", "--plugins", "float", "-o", other, "--json"},
            {"inspect", Model()},
            {"inspect", Model(), "--json"},
            {"diff", Model(), Quantized(), "--dataset", small, "--images", "1"},
            {"diff", Model(), Quantized(), "--dataset", small, "--images", "1", "--json"},
            {"profile", Model(), "--runtime", "litert", "--runs", "3"},
            {"profile", Model(), "--runtime", "litert", "--runs", "3", "--json"},
            {"dataset", "list"},
            {"dataset", "list", "--json"},
            {"dataset", "verify", small},
            {"dataset", "verify", small, "--json"},
            {"db", "check"},
            {"db", "check", "--json"},
            {"plugin", "list"},
            {"plugin", "list", "--json"},
            {"doctor", "--no-peak"},
            {"doctor", "--no-peak", "--json"}};
  }

  static Workplace* made_;
  Workplace place_;
};

Workplace* OutputTest::made_ = nullptr;

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::ranges::count(text, '\n'));
}

TEST_F(OutputTest, AFullDiskBehindStandardOutputIsAFailureOfEveryCommand) {
  for (const Args& args : Printing()) {
    SCOPED_TRACE(testing::PrintToString(args));
    const Answer answer = place_.RunInto("/dev/full", args);
    EXPECT_EQ(answer.status, 2);
    const std::string command = args[0].starts_with('-') ? "qbench" : "qbench " + args[0];
    EXPECT_THAT(answer.err,
                HasSubstr(command + ": cannot write to standard output: no space left on "
                                    "device; make room there, or choose another place\n"));
  }
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(OutputTest, ARunWhoseTableDoesNotArriveFailsAndKeepsItsRows) {
  for (const char* format : {"--json", "--quiet"}) {
    const Answer answer = place_.RunInto(
        "/dev/full",
        place_.QuickRun({"mobilenetv2-035-96", "--dataset", place_.File("small").string(),
                         "--plugins", "float,litert", "--repetitions", "1", format}));
    EXPECT_EQ(answer.status, 2);
    EXPECT_THAT(answer.err, HasSubstr("qbench run: cannot write to standard output: no space"));
    EXPECT_THAT(place_.Run({"report", "--format", "csv"}).out, HasSubstr("mobilenetv2-035-96"));
  }
}

TEST_F(OutputTest, AReportThatCannotBeWrittenCostsNoTable) {
  Args args = place_.QuickRun({"mobilenetv2-035-96", "--dataset", place_.File("small").string(),
                               "--plugins", "float,litert", "--repetitions", "1", "--csv",
                               place_.File("rows.csv").string(), "--quiet"});
  *(std::ranges::find(args, "--report") + 1) = "/dev/full";
  const Answer answer = place_.Run(args);
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.out, HasSubstr("mobilenetv2-035-96"));
  EXPECT_THAT(answer.err,
              HasSubstr("cannot write to /dev/full: no space left on device; make room"));
  EXPECT_THAT(answer.err, HasSubstr("`qbench report --run "));
  EXPECT_EQ(Lines(answer.err), 1U) << answer.err;
  EXPECT_TRUE(fs::exists(place_.File("rows.csv"))) << "the other file is written all the same";
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(OutputTest, AFileThatCannotBeWrittenIsNamedWithWhatToDo) {
  const std::string nowhere = place_.File("nowhere/file").string();
  const std::string small = place_.File("small").string();
  for (const std::string& file : {std::string("/dev/full"), nowhere}) {
    const std::string why = file == nowhere ? "no such file or directory; make its folder first"
                                            : "no space left on device; make room there";
    for (const Args& args : std::vector<Args>{
             {"report", "--format", "csv", "-o", file},
             {"report", "--format", "html", "-o", file},
             {"report", "--format", "md", "-o", file},
             {"report", "--format", "json", "-o", file},
             {"diff", Model(), Quantized(), "--dataset", small, "--images", "1", "--html", file},
             {"quantize", "mobilenetv2-035-96", "--plugins", "float", "-o", file}}) {
      SCOPED_TRACE(testing::PrintToString(args));
      const Answer answer = place_.Run(args);
      EXPECT_EQ(answer.status, 2);
      EXPECT_THAT(answer.err, HasSubstr("cannot write to " + file + ": " + why));
    }
  }
  const Answer tensors = place_.Run({"dataset", "export-tensors", small, "--model",
                                     "mobilenetv2-035-96", "-o", nowhere + ".npy"});
  EXPECT_EQ(tensors.status, 2);
  EXPECT_THAT(tensors.err, HasSubstr("cannot write to " + nowhere + ".npy: no such file"));
}

// What a disk that fills up does to a file that is being written.
TEST_F(OutputTest, AFileSizeLimitIsAFailureNotADeath) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_DFL);
  rlimit small = before;
  small.rlim_cur = 33'000;  // SQLite needs 32,768
  const fs::path report = place_.File("limited.html");
  ASSERT_EQ(place_.Run({"report", "--format", "html", "-o", report.string()}).status, 0);
  ASSERT_GT(fs::file_size(report), small.rlim_cur) << "nothing would be limited";
  fs::remove(report);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Answer answer = place_.Run({"report", "--format", "html", "-o", report.string()});
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("limited.html: file too large; raise the limit"));
  EXPECT_FALSE(fs::exists(report)) << "half a report";
}

// Starts qbench with this descriptor (or none: -1) as standard output. Its exit status.
int StatusWithOutput(int output, const fs::path& database) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addclose(&actions, STDOUT_FILENO);
  }
  std::vector<std::string> args = {
      QBENCH_BINARY_DIR "/bin/qbench", "report", "--format", "csv", "--db", database.string()};
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int spawned = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(spawned, 0);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(OutputTest, AReaderThatHasGoneIsNoFailure) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(StatusWithOutput(ends[1], place_.File("test.sqlite")), 0);
  close(ends[1]);
}

TEST_F(OutputTest, AClosedStandardOutputIsAFailure) {
  EXPECT_EQ(StatusWithOutput(-1, place_.File("test.sqlite")), 2);
}

}  // namespace
}  // namespace qbench::cli_test
