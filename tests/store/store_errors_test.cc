// What is said of each kind of trouble with the database's file: its name, and the next step.
#include "harness/store/store_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>

namespace qbench::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::filesystem::path kFile = "/data/my runs.sqlite";

struct Case {
  int code;
  StatusCode status;
  const char* says;
};

TEST(FromSqlite, GivesEveryCodeItsNextStep) {
  for (const Case& known : std::initializer_list<Case>{
           {SQLITE_FULL, StatusCode::kNoSpace, "the disk is full"},
           {SQLITE_READONLY, StatusCode::kIo, "make it writable"},
           {SQLITE_NOTADB, StatusCode::kCorrupt, "is not a qbench database"},
           {SQLITE_CORRUPT, StatusCode::kCorrupt, "qbench db check"},
           {SQLITE_MISMATCH, StatusCode::kCorrupt, "qbench db check"},
           {SQLITE_TOOBIG, StatusCode::kCorrupt, "qbench db check"},
           {SQLITE_ERROR, StatusCode::kCorrupt, "qbench db check"},
           {SQLITE_BUSY, StatusCode::kTimeout, "close it and repeat"},
           {SQLITE_LOCKED, StatusCode::kTimeout, "close it and repeat"},
           {SQLITE_NOMEM, StatusCode::kOutOfMemory, "out of memory"},
           {SQLITE_CONSTRAINT, StatusCode::kInvalidArgument, "refuses a record: the details"},
           {SQLITE_IOERR, StatusCode::kIo, "ulimit -f"},
           {SQLITE_CANTOPEN, StatusCode::kIo, "check its permissions"},
           {SQLITE_INTERRUPT, StatusCode::kInternal, "the details"}}) {
    SCOPED_TRACE(known.code);
    const Status status = FromSqlite(kFile, SQLite::Exception("the details", known.code));
    EXPECT_EQ(status.code(), known.status);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(known.says), HasSubstr(kFile.string())));
  }
}

TEST(CannotWrite, GivesEveryReasonItsNextStep) {
  for (const Case& known :
       std::initializer_list<Case>{{ENOSPC, StatusCode::kNoSpace, "free some space"},
                                   {EDQUOT, StatusCode::kNoSpace, "free some space"},
                                   {EFBIG, StatusCode::kNoSpace, "free some space"},
                                   {EACCES, StatusCode::kIo, "read-only"},
                                   {EPERM, StatusCode::kIo, "read-only"},
                                   {EROFS, StatusCode::kIo, "read-only"},
                                   {ENOENT, StatusCode::kIo, "its folder does not exist"},
                                   {ENAMETOOLONG, StatusCode::kIo, "File name too long"},
                                   {EIO, StatusCode::kIo, "check the folder"}}) {
    SCOPED_TRACE(known.code);
    const Status status = CannotWrite(kFile, known.code);
    EXPECT_EQ(status.code(), known.status);
    EXPECT_THAT(status.message(), AllOf(::testing::ContainsRegex("(--db FILE|--resume)"),
                                        HasSubstr(known.says), HasSubstr(kFile.string())));
  }
}

TEST(Guarded, LetsResultsThroughAndNoExceptionOut) {
  EXPECT_EQ(*Guarded(kFile, [] { return Result<int>(7); }), 7);
  EXPECT_EQ(Guarded(kFile, [] { return Error(StatusCode::kNotFound, "no run"); }).message(),
            "no run");
  const auto thrown = [](const auto& throws) {
    return Guarded(kFile, [&]() -> Status {
      throws();
      return OkStatus();
    });
  };
  EXPECT_EQ(thrown([] { throw SQLite::Exception("full", SQLITE_FULL); }).code(),
            StatusCode::kNoSpace);
  const Status bad_row = thrown([] { throw BadRow("runs.id is text"); });
  EXPECT_EQ(bad_row.code(), StatusCode::kCorrupt);
  EXPECT_THAT(bad_row.message(), AllOf(HasSubstr("runs.id is text"), HasSubstr(kFile.string())));
  const Status no_memory = thrown([] { throw std::bad_alloc(); });
  EXPECT_EQ(no_memory.code(), StatusCode::kOutOfMemory);
  EXPECT_THAT(no_memory.message(), HasSubstr(kFile.string()));
}

}  // namespace
}  // namespace qbench::store
