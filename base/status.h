// Status and Result: how every library of the project reports failure. Nothing below the command
// line prints or aborts, and no exception crosses the boundary of a library: adapters to
// third-party code catch what it throws and return a Status.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "fmt/format.h"

namespace qbench {

enum class StatusCode {
  kOk = 0,
  kInvalidArgument,  // the caller or the user asked for something that makes no sense
  kNotFound,         // a file, name or library that is not there
  kCorrupt,          // outside data that breaks its own format
  kUnsupported,      // well-formed, but qbench (or the plugin) cannot do it
  kIo,               // the operating system refused: permissions, full disk
  kOutOfMemory,
  kTimeout,
  kCancelled,
  kCrashed,   // a child process ended by a signal or without an answer
  kInternal,  // a bug in qbench
  kNoSpace,   // a disk or a quota is full, which says nothing of what was asked for
};
// The numbers are those of worker processes' answers: new ones go to the end.
inline constexpr StatusCode kLastStatusCode = StatusCode::kNoSpace;

// The code's name in words ("not found"), for logs and machine-readable output.
std::string_view StatusCodeName(StatusCode code);

// Success, or a code and one line of text that says what is wrong and names the next step.
class [[nodiscard]] Status {
 public:
  Status() = default;  // ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same failure with `context` and ": " before its message; an ok status stays as it is.
  Status WithContext(std::string_view context) const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status OkStatus() { return {}; }

// Error(kNotFound, "no data set '{}'", name)
template <typename... Args>
Status Error(StatusCode code, fmt::format_string<Args...> format, Args&&... args) {
  return {code, fmt::format(format, std::forward<Args>(args)...)};
}

// A value, or the Status that says why there is none. Reading the value of a failed Result is a
// bug in the caller.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return status;` both work.
  Result(T value) : content_(std::move(value)) {}        // NOLINT(google-explicit-constructor)
  Result(Status status) : content_(std::move(status)) {  // NOLINT(google-explicit-constructor)
  }

  bool ok() const { return std::holds_alternative<T>(content_); }
  Status status() const { return ok() ? Status() : std::get<Status>(content_); }

  T& value() & { return std::get<T>(content_); }
  const T& value() const& { return std::get<T>(content_); }
  T&& value() && { return std::get<T>(std::move(content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> content_;
};

}  // namespace qbench

#define QB_CONCAT_INNER(a, b) a##b
#define QB_CONCAT(a, b) QB_CONCAT_INNER(a, b)

// QB_RETURN_IF_ERROR(DoIt());
#define QB_RETURN_IF_ERROR(expression)          \
  do {                                          \
    ::qbench::Status qb_status_ = (expression); \
    if (!qb_status_.ok()) return qb_status_;    \
  } while (false)

// QB_ASSIGN_OR_RETURN(auto value, MakeValue());
#define QB_ASSIGN_OR_RETURN(declaration, expression) \
  QB_ASSIGN_OR_RETURN_INNER(QB_CONCAT(qb_result_, __LINE__), declaration, expression)
#define QB_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                      \
  if (!result.ok()) return result.status();                        \
  declaration = std::move(result).value()
