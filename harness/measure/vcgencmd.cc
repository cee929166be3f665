#include "harness/measure/vcgencmd.h"

#include <unistd.h>

#include <chrono>
#include <system_error>

#include "base/interrupt.h"
#include "base/process.h"

namespace qbench::measure {

std::optional<std::string> AskFirmware(const std::filesystem::path& root,
                                       const std::vector<std::string>& arguments) {
  const std::filesystem::path program = root / "usr/bin/vcgencmd";
  std::error_code error;
  if (!std::filesystem::exists(program, error)) return std::nullopt;

  ChildOptions options;
  options.argv = {program.string()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.out = Redirect::Pipe();
  options.err = Redirect::Null();
  Result<Child> child = Child::Spawn(options);
  if (!child.ok()) return std::nullopt;
  // The answer is shorter than a pipe holds, so it can be read after the end.
  const ChildEnd end =
      child->Wait({.time = std::chrono::seconds(2)}, [] { return !InterruptRequested(); });
  if (!end.ok()) return std::nullopt;
  std::string answer;
  char buffer[1024];
  ssize_t got = 0;
  while ((got = read(child->out(), buffer, sizeof(buffer))) > 0) {
    answer.append(buffer, static_cast<size_t>(got));
  }
  return answer;
}

}  // namespace qbench::measure
