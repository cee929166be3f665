// What `--help` of every command shows: to the byte, as golden files (scripts/approve_goldens.sh),
// and that it is fit to be read and true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "tests/cli/run_qbench.h"
#include "tests/golden/golden_file.h"

namespace qbench::cli_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Of UTF-8 without wide or combining characters.
size_t Columns(const std::string& line) {
  return static_cast<size_t>(
      std::ranges::count_if(line, [](char c) { return (c & '\xC0') != '\x80'; }));
}

Words With(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The help of a command; it must be shown as one asked for it.
std::string HelpOf(const Workplace& place, const Words& command) {
  const Answer answer = place.Run(With(command, {"--help"}));
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(place.Run(With(command, {"-h"})).out, answer.out);
  return answer.out;
}

// The commands that a list of them shows: lines of a name behind two spaces, and what it does.
Words CommandsIn(const std::string& help) {
  Words names;
  for (const std::string& line : Lines(help)) {
    const size_t end = line.find("  ", 2);
    if (!line.starts_with("  ") || line.starts_with("   ") || end == std::string::npos) continue;
    EXPECT_NE(line.find_first_not_of(' ', end), std::string::npos) << line;
    names.push_back(line.substr(2, end - 2));
  }
  return names;
}

bool IsList(const std::string& help) {
  return Lines(help)[0].find(" COMMAND [options]") != std::string::npos;
}

struct Option {
  std::string name;        // "--plugins", with its dashes
  std::string short_name;  // "-q"; most have none
  bool takes_value = false;
  std::string description;
};

// The block behind "Options:", as Boost.Program_options writes it: a description may begin on the
// next line, and goes on in lines that are indented as far.
std::vector<Option> OptionsIn(const std::string& help) {
  std::vector<Option> options;
  const std::vector<std::string> lines = Lines(help);
  auto line = std::ranges::find(lines, "Options:");
  for (line += line != lines.end() ? 1 : 0; line != lines.end() && !line->empty(); ++line) {
    std::istringstream words(*line);
    std::string word;
    if (line->starts_with("  -")) {
      Option& option = options.emplace_back();
      words >> word;
      if (word.starts_with("--")) {
        option.name = word;
      } else {
        option.short_name = word;
        words >> word >> option.name;  // "-q [ --quiet ]"
        words >> word;
      }
      // "NAME", or "N (=3)"; descriptions do not begin with a capital.
      const size_t shown = line->find_first_not_of(
          ' ', line->find(option.name) + option.name.size() + (option.short_name.empty() ? 0 : 2));
      option.takes_value = shown != std::string::npos &&
                           std::isupper(static_cast<unsigned char>((*line)[shown])) != 0;
      if (option.takes_value) words >> word;
      while (words >> word && word.starts_with("(=")) {
      }
      option.description = words ? word : "";
    }
    if (options.empty()) continue;
    while (words >> word) options.back().description += " " + word;
  }
  return options;
}

// The commands with their own options, those of `dataset`, `db` and `plugin` included.
std::vector<Words> Commands(const Workplace& place) {
  std::vector<Words> commands;
  for (const std::string& name : CommandsIn(HelpOf(place, {}))) {
    const std::string help = HelpOf(place, {name});
    if (!IsList(help)) {
      commands.push_back({name});
      continue;
    }
    for (const std::string& inner : CommandsIn(help)) commands.push_back({name, inner});
  }
  return commands;
}

std::string Joined(const Words& words) { return fmt::format("{}", fmt::join(words, " ")); }

TEST(Help, ListsEveryCommand) {
  const Workplace place;
  EXPECT_THAT(CommandsIn(HelpOf(place, {})),
              ElementsAre("run", "init", "report", "compare", "baseline", "nights", "runs", "merge",
                          "quantize", "inspect", "diff", "profile", "dataset", "db", "plugin",
                          "cache", "doctor"));
  EXPECT_THAT(CommandsIn(HelpOf(place, {"dataset"})),
              ElementsAre("list", "import", "verify", "export-tensors"));
  EXPECT_THAT(CommandsIn(HelpOf(place, {"db"})), ElementsAre("check", "export", "vacuum"));
  EXPECT_THAT(CommandsIn(HelpOf(place, {"runs"})), ElementsAre("list", "show", "rename", "delete"));
  EXPECT_THAT(CommandsIn(HelpOf(place, {"cache"})), ElementsAre("list", "clean"));
  EXPECT_THAT(CommandsIn(HelpOf(place, {"plugin"})), ElementsAre("list", "check"));
  EXPECT_THAT(CommandsIn(HelpOf(place, {"baseline"})), ElementsAre("pin", "list", "show", "drop"));
  EXPECT_EQ(place.Run({"help"}).out, HelpOf(place, {}));
  // Without a command it is shown as a mistake.
  for (const Words& none : {Words{}, Words{"dataset"}, Words{"db"}, Words{"plugin"}, Words{"runs"},
                            Words{"baseline"}, Words{"cache"}}) {
    const Answer answer = place.Run(none);
    EXPECT_EQ(answer.status, 2);
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(answer.err, HelpOf(place, none));
  }
}

TEST(Help, IsWhatWasApproved) {
  const Workplace place;
  std::vector<Words> shown = Commands(place);
  for (const Words& list : {Words{}, Words{"dataset"}, Words{"db"}, Words{"plugin"}, Words{"runs"},
                            Words{"baseline"}, Words{"cache"}}) {
    shown.push_back(list);
  }
  for (const Words& command : shown) {
    const std::string name =
        command.empty() ? "" : "_" + fmt::format("{}", fmt::join(command, "_"));
    ExpectGolden(fmt::format("cli/golden/help{}.txt", name), HelpOf(place, command));
  }
}

TEST(Help, FitsATerminalOf80Columns) {
  const Workplace place;
  std::vector<Words> shown = Commands(place);
  for (const Words& list : {Words{}, Words{"dataset"}, Words{"db"}, Words{"plugin"}, Words{"runs"},
                            Words{"baseline"}, Words{"cache"}}) {
    shown.push_back(list);
  }
  for (const Words& command : shown) {
    for (const std::string& line : Lines(HelpOf(place, command))) {
      EXPECT_LE(Columns(line), 80U) << "qbench " << Joined(command) << " --help: " << line;
    }
  }
}

TEST(Help, BeginsWithTheCommand) {
  const Workplace place;
  for (const Words& command : Commands(place)) {
    EXPECT_THAT(HelpOf(place, command), ::testing::StartsWith("Usage: qbench " + Joined(command)));
  }
}

// Every option that is shown has a description, and the parser takes it as it is shown: with its
// value or without. (What follows --help is parsed, and nothing else is done.)
TEST(Help, OptionsAreDescribedAndTaken) {
  const Workplace place;
  for (const Words& command : Commands(place)) {
    SCOPED_TRACE(Joined(command));
    const std::string help = HelpOf(place, command);
    const std::vector<Option> options = OptionsIn(help);
    EXPECT_FALSE(options.empty());
    for (const Option& option : options) {
      SCOPED_TRACE(option.name);
      EXPECT_THAT(option.name, ::testing::StartsWith("--"));
      EXPECT_GE(option.description.size(), 8U) << option.description;
      for (const std::string& name : {option.name, option.short_name}) {
        if (name.empty()) continue;
        // A number, which is right for options of any type.
        const Words args = option.takes_value ? Words{name, "1", "--help"} : Words{name, "--help"};
        const Answer taken = place.Run(With(command, args));
        EXPECT_EQ(taken.status, 0) << taken.err;
        EXPECT_EQ(taken.out, help);
      }
      // Boost would take "--name=1" of a switch for a value that it does not have.
      const Answer with_value = place.Run(With(command, {option.name + "=1", "--help"}));
      EXPECT_EQ(with_value.status, option.takes_value ? 0 : 2) << with_value.err;
    }
    const Answer unknown = place.Run(With(command, {"--no-such-option"}));
    EXPECT_EQ(unknown.status, 2);
    EXPECT_THAT(unknown.err, HasSubstr("--no-such-option"));
    EXPECT_THAT(unknown.err, HasSubstr("--help"));
  }
}

}  // namespace
}  // namespace qbench::cli_test
