// Ctrl-C in the midst of what takes long: qbench and its children end, soon. Each phase is known to
// be under way when the signal comes, and lasts for ever without it: its helper is stopped, its
// file has no end, its lock is held. The bounds are wide, as the machine that tests is busy; that
// qbench ended in order, and not by its alarm, is seen by what it says.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "SQLiteCpp/SQLiteCpp.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr int kInterrupted = 130;
// A hanging probe is given up after 20 s, and there are two.
constexpr double kSoon = 15;
constexpr uint64_t kEndless = uint64_t{1} << 42;  // bytes of a file of nothing but a hole

bool HasChild(pid_t pid) { return !ChildrenOf(pid).empty(); }

// The helper's arguments, "/…/bin/qbench-worker /tmp/…"; empty where it has gone.
std::vector<std::string> ArgumentsOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", pid));
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

// Says when a descendant runs `program` (on a job of this kind, if one is named), which is stopped
// then: whatever it does lasts for ever.
std::function<bool(pid_t)> Freeze(const std::string& program, const std::string& job = "") {
  return [=](pid_t pid) {
    for (const pid_t child : ChildrenOf(pid)) {
      const std::vector<std::string> arguments = ArgumentsOf(child);
      if (arguments.size() < 2 || !arguments[0].ends_with("/" + program)) continue;
      // A supervisor looks like what it supervises until that is another program.
      if (!job.empty()) {
        const Result<std::string> text = ReadTextFile(fs::path(arguments[1]) / "job.json");
        if (!text.ok() || text->find("\"job\":\"" + job + "\"") == std::string::npos) continue;
      }
      kill(child, SIGSTOP);
      return true;
    }
    return false;
  };
}

// Says when qbench itself has the file open.
std::function<bool(pid_t)> HasOpen(const fs::path& file) {
  return [=](pid_t pid) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
      if (fs::read_symlink(entry.path(), error) == file) return true;
    }
    return false;
  };
}

class InterruptCliTest : public ::testing::Test {
 protected:
  using Args = std::vector<std::string>;

