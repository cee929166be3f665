// One side of a comparison: cells of one run, or of a whole database, by a name that people write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "harness/store/store.h"

namespace qbench::results {

// Which runs of which database a name means.
struct SideName {
  std::string text;  // as it was written
  std::filesystem::path database;
  std::string
      run;  // as store::FindRun takes it; empty: of each cell the newest run that measured it
  bool baseline = false;  // not the run's own cells: the baseline's that were measured beside them
};

// "FILE", which must exist: the newest of every cell of that database; else a run as people name
// one (harness/store/find_run.h): "12", "latest", "previous", a name: of `database`; "FILE#12" and
// so on: of another; "12:baseline": what was measured beside the run (run --gate). A file whose
// name is a number is "./12". kInvalidArgument, naming these, for anything else.
Result<SideName> ParseSide(const std::string& text, const std::filesystem::path& database);

struct Side {
  struct CellRef {
    size_t run = 0;   // index in runs
    size_t cell = 0;  // index in its cells
  };

  std::string name;                  // "run 12", "run 12 of old.sqlite", "old.sqlite"
  std::filesystem::path database;    // empty: measured for this comparison alone, stored nowhere
  std::string real_database = {};    // the same without links; set where it was read
  std::vector<store::RunData> runs;  // those that a cell is taken from, the newest first
  std::vector<CellRef> cells;        // in the order of the runs and their cells
  // Not empty: its processes alternated with those of the other side that has the same.
  std::string series;

  const store::RunData& RunOf(const CellRef& ref) const { return runs[ref.run]; }
  const store::CellData& CellOf(const CellRef& ref) const { return runs[ref.run].cells[ref.cell]; }
};

// All cells of one run.
Side SideOf(store::RunData run, std::string name);

// Reads the side from its database, which is open as `store`, without samples (reduced_run.h). Of a
// whole database, a cell is taken from the newest run in which something was measured of it, else
// from the newest that has it. kNotFound: there is no such run, or no baseline beside it.
// kCancelled (base/interrupt.h).
Result<Side> LoadSide(const SideName& name, store::Store& store);

// Opens the databases, and reads the sides that both texts mean, each in a thread of its own.
// `database`: where a run is that is named alone. kInvalidArgument where a text names neither a run
// nor a database; the errors of LoadSide.
Result<std::pair<Side, Side>> ReadSides(const std::string& base, const std::string& now,
                                        const std::filesystem::path& database);

// What else was measured in turns with this cell's processes, round by round: the side's series, or
// else the run in its database; empty where neither is known.
std::string SeriesOf(const Side& side, const Side::CellRef& ref);

// Leaves the cells whose quantizer and runtime are these, each "NAME" or "NAME:OPTIONS" as reports
// show it (without options: whatever they are); an empty text leaves all. kNotFound, naming what
// there is, where none is left.
Status KeepCells(std::string_view quantizer, std::string_view runtime, Side* side);

// What tells a cell from the others of its side, whichever run and database it is of.
struct CellKey {
  std::string model;  // the stem
  std::string quantizer;
  std::string quantizer_options;
  std::string runtime;
  std::string runtime_options;
  int32_t threads = 1;
  std::string dataset;
  std::string split;
  auto operator<=>(const CellKey&) const = default;
};
CellKey KeyOf(const store::RunData& run, const store::CellData& cell);

}  // namespace qbench::results
