// The command line of one command, on Boost.Program_options: which throws, so that everything that
// touches it stays in arguments.cc and in the lists of options.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace qbench::cli {

// What `qbench COMMAND --help` shows, in lines of at most 80 columns: paragraphs are filled anew,
// and a line that ends with a sentence ends there.
struct Help {
  std::string_view usage;        // "qbench run [MODEL...] --plugins LIST --dataset NAME [options]"
  std::string_view description;  // a paragraph
  std::string_view example;      // complete command lines, one each line
  std::string_view notes;        // what follows the options; may be empty
};

class Arguments {
 public:
  // Parses `args` (without the program and the command). `positional` names the option that takes
  // what has no option before it, at most `max_positional` of them (-1: any number).
  // kInvalidArgument where an option is unknown, lacks its value or has a bad one.
  static Result<Arguments> Parse(const std::vector<std::string>& args, const Help& help,
                                 const boost::program_options::options_description& options,
                                 const char* positional = nullptr, int max_positional = -1);

  // Set where --help was given: the text to print. Nothing else is checked then.
  const std::optional<std::string>& help() const { return help_; }

  bool Has(const char* option) const { return values_.count(option) > 0; }
  // The option's value, or its default; the option must have one or the other.
  template <typename T>
  const T& Get(const char* option) const {
    return values_[option].as<T>();
  }
  std::string GetOr(const char* option, const std::string& fallback) const {
    return Has(option) ? Get<std::string>(option) : fallback;
  }
  std::vector<std::string> List(const char* option) const {
    return Has(option) ? Get<std::vector<std::string>>(option) : std::vector<std::string>();
  }

 private:
  std::optional<std::string> help_;
  boost::program_options::variables_map values_;
};

}  // namespace qbench::cli
