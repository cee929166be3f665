#include "harness/store/find_run.h"

#include <charconv>
#include <optional>
#include <vector>

#include "base/one_line.h"

namespace qbench::store {
namespace {

constexpr std::string_view kLatest = "latest";
constexpr std::string_view kPrevious = "previous";

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// None where it is too large for any run.
std::optional<int64_t> NumberOf(const std::string& text) {
  int64_t number = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

RunName ParseRunName(const std::string& text, const std::filesystem::path& database) {
  const size_t mark = text.rfind('#');
  if (mark == std::string::npos || mark == 0) return {database, text};
  return {text.substr(0, mark), text.substr(mark + 1)};
}

bool IsRunWord(const std::string& run) {
  return IsNumber(run) || run == kLatest || run == kPrevious;
}

Result<int64_t> FindRun(const std::string& run, Store& store) {
  QB_ASSIGN_OR_RETURN(const std::vector<Run> runs, store.Runs());  // newest first
  const std::string file = store.path().string();
  if (runs.empty()) {
    return Error(StatusCode::kNotFound, "'{}' has no run yet: make one with 'qbench run'", file);
  }
  if (run == kLatest) return runs.front().id;
  if (run == kPrevious) {
    if (runs.size() > 1) return runs[1].id;
    return Error(StatusCode::kNotFound, "'{}' has one run alone: there is no previous one", file);
  }
  const bool is_number = IsNumber(run);
  const std::optional<int64_t> number = is_number ? NumberOf(run) : std::nullopt;
  for (const Run& one : runs) {
    if (is_number ? one.id == number : !run.empty() && one.name == run) return one.id;
  }
  if (is_number) {
    return Error(StatusCode::kNotFound,
                 "there is no run {} in '{}': the newest is {}; see qbench runs list",
                 SafeName(run), file, runs.front().id);
  }
  return Error(StatusCode::kNotFound, "there is no run \"{}\" in '{}': see qbench runs list",
               SafeName(run), file);
}

}  // namespace qbench::store
