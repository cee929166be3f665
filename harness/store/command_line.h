// What a run's command line said.
#pragma once

#include <string>
#include <string_view>

#include "harness/store/records.h"

namespace qbench::store {

// The value of an option ("--dataset") on the command line of a run, written with a blank or with
// '='; empty where it does not stand there.
inline std::string OptionOf(const Run& run, std::string_view option) {
  const std::string with_value = std::string(option) + "=";
  for (size_t i = 0; i < run.command_line.size(); ++i) {
    const std::string& word = run.command_line[i];
    if (word == option && i + 1 < run.command_line.size()) return run.command_line[i + 1];
    if (word.starts_with(with_value)) return word.substr(with_value.size());
  }
  return {};
}

}  // namespace qbench::store
