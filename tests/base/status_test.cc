#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace qbench {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Error(StatusCode::kInvalidArgument, "{} is odd", number);
  return number / 2;
}

Result<int> Quarter(int number) {
  QB_ASSIGN_OR_RETURN(const int half, Half(number));
  QB_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckEven(int number) {
  QB_RETURN_IF_ERROR(Half(number).status());
  return OkStatus();
}

TEST(Status, CarriesCodeAndMessage) {
  EXPECT_TRUE(OkStatus().ok());
  EXPECT_EQ(OkStatus().message(), "");
  const Status status = Error(StatusCode::kNotFound, "no {} of {}", "run", 7);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no run of 7");
}

TEST(Status, ContextStandsBeforeTheMessageOfAFailureAlone) {
  const Status status = Error(StatusCode::kIo, "no room").WithContext("file.h5");
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_EQ(status.message(), "file.h5: no room");
  EXPECT_TRUE(OkStatus().WithContext("file.h5").ok());
  EXPECT_EQ(OkStatus().WithContext("file.h5").message(), "");
}

TEST(Status, EveryCodeHasAName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(StatusCode::kInternal); ++code) {
    const std::string_view name = StatusCodeName(static_cast<StatusCode>(code));
    EXPECT_FALSE(name.empty()) << code;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(Result, HoldsAValueOrTheFailure) {
  const Result<int> value = Half(8);
  ASSERT_TRUE(value.ok());
  EXPECT_TRUE(value.status().ok());
  EXPECT_EQ(*value, 4);
  const Result<int> failure = Half(7);
  EXPECT_FALSE(failure.ok());
  EXPECT_EQ(failure.status().message(), "7 is odd");
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> owner(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = *std::move(owner);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, FailuresReturnEarly) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "3 is odd");
  EXPECT_EQ(Quarter(5).status().message(), "5 is odd");
  EXPECT_TRUE(CheckEven(2).ok());
  EXPECT_EQ(CheckEven(1).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace qbench
