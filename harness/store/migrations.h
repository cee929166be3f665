// The database's schema, as the numbered steps that lead to it. Internal to the store.
//
// A step that was released is never edited: databases that went through it exist. A change of the
// schema is a new step at the end: SQL in migrations.cc, whose tables the field tables in records.h
// follow (a test compares), or rows of those that name the next version as their Field::since, from
// which the SQL that adds their columns is made.
#pragma once

#include <span>

#include "SQLiteCpp/SQLiteCpp.h"

namespace qbench::store {

// "qbch" in the file's header: this SQLite file is ours.
inline constexpr int32_t kApplicationId = 0x71626368;

// Migration number n (from 1) leads from schema n - 1 to schema n.
std::span<const char* const> Migrations();

// Takes the database from the version in its header (PRAGMA user_version) to migrations.size(), in
// one transaction: after a failure or a crash it is what it was. Throws SQLite::Exception. The
// version must not be higher than migrations.size().
void Migrate(SQLite::Database& database, std::span<const char* const> migrations);

// PRAGMA user_version.
int SchemaVersion(SQLite::Database& database);

}  // namespace qbench::store
