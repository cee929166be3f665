#include "tests/cli/run_qbench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;

std::string Text(const fs::path& file) {
  const Result<std::string> text = ReadTextFile(file);
  return text.ok() ? *text : "";
}

}  // namespace

Workplace::Workplace() : folder_(*TempDir::Create("qbench-cli-test")) {}

ChildOptions Workplace::Options(const std::vector<std::string>& args,
                                const std::vector<std::string>& environment) const {
  ChildOptions options;
  options.argv = {QBENCH_BINARY_DIR "/bin/qbench"};
  options.argv.insert(options.argv.end(), args.begin(), args.end());
  options.environment = {"XDG_CACHE_HOME=" + File("cache").string(),
                         "XDG_DATA_HOME=" + File("data").string(),
                         "QBENCH_DB=" + File("test.sqlite").string()};
  options.environment.insert(options.environment.end(), environment.begin(), environment.end());
  options.out = Redirect::File(File("stdout"));
  options.err = Redirect::File(File("stderr"));
  return options;
}

Answer Workplace::Run(const std::vector<std::string>& args,
                      const std::vector<std::string>& environment) const {
  Answer answer = Finish(Options(args, environment));
  answer.out = Text(File("stdout"));
  return answer;
}

Answer Workplace::RunProgram(const std::vector<std::string>& argv,
                             const std::vector<std::string>& environment) const {
  ChildOptions options = Options({}, environment);
  options.argv = argv;
  Answer answer = Finish(options);
  answer.out = Text(File("stdout"));
  return answer;
}

Answer Workplace::RunInto(const fs::path& out, const std::vector<std::string>& args) const {
  ChildOptions options = Options(args, {});
  options.out = Redirect::File(out);
  return Finish(options);
}

Answer Workplace::Finish(const ChildOptions& options) const {
  const Result<ChildEnd> end = RunChild(options, {std::chrono::minutes(3)});
  EXPECT_TRUE(end.ok()) << end.status().message();
  Answer answer;
  if (end.ok() && end->reason == ChildEnd::Reason::kExited) answer.status = end->exit_status;
  answer.err = Text(File("stderr"));
  return answer;
}

bool Workplace::KillWhen(const std::vector<std::string>& args,
                         const std::function<bool()>& ready) const {
  Result<Child> child = Child::Spawn(Options(args, {}));
  EXPECT_TRUE(child.ok()) << child.status().message();
  if (!child.ok()) return false;
  const pid_t pid = child->pid();
  const ChildEnd end = child->Wait({std::chrono::minutes(3), 0, std::chrono::milliseconds(1)}, [&] {
    if (ready()) kill(pid, SIGKILL);
    return true;
  });
  return end.reason == ChildEnd::Reason::kSignaled && end.signal == SIGKILL;
}

bool Workplace::RunAndKillAt(const std::string& words, const std::vector<std::string>& args) const {
  return KillWhen(args, [&] { return Text(File("stderr")).find(words) != std::string::npos; });
}

bool Workplace::RunAndKill(const std::vector<std::string>& args, size_t progress_lines,
                           std::chrono::milliseconds delay) const {
  std::optional<std::chrono::steady_clock::time_point> seen;
  return KillWhen(args, [&] {
    const auto now = std::chrono::steady_clock::now();
    if (!seen && ProgressLines(Text(File("stderr"))) >= progress_lines) seen = now;
    return seen && now - *seen >= delay;
  });
}

size_t ProgressLines(const std::string& text) {
  size_t count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("[") && line.find(" %] ") != std::string::npos) ++count;
  }
  return count;
}

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code error;
  // Of every thread: a child belongs to the thread that started it.
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    std::ifstream list(task.path() / "children");
    for (pid_t child = 0; list >> child;) {
      children.push_back(child);
      const std::vector<pid_t> theirs = ChildrenOf(child);  // a worker's parent supervises it
      children.insert(children.end(), theirs.begin(), theirs.end());
    }
  }
  return children;
}

bool AllEnd(const std::vector<pid_t>& processes) {
  for (int i = 0; i < 2000; ++i) {
    if (std::ranges::none_of(processes, [](pid_t pid) { return kill(pid, 0) == 0; })) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

InterruptedAnswer Workplace::RunAndInterrupt(const std::vector<std::string>& args,
                                             const std::vector<std::string>& environment,
                                             const std::function<bool(pid_t)>& ready,
                                             const std::vector<int>& signals) const {
  InterruptedAnswer result;
  Result<Child> child = Child::Spawn(Options(args, environment));
  EXPECT_TRUE(child.ok()) << child.status().message();
  if (!child.ok()) return result;
  const pid_t pid = child->pid();
  std::optional<std::chrono::steady_clock::time_point> sent;
  const ChildEnd end = child->Wait({std::chrono::minutes(3), 0, std::chrono::milliseconds(5)}, [&] {
    if (sent || !ready(pid)) return true;
    result.children = ChildrenOf(pid);
    sent = std::chrono::steady_clock::now();
    for (const int number : signals) kill(pid, number);
    return true;
  });
  EXPECT_TRUE(sent.has_value()) << "it ended before it could be interrupted: " << end.Description();
  if (sent) {
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - *sent).count();
  }
  if (end.reason == ChildEnd::Reason::kExited) result.answer.status = end.exit_status;
  result.answer.out = Text(File("stdout"));
  result.answer.err = Text(File("stderr"));
  return result;
}

fs::path Workplace::SmallScenes(int per_class) const {
  const fs::path scenes = fs::path(QBENCH_SOURCE_DIR) / "datasets/scenes";
  const fs::path small = File("small");
  for (const char* split : {"train", "calibration", "test"}) {
    for (const auto& label : fs::directory_iterator(scenes / split)) {
      std::vector<fs::path> images;
      for (const auto& image : fs::directory_iterator(label)) images.push_back(image.path());
      std::ranges::sort(images);
      const fs::path folder = small / split / label.path().filename();
      fs::create_directories(folder);
      for (int i = 0; i < per_class; ++i) {
        fs::copy_file(images[static_cast<size_t>(i)],
                      folder / images[static_cast<size_t>(i)].filename(),
                      fs::copy_options::overwrite_existing);
      }
    }
  }
  return small;
}

std::vector<std::string> Workplace::QuickRun(const std::vector<std::string>& more) const {
  std::vector<std::string> args = {"run",
                                   "--min-time",
                                   "0.02",
                                   "--warmup-time",
                                   "0.01",
                                   "--min-samples",
                                   "4",
                                   "--db",
                                   File("test.sqlite").string(),
                                   "--report",
                                   File("report.html").string()};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

std::vector<std::vector<std::string>> ParseCsv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '\n') {
      row.push_back(std::exchange(field, {}));
      if (c == '\n') rows.push_back(std::exchange(row, {}));
    } else {
      field += c;
    }
  }
  return rows;
}

}  // namespace qbench::cli_test
