// Holds a libLiteRt.so against what plugins/runtimes/litert declares of it, each check in a process
// of its own. Prints a line a check, "float: ok" or "float: <why not>"; exit status 0 where all are
// ok, 1 where one is not, 2 for a usage error.
//
//     litert_abi_probe LIBRARY
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/files.h"
#include "base/process.h"
#include "tests/litert_abi/litert_abi_checks.h"

namespace qbench::litert {
namespace {

constexpr int kFailed = 1;
constexpr std::chrono::seconds kTimeLimit{60};

// In the child: the message goes to standard output. Ends without the library's own clean-up, which
// is none of the checks.
[[noreturn]] void RunHere(const AbiCheck& check, const char* library_path) {
  const Result<Library> library = OpenLibrary({{library_path, /*named=*/true}});
  const Status status = library.ok() ? check.run(*library) : library.status();
  std::fputs(status.message().c_str(), stdout);
  std::fflush(stdout);
  _exit(status.ok() ? 0 : kFailed);
}

// OK, or why the check does not pass.
Status RunInChild(const AbiCheck& check, const std::filesystem::path& program,
                  const std::filesystem::path& library) {
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("litert-abi"));
  ChildOptions options;
  options.argv = {program, library, check.name};
  options.out = Redirect::File(scratch.path() / "message.txt");
  options.err = Redirect::Null();
  QB_ASSIGN_OR_RETURN(const ChildEnd end, RunChild(options, {.time = kTimeLimit}));
  if (end.ok()) return OkStatus();
  if (end.reason == ChildEnd::Reason::kExited && end.exit_status == kFailed) {
    QB_ASSIGN_OR_RETURN(const std::string message, ReadTextFile(scratch.path() / "message.txt"));
    return Error(StatusCode::kInternal, "{}", message);
  }
  return Error(StatusCode::kCrashed, "ends the process: {}", end.Description());
}

int RunAll(const char* library) {
  const Result<std::filesystem::path> folder = ProgramDir();
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(library, error);
  if (!folder.ok() || error) {
    std::fputs("litert_abi_probe: cannot find its own program\n", stderr);
    return 2;
  }
  bool all_ok = true;
  for (const AbiCheck& check : AbiChecks()) {
    const Status status = RunInChild(check, *folder / "litert_abi_probe", path);
    all_ok = all_ok && status.ok();
    fmt::print("{}: {}\n", check.name, status.ok() ? "ok" : status.message());
    std::fflush(stdout);
  }
  return all_ok ? 0 : 1;
}

}  // namespace
}  // namespace qbench::litert

int main(int argc, char** argv) {
  if (argc == 2) return qbench::litert::RunAll(argv[1]);
  for (const qbench::litert::AbiCheck& check : qbench::litert::AbiChecks()) {
    if (argc == 3 && std::strcmp(argv[2], check.name) == 0) {
      qbench::litert::RunHere(check, argv[1]);
    }
  }
  std::fputs("usage: litert_abi_probe LIBRARY\n", stderr);
  return 2;
}
