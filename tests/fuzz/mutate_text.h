// Mutations of line-based text (TOML, lists) that often stay what they are: lines go, come twice or
// change places, values become others.
#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "tests/fuzz/mutate.h"

namespace qbench::fuzz {

class TextMutator {
 public:
  explicit TextMutator(uint64_t seed) : random_(seed) {}

  std::string Mutate(std::string_view text) {
    std::vector<std::string> lines = Split(text);
    for (size_t i = 1 + Below(3); i > 0 && !lines.empty(); --i) Change(lines);
    std::string mutated;
    for (const std::string& line : lines) mutated += line + '\n';
    return mutated;
  }

 private:
  size_t Below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  static std::vector<std::string> Split(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      lines.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
  }

  void Change(std::vector<std::string>& lines) {
    const size_t at = Below(lines.size());
    switch (Below(8)) {
      case 0:
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
        return;
      case 1:
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(Below(lines.size() + 1)),
                     std::string(lines[at]));
        return;
      case 2:
        std::swap(lines[at], lines[Below(lines.size())]);
        return;
      default:
        ReplaceValue(lines[at]);
        return;
    }
  }

  // What follows the first '=' or a blank, or one character of it.
  void ReplaceValue(std::string& line) {
    static constexpr std::array<std::string_view, 24> kValues = {"0",
                                                                 "-1",
                                                                 "1e400",
                                                                 "nan",
                                                                 "-inf",
                                                                 "9223372036854775807",
                                                                 "18446744073709551616",
                                                                 "true",
                                                                 "\"\"",
                                                                 "[]",
                                                                 "{}",
                                                                 "[[]]",
                                                                 "[1, \"a\", 2.5]",
                                                                 "\"../../x\"",
                                                                 "\"/\"",
                                                                 "\"\\u0000\"",
                                                                 "\"(a*)*$\"",
                                                                 "\"[\"",
                                                                 "\"\\\\\"",
                                                                 "1979-05-27",
                                                                 "[0, 0, 0]",
                                                                 "\"RGB\"",
                                                                 "\"first\"",
                                                                 "\"0-4294967295\""};
    const size_t sign = line.find_first_of("= ");
    if (sign == std::string::npos || Below(3) == 0) {
      if (!line.empty()) line[Below(line.size())] = static_cast<char>(random_() % 256);
      return;
    }
    line = line.substr(0, sign + 1) + std::string(kValues[Below(kValues.size())]);
  }

  std::mt19937_64 random_;
};

// For FuzzTarget::mutate: mostly lines and values, now and then bytes.
inline Bytes MutateText(const Bytes& input, uint64_t seed) {
  if (seed % 8 == 0) return Mutator(seed).Mutate(input);
  const std::string text = TextMutator(seed).Mutate(
      std::string_view(reinterpret_cast<const char*>(input.data()), input.size()));
  return Bytes(text.begin(), text.end());
}

}  // namespace qbench::fuzz
