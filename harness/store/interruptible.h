// A connection that does not keep a user waiting who wants to stop (base/interrupt.h). Internal to
// the store.
#pragma once

#include "SQLiteCpp/SQLiteCpp.h"

namespace qbench::store {

// Where another connection has the database locked, statements wait for it: up to 10 s (each
// transaction of ours takes milliseconds), or until the user wants to stop. Then they throw
// SQLITE_BUSY.
void WaitForOthers(SQLite::Database& connection);

// From here on a statement that runs when the user wants to stop throws SQLITE_INTERRUPT, and what
// it changed is undone. For connections that read, and for those whose file nobody waits for: what
// was measured is committed all the same.
void StopWhenAsked(SQLite::Database& connection);
void StopNoMore(SQLite::Database& connection);

}  // namespace qbench::store
