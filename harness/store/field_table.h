// The table of a record's fields: what a field is called everywhere, in which unit it is, and what
// it means. SQL statements, added SQL columns, CSV columns, JSON keys, the answers of workers and
// the tables of docs/formats.md are made from it, so that a field is declared once: its member and
// its row.
#pragma once

#include <tuple>
#include <type_traits>

namespace qbench::store {

// Bits of Field::traits.
inline constexpr unsigned kPlain = 0;
// No key of the JSON report: a number that only ties tables together, or one value an image.
inline constexpr unsigned kNotInJson = 1;
// A worker measures it and answers with it under this name; it is stored as it comes.
inline constexpr unsigned kFromWorker = 2;
// Tells a cell from others: every CSV begins with these.
inline constexpr unsigned kNamesCell = 4;

template <typename Record, typename Value>
struct Field {
  constexpr Field(const char* field_name, Value Record::*field_member, const char* field_unit,
                  const char* field_meaning, unsigned field_traits = kPlain, int field_since = 0)
      : name(field_name),
        member(field_member),
        unit(field_unit),
        meaning(field_meaning),
        traits(field_traits),
        since(field_since) {}

  const char* name;  // the column's and the key's
  Value Record::*member;
  const char* unit;     // "ms"; empty: none, or as the meaning says
  const char* meaning;  // Markdown, without a full stop; a sentence for docs/formats.md
  unsigned traits;
  // The version of the schema from which on the table has this column, where it was added to the
  // table later and has no SQL of its own (harness/store/migrations.cc). 0: as the SQL there says.
  int since;
};

// The rows of a record, in the order of its columns: a std::tuple of Field.
template <typename Record>
inline constexpr auto kFields = nullptr;

template <typename Record>
inline constexpr size_t kFieldCount =
    std::tuple_size_v<std::remove_cvref_t<decltype(kFields<Record>)>>;

// Calls visit(row) for each row of the record's table, in order.
template <typename Record, typename Visitor>
constexpr void ForEachRow(Visitor&& visit) {
  std::apply([&](const auto&... row) { (visit(row), ...); }, kFields<Record>);
}

// Calls visit(name, value) for each field of the record, in order.
template <typename Record, typename Visitor>
void ForEachField(Record&& record, Visitor&& visit) {
  ForEachRow<std::remove_cvref_t<Record>>(
      [&](const auto& row) { visit(row.name, record.*row.member); });
}

// The row of a member, for a record that shows it together with others.
template <typename Record, typename Value>
constexpr Field<Record, Value> RowOf(Value Record::*member) {
  Field<Record, Value> found("", member, "", "");
  ForEachRow<Record>([&](const auto& row) {
    if constexpr (std::is_same_v<decltype(row.member), Value Record::*>) {
      if (row.member == member) found = row;
    }
  });
  return found;
}

}  // namespace qbench::store