  // A plugin folder with this hostile plugin alone.
  std::vector<std::string> Only(const std::string& plugin) const {
    const fs::path folder = place_.File("plugins");
    fs::create_directories(folder);
    fs::copy_file(fs::path(QBENCH_BINARY_DIR) / "lib/qbench/hostile" / (plugin + ".so"),
                  folder / (plugin + ".so"), fs::copy_options::overwrite_existing);
    return {"QBENCH_PLUGIN_PATH=" + folder.string()};
  }
  // Nothing is left of it: no process, and no temporary folder.
  void ExpectInterrupted(const InterruptedAnswer& ended) const {
    EXPECT_EQ(ended.answer.status, kInterrupted) << ended.answer.err;
    EXPECT_LT(ended.seconds, kSoon);
    EXPECT_TRUE(AllEnd(ended.children));
    EXPECT_THAT(ended.answer.err, AnyOf(HasSubstr("interrupted"), HasSubstr("stopped by the user")))
        << "by its alarm, not in order";
    EXPECT_TRUE(fs::is_empty(Temporary()));
  }
  fs::path Temporary() const {
    fs::create_directories(place_.File("tmp"));
    return place_.File("tmp");
  }
  InterruptedAnswer Interrupt(const Args& args, const std::function<bool(pid_t)>& ready,
                              std::vector<std::string> environment = {}) {
    environment.push_back("TMPDIR=" + Temporary().string());
    // One of the two: they mean the same.
    number_ = number_ == SIGINT ? SIGTERM : SIGINT;
    return place_.RunAndInterrupt(args, environment, ready, {number_});
  }
  Args Run(const Args& more) const {
    Args args = place_.QuickRun(
        {"mobilenetv2-035-96", "--dataset", place_.File("small").string(), "--repetitions", "1"});
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  // A file with no end that takes no room.
  fs::path Endless(const std::string& name, std::string_view beginning) const {
    const fs::path file = place_.File(name);
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << beginning;
    // As large as this file system lets it be.
    std::error_code error;
    for (uint64_t bytes = kEndless; bytes > uint64_t{1} << 36; bytes /= 2) {
      fs::resize_file(file, bytes, error);
      if (!error) break;
    }
    EXPECT_FALSE(error) << error.message();
    return file;
  }

  Workplace place_;
  int number_ = SIGTERM;
};

TEST_F(InterruptCliTest, WhilePluginsAreLookedAt) {
  const std::vector<std::string> hang = Only("hang_init");
  const std::string scenes = place_.SmallScenes(1).string();
  for (const Args& command :
       std::vector<Args>{{"plugin", "list"},
                         {"doctor", "--no-peak"},
                         {"quantize", "intel-cnn", "--plugins", "float", "-o", "x.tflite"},
                         {"profile", "x.tflite"},
                         place_.QuickRun({"intel-cnn", "--dataset", scenes})}) {
    SCOPED_TRACE(command[0]);
    ExpectInterrupted(Interrupt(command, HasChild, hang));
  }
}

TEST_F(InterruptCliTest, WhileAPluginMeasures) {
  const std::vector<std::string> hang = Only("hang_invoke");
  const std::string scenes = place_.SmallScenes(1).string();
  const fs::path decoded = place_.File("cache/qbench/tensors");
  const auto measuring = [&](pid_t pid) {
    std::error_code error;
    const bool split = fs::is_directory(decoded, error) && HasChild(pid);
    for (const pid_t child : split ? ChildrenOf(pid) : std::vector<pid_t>()) {
      const fs::path program = fs::read_symlink(fmt::format("/proc/{}/exe", child), error);
      std::ostringstream maps;
      maps << std::ifstream(fmt::format("/proc/{}/maps", child)).rdbuf();
      if (program.filename() == "qbench-worker" &&
          maps.str().find("hang_invoke.so") != std::string::npos) {
        return true;
      }
    }
    return false;
  };
  const InterruptedAnswer ended =
      Interrupt(place_.QuickRun({"intel-cnn", "--dataset", scenes, "--plugins", "hang_invoke"}),
                measuring, hang);
  ExpectInterrupted(ended);
  EXPECT_THAT(ended.answer.err, HasSubstr("--resume"));
}

TEST_F(InterruptCliTest, InEveryStepOfARun) {
  place_.SmallScenes(1);
  const Args matrix = Run({"--plugins", "int8,float,litert", "--diff", "--profile"});
  ExpectInterrupted(Interrupt(matrix, Freeze("qbench-worker", "probe")));
  ExpectInterrupted(Interrupt(matrix, Freeze("qbench-import")));
  ExpectInterrupted(Interrupt(matrix, Freeze("qbench-decode")));
  for (const char* job : {"quantize", "latency", "accuracy", "difference", "peak", "profile"}) {
    SCOPED_TRACE(job);
    const InterruptedAnswer ended = Interrupt(matrix, Freeze("qbench-worker", job));
    ExpectInterrupted(ended);
    EXPECT_THAT(ended.answer.err, HasSubstr("--resume"));
  }
  // What was committed before is there.
  EXPECT_EQ(place_.Run({"report", "--format", "csv"}).status, 0);
}

TEST_F(InterruptCliTest, InEveryOtherCommand) {
  const std::string small = place_.SmallScenes(1).string();
  const std::string model = place_.File("float.tflite").string();
  const std::string quantized = place_.File("dynamic.tflite").string();
  for (const auto& [quantizer, file] : {std::pair("float", model), {"dynamic", quantized}}) {
    ASSERT_EQ(
        place_.Run({"quantize", "mobilenetv2-035-96", "--plugins", quantizer, "-o", file}).status,
        0);
  }
  const std::string worker = "qbench-worker";
  const Args quantize = {"quantize",  "mobilenetv2-035-96",
                         "--plugins", "int8",
                         "--dataset", small,
                         "-o",        place_.File("int8.tflite").string()};
  const Args compare = {"diff", model, quantized, "--dataset", small, "--images", "1"};
  const std::pair<Args, std::function<bool(pid_t)>> kCases[] = {
      {quantize, Freeze("qbench-decode")},
      {quantize, Freeze(worker, "quantize")},
      {{"inspect", model}, Freeze("qbench-import")},
      {compare, Freeze("qbench-import")},
      {compare, Freeze(worker, "difference")},
      {{"profile", model, "--runtime", "litert"}, Freeze(worker, "profile")},
      {{"dataset", "verify", small}, Freeze("qbench-decode")},
      {{"dataset", "export-tensors", small, "--model", "intel-cnn", "-o",
        place_.File("t.npy").string()},
       Freeze("qbench-decode")},
      {{"plugin", "list"}, Freeze(worker, "probe")},
      {{"plugin", "check", QBENCH_BINARY_DIR "/lib/qbench/plugins/float.so"},
       Freeze(worker, "check")}};
  for (const auto& [args, ready] : kCases) {
    SCOPED_TRACE(testing::PrintToString(args));
    ExpectInterrupted(Interrupt(args, ready));
  }
  EXPECT_FALSE(fs::exists(place_.File("int8.tflite")));
  EXPECT_FALSE(fs::exists(place_.File("t.npy")));
}

TEST_F(InterruptCliTest, WhileALargeFileIsRead) {
  const fs::path model = Endless("large.tflite", std::string("\x1c\0\0\0TFL3", 8));
  std::ofstream(model.string() + ".toml")
      << *ReadTextFile(fs::path(QBENCH_SOURCE_DIR) / "models/intel-cnn.h5.toml");
  const Args quantize = {"quantize", model.string(), "--plugins", "float", "-o", "x.tflite"};
  ExpectInterrupted(Interrupt(quantize, HasOpen(model)));
  const fs::path image = Endless("images/test/a/1.jpg", "\xff\xd8\xff");
  const std::string images = place_.File("images").string();
  for (const Args& args : std::vector<Args>{{"dataset", "verify", images},
                                            place_.QuickRun({"intel-cnn", "--dataset", images})}) {
    ExpectInterrupted(Interrupt(args, HasOpen(image)));
  }
}

TEST_F(InterruptCliTest, WhileAnotherHasTheDatabase) {
  const fs::path file = place_.File("test.sqlite");
  const std::string small = place_.SmallScenes(1).string();
  ASSERT_EQ(place_.Run(Run({"--plugins", "float,litert"})).status, 0);
  SQLite::Database other(file.string(), SQLite::OPEN_READWRITE);
  other.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  for (const Args& args : std::vector<Args>{{"report", "--format", "csv"}, {"db", "check"}}) {
    ExpectInterrupted(Interrupt(args, HasOpen(file)));
  }
}

TEST_F(InterruptCliTest, WhileNobodyReadsTheReport) {
  place_.SmallScenes(1);
  ASSERT_EQ(place_.Run(Run({"--plugins", "float,litert"})).status, 0);
  const fs::path pipe = place_.File("report.pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const auto reading = HasOpen(place_.File("test.sqlite"));
  ExpectInterrupted(Interrupt({"report", "--format", "csv", "-o", pipe.string()}, reading));
  // Somebody has it open, and does not read what no pipe holds at once.
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  fcntl(reader, F_SETPIPE_SZ, 4096);
  ExpectInterrupted(Interrupt({"report", "--format", "html", "-o", pipe.string()}, HasOpen(pipe)));
  close(reader);
}

// A terminal that hangs up ends no measurement; Ctrl-C still does.
TEST_F(InterruptCliTest, AHangUpIsNoWishToStop) {
  place_.SmallScenes(1);
  const Args args = Run({"--plugins", "float,litert"});
  const auto frozen = Freeze("qbench-worker", "accuracy");
  const Answer hung_up = [&] {
    // The helper goes on at once, and so does the run.
    const InterruptedAnswer ended =
        place_.RunAndInterrupt(args, {},
                               [&](pid_t pid) {
                                 if (!frozen(pid)) return false;
                                 for (const pid_t child : ChildrenOf(pid)) kill(child, SIGCONT);
                                 return true;
                               },
                               {SIGHUP});
    return ended.answer;
  }();
  EXPECT_EQ(hung_up.status, 0) << hung_up.err;
}

// Of an option, of a data set: what is a pipe is no file, and is not waited for.
TEST_F(InterruptCliTest, APipeInPlaceOfAFileIsRefused) {
  const fs::path pipe = place_.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const Answer option = place_.Run(
      {"quantize", "intel-cnn", "--plugins", "dynamic:recipe=" + pipe.string(), "-o", "x.tflite"});
  EXPECT_EQ(option.status, 2);
  EXPECT_THAT(option.err, HasSubstr("is not a regular file"));
  const Answer import = place_.Run({"dataset", "import", "intel", pipe.string()});
  EXPECT_EQ(import.status, 2);
  EXPECT_THAT(import.err, HasSubstr("neither a folder nor a zip"));
}

}  // namespace
}  // namespace qbench::cli_test
