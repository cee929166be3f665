// The `main` of a fuzz target without libFuzzer: replays inputs, and mutates them from numbered
// seeds. scripts/fuzz.sh runs it under sanitizers, the test suite a small part without.
//
//   fuzz_NAME [--seed N] [--count N] [INPUT...]
//
// INPUTs take the place of the built-in ones; a folder stands for the files in it. Each is run as
// it is, then COUNT mutations of it (0 by default). Prints how many were accepted. A failure names
// input and seed: the same command with that seed and --count 1 repeats it.
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace qbench::fuzz {
namespace {

struct Input {
  std::string name;
  Bytes bytes;
};

struct Command {
  uint64_t seed = 1;
  uint64_t count = 0;
  std::vector<Input> inputs;
};

// What is being run, for the message of a crash.
const Input* current_input = nullptr;
std::optional<uint64_t> current_seed;

void NameInput() {
  if (current_input == nullptr) return;
  std::fprintf(stderr, "input %s, ", current_input->name.c_str());
  if (current_seed) {
    std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(*current_seed));
  } else {
    std::fprintf(stderr, "as it is\n");
  }
}

void OnAbort(int) { NameInput(); }

bool ParseNumber(std::string_view text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

Status AddFile(const std::filesystem::path& path, std::vector<Input>& inputs) {
  QB_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(path));
  inputs.push_back({path.string(), std::move(bytes)});
  return OkStatus();
}

Status AddPath(const std::filesystem::path& path, std::vector<Input>& inputs) {
  if (!std::filesystem::is_directory(path)) return AddFile(path, inputs);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) QB_RETURN_IF_ERROR(AddFile(file, inputs));
  return OkStatus();
}

Result<Command> Parse(int argc, char** argv) {
  Command command;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--seed" || argument == "--count") {
      uint64_t& number = argument == "--seed" ? command.seed : command.count;
      if (++i == argc || !ParseNumber(argv[i], number)) {
        return Error(StatusCode::kInvalidArgument, "{} wants a number", argument);
      }
    } else {
      QB_RETURN_IF_ERROR(AddPath(argument, command.inputs));
    }
  }
  if (command.inputs.empty()) {
    std::vector<Bytes> seeds = Target().seeds();
    for (size_t i = 0; i < seeds.size(); ++i) {
      command.inputs.push_back({std::to_string(i), std::move(seeds[i])});
    }
  }
  return command;
}

Bytes Mutate(const Bytes& input, uint64_t seed) {
  if (Target().mutate != nullptr) return Target().mutate(input, seed);
  return Mutator(seed).Mutate(input);
}

int Run(const Command& command) {
  uint64_t accepted_as_is = 0;
  uint64_t accepted = 0;
  uint64_t mutations = 0;
  for (const Input& input : command.inputs) {
    current_input = &input;
    current_seed.reset();
    if (Target().run(input.bytes)) {
      ++accepted_as_is;
    } else {
      std::printf("input %s is refused: %s\n", input.name.c_str(), LastRefusal().c_str());
    }
    if (input.bytes.empty()) continue;
    for (uint64_t i = 0; i < command.count; ++i, ++mutations) {
      current_seed = command.seed + i;
      accepted += Target().run(Mutate(input.bytes, *current_seed)) ? 1 : 0;
    }
  }
  std::printf("%.*s: %zu inputs, %llu accepted; %llu mutations, %llu accepted\n",
              static_cast<int>(Target().name.size()), Target().name.data(), command.inputs.size(),
              static_cast<unsigned long long>(accepted_as_is),
              static_cast<unsigned long long>(mutations),
              static_cast<unsigned long long>(accepted));
  return 0;
}

}  // namespace
}  // namespace qbench::fuzz

int main(int argc, char** argv) {
  using namespace qbench::fuzz;
  const auto command = Parse(argc, argv);
  if (!command.ok()) {
    std::fprintf(stderr, "%s\nusage: %s [--seed N] [--count N] [INPUT...]\n",
                 command.status().message().c_str(), argv[0]);
    return 2;
  }
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback(NameInput);
#endif
  std::signal(SIGABRT, OnAbort);
  std::signal(SIGSEGV, [](int signal) {
    NameInput();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  });
  return Run(*command);
}
