#include "harness/store/damaged_table.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "harness/store/damaged_database.h"

namespace qbench::store {
namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
// Where the end of a table cannot be read: so many keys in turn without a row, and it is given up.
constexpr int64_t kMostMisses = 10'000;
// Keys of our tables have no gaps; with damaged keys they may seem to.
constexpr int64_t kMostProbes = 10'000'000;

// The next row; none at the end. Sets `*failed` where it cannot be read.
bool Step(SQLite::Statement& statement, bool* failed) {
  try {
    return statement.executeStep();
  } catch (const SQLite::Exception& exception) {
    if (!IsFilesFault(exception)) throw;
    *failed = true;
    return false;
  }
}

class Reader {
 public:
  Reader(SQLite::Database& database, const RowRange& range,
         const std::function<void(SQLite::Statement&)>& visit)
      : database_(database), range_(range), visit_(visit) {}

  UnreadRows Read() {
    try {
      LearnKeys();
      ReadRows();
    } catch (const SQLite::Exception& exception) {
      if (!IsFilesFault(exception)) throw;
      unread_.and_more = true;  // the table itself is not known any more
    }
    unread_.rows += static_cast<int64_t>(known_.size());
    return unread_;
  }

 private:
  // The keys that the table's indexes still know.
  void LearnKeys() {
    std::vector<std::string> indexes;
    bool list_failed = false;
    SQLite::Statement list(database_, "SELECT name FROM pragma_index_list(?) WHERE origin <> 'pk'");
    list.bind(1, range_.table);
    while (Step(list, &list_failed)) indexes.push_back(list.getColumn(0).getString());
    for (const std::string& index : indexes) {
      try {
        bool failed = false;
        SQLite::Statement keys(database_, "SELECT " + range_.key + " FROM " + range_.table +
                                              " INDEXED BY \"" + index + "\"");
        while (Step(keys, &failed)) known_.insert(keys.getColumn(0).getInt64());
        all_known_ = all_known_ || !failed;
      } catch (const SQLite::Exception& exception) {
        if (!IsFilesFault(exception)) throw;
      }
    }
  }

  SQLite::Statement Select(const std::string& where) {
    std::string sql = "SELECT " + range_.key + " AS the_key, " + range_.columns + " FROM " +
                      range_.table + " NOT INDEXED WHERE " + where;
    if (!range_.condition.empty()) sql += " AND " + range_.condition;
    return SQLite::Statement(database_, sql);
  }

  void Visit(SQLite::Statement& row) {
    known_.erase(row.getColumn(0).getInt64());
    visit_(row);
  }

  void ReadRows() {
    bool failed = false;
    std::optional<int64_t> last;
    SQLite::Statement forwards = Select(range_.key + " > ?1 ORDER BY " + range_.key);
    forwards.bind(1, kLowest);
    while (Step(forwards, &failed)) {
      last = forwards.getColumn(0).getInt64();
      Visit(forwards);
    }
    if (!failed) return;
    std::optional<int64_t> first;
    SQLite::Statement backwards = Select(range_.key + " > ?1 ORDER BY " + range_.key + " DESC");
    backwards.bind(1, last.value_or(kLowest));
    while (Step(backwards, &failed)) {
      first = backwards.getColumn(0).getInt64();
      Visit(backwards);
    }
    ReadBetween(last.value_or(-1), first);
  }

  // Key by key, from behind `last` to before `first`; without that, to the last key that is known,
  // and on until there seem to be no more.
  void ReadBetween(int64_t last, std::optional<int64_t> first) {
    SQLite::Statement one = Select(range_.key + " = ?1");
    int64_t end = first.value_or(known_.empty() ? last + 1 : *known_.rbegin() + 1);
    int64_t failures = 0;  // since the last row
    for (int64_t key = last + 1; key < end || (!first && key - end < kMostMisses); ++key) {
      if (key - last > kMostProbes) {
        unread_.and_more = true;
        break;
      }
      one.tryReset();
      one.bind(1, key);
      bool failed = false;
      if (Step(one, &failed)) {
        Visit(one);
        end = std::max(end, key + 1);
        unread_.rows += failures;
        failures = 0;
      } else if (failed && !known_.contains(key)) {
        ++failures;
      }
    }
    if (first) unread_.rows += failures;
    if (!first && failures > 0 && !all_known_) unread_.and_more = true;
  }

  SQLite::Database& database_;
  const RowRange& range_;
  const std::function<void(SQLite::Statement&)>& visit_;
  std::set<int64_t> known_;  // keys that an index has, without those whose row was read
  bool all_known_ = false;   // an index was read to its end
  UnreadRows unread_;
};

}  // namespace

UnreadRows ReadAround(SQLite::Database& database, const RowRange& range,
                      const std::function<void(SQLite::Statement& row)>& visit) {
  return Reader(database, range, visit).Read();
}

}  // namespace qbench::store
