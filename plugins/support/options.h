// The options of a plugin, declared as a table and parsed from what the user wrote
// (`int8:io=int8:images=50`). The `values` text of an option is its grammar and its help at once:
//   "float|int8"   one of these words, or the one word
//   "1..10000"     an integer in this range
//   "0.5..100.0"   a number in this range
//   "FILE"         a file: qbench checks that it can be read, and hands over its absolute path
//   "NAME"         any text that is not empty: a word in capitals
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "qbench/abi.h"

namespace qbench::plugin {

// One row of the table. The texts are literals: they live as long as the plugin.
constexpr qbench_option_info Option(const char* name, const char* default_value, const char* values,
                                    const char* help) {
  return {sizeof(qbench_option_info), name, default_value, values, help};
}

// Every option of a table with its value: the user's or the default. Asking for a name that is not
// in the table, or for the wrong kind of value, is a bug and throws.
class Options {
 public:
  const std::string& Text(std::string_view name) const;
  int64_t Integer(std::string_view name) const;
  double Real(std::string_view name) const;
  bool Flag(std::string_view name) const;  // of a "true|false" option
  // Did the user write it? Also where it is what the default is.
  bool Given(std::string_view name) const { return given_.contains(name); }

 private:
  friend Result<Options> ParseOptions(std::string_view, std::span<const qbench_option_info>,
                                      std::span<const qbench_option>);
  std::map<std::string, std::string, std::less<>> values_;
  std::set<std::string, std::less<>> given_;
};

// kInvalidArgument, naming option and value and listing the valid ones, where `given` has an option
// that `table` has not, a value outside its grammar, or an option twice. `owner` is the plugin's
// id.
Result<Options> ParseOptions(std::string_view owner, std::span<const qbench_option_info> table,
                             std::span<const qbench_option> given);

}  // namespace qbench::plugin
