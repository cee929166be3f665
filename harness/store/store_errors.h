// What the store says when something is wrong with its file. Internal to the store; the texts are
// together here because each must name the file and the next step.
#pragma once

#include <filesystem>
#include <new>
#include <string>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/status.h"
#include "harness/store/sql_fields.h"

namespace qbench::store {

// The operating system refused to write; `error` is its errno.
Status CannotWrite(const std::filesystem::path& database, int error);

Status FromSqlite(const std::filesystem::path& database, const SQLite::Exception& exception);

Status Damaged(const std::filesystem::path& database, const std::string& what);

// Calls body(), which returns a Status or a Result, and turns what it throws into a Status.
template <typename Body>
auto Guarded(const std::filesystem::path& database, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception& exception) {
    return FromSqlite(database, exception);
  } catch (const BadRow& exception) {
    return Damaged(database, exception.what());
  } catch (const std::bad_alloc&) {
    return Error(StatusCode::kOutOfMemory, "out of memory while reading or writing '{}'",
                 database.string());
  }
}

}  // namespace qbench::store
