#include "harness/results/comparison_side.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "base/interrupt.h"
#include "base/one_line.h"
#include "fmt/format.h"
#include "harness/store/plugin_name.h"

namespace qbench::results {
namespace {

using store::WithOptions;

// Whether `text` is one of the three names of a run.
bool ParseRun(std::string_view text, SideName* name) {
  if (text == "latest") {
    name->runs = SideName::Runs::kLatest;
    return true;
  }
  if (text == "previous") {
    name->runs = SideName::Runs::kPrevious;
    return true;
  }
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, name->number);
  name->runs = SideName::Runs::kNumbered;
  return !text.empty() && error == std::errc() && after == end && name->number > 0;
}

Status NoSuchSide(const std::string& text) {
  return Error(StatusCode::kInvalidArgument,
               "\"{}\" is neither a run (12, latest, previous, DB#12) nor a database: see "
               "qbench compare --help",
               SafeName(text));
}

// The run that the name means; runs are newest first.
Result<int64_t> FindRun(const SideName& name, store::Store& store) {
  if (name.runs == SideName::Runs::kNumbered) return name.number;
  QB_ASSIGN_OR_RETURN(const std::vector<store::Run> runs, store.Runs());
  const size_t place = name.runs == SideName::Runs::kPrevious ? 1 : 0;
  if (place < runs.size()) return runs[place].id;
  return Error(StatusCode::kNotFound, "'{}' has {}: there is no {} one", store.path().string(),
               runs.empty() ? "no run yet" : "one run alone", place == 0 ? "latest" : "previous");
}

bool IsMeasured(const store::CellData& data) {
  return data.cell.status != store::Outcome::kNotMeasured || !data.measurements.empty();
}

// Cells with one key of one run: more than one where two models have one name.
struct TakenCells {
  size_t run = 0;
  std::vector<size_t> cells;
  bool measured = false;
};

// The newest cells of all runs. A run is read whole and kept only where a cell is taken from it.
Result<Side> LoadEveryCell(store::Store& store) {
  Side side;
  QB_ASSIGN_OR_RETURN(const std::vector<store::Run> runs, store.Runs());
  if (runs.empty()) {
    return Error(StatusCode::kNotFound, "'{}' has no run yet; make one with qbench run",
                 store.path().string());
  }
  std::map<CellKey, TakenCells> taken;
  for (const store::Run& run : runs) {
    if (InterruptRequested()) return InterruptStatus("reading the runs");
    QB_ASSIGN_OR_RETURN(store::RunData data, store.LoadRun(run.id));
    std::map<CellKey, TakenCells> here;
    for (size_t i = 0; i < data.cells.size(); ++i) {
      TakenCells& cells = here[KeyOf(data, data.cells[i])];
      cells.run = side.runs.size();
      cells.cells.push_back(i);
      cells.measured = cells.measured || IsMeasured(data.cells[i]);
    }
    bool used = false;
    for (auto& [key, cells] : here) {
      const auto known = taken.find(key);
      if (known != taken.end() && (known->second.measured || !cells.measured)) continue;
      taken[key] = std::move(cells);
      used = true;
    }
    if (used) side.runs.push_back(std::move(data));
  }
  for (const auto& [key, cells] : taken) {
    for (const size_t cell : cells.cells) side.cells.push_back({cells.run, cell});
  }
  std::ranges::sort(side.cells, {},
                    [](const Side::CellRef& ref) { return std::pair(ref.run, ref.cell); });
  return side;
}

bool Matches(std::string_view wanted, const std::string& name, const std::string& options) {
  return wanted.empty() || wanted == name || wanted == name + ":" + options;
}

}  // namespace

Result<SideName> ParseSide(const std::string& text, const std::filesystem::path& database) {
  SideName name{.text = text, .database = database};
  if (ParseRun(text, &name)) return name;
  if (const size_t mark = text.rfind('#'); mark != std::string::npos && mark > 0) {
    if (ParseRun(std::string_view(text).substr(mark + 1), &name)) {
      name.database = text.substr(0, mark);
      return name;
    }
  }
  const bool number = text.find_first_not_of("0123456789-+") == std::string::npos;
  if (text.empty() || number || text.front() == '#') return NoSuchSide(text);
  name.runs = SideName::Runs::kEveryCell;
  name.database = text;
  return name;
}

Side SideOf(store::RunData run, std::string name) {
  Side side;
  side.name = std::move(name);
  for (size_t i = 0; i < run.cells.size(); ++i) side.cells.push_back({0, i});
  side.runs.push_back(std::move(run));
  return side;
}

Result<Side> LoadSide(const SideName& name, store::Store& store) {
  const std::string file = SafeName(store.path().filename().string());
  if (name.runs == SideName::Runs::kEveryCell) {
    QB_ASSIGN_OR_RETURN(Side side, LoadEveryCell(store));
    side.name = file;
    side.database = store.path();
    return side;
  }
  QB_ASSIGN_OR_RETURN(const int64_t id, FindRun(name, store));
  QB_ASSIGN_OR_RETURN(store::RunData run, store.LoadRun(id));
  const bool elsewhere = name.text.find('#') != std::string::npos;
  Side side = SideOf(std::move(run),
                     elsewhere ? fmt::format("run {} of {}", id, file) : fmt::format("run {}", id));
  side.database = store.path();
  return side;
}

std::string SeriesOf(const Side& side, const Side::CellRef& ref) {
  if (!side.series.empty() || side.database.empty()) return side.series;
  std::error_code ignored;
  const std::filesystem::path real = std::filesystem::weakly_canonical(side.database, ignored);
  return fmt::format("{}#{}", real.string(), side.RunOf(ref).run.id);
}

Status KeepCells(std::string_view quantizer, std::string_view runtime, Side* side) {
  std::set<std::string> known;
  std::vector<Side::CellRef> kept;
  for (const Side::CellRef& ref : side->cells) {
    const CellKey key = KeyOf(side->RunOf(ref), side->CellOf(ref));
    known.insert(WithOptions(key.quantizer, key.quantizer_options) + " on " +
                 WithOptions(key.runtime, key.runtime_options));
    if (Matches(quantizer, key.quantizer, key.quantizer_options) &&
        Matches(runtime, key.runtime, key.runtime_options)) {
      kept.push_back(ref);
    }
  }
  if (kept.empty() && !side->cells.empty()) {
    constexpr size_t kShown = 8;
    std::string names;
    size_t shown = 0;
    for (const std::string& name : known) {
      if (++shown > kShown) break;
      names += (names.empty() ? "" : ", ") + SafeName(name);
    }
    if (known.size() > kShown) names += fmt::format(" and {} more", known.size() - kShown);
    return Error(StatusCode::kNotFound, "{} has no cell of {}{}{}; it has {}", side->name,
                 SafeName(quantizer), quantizer.empty() || runtime.empty() ? "" : " on ",
                 SafeName(runtime), names);
  }
  side->cells = std::move(kept);
  return OkStatus();
}

CellKey KeyOf(const store::RunData& run, const store::CellData& data) {
  const store::Cell& cell = data.cell;
  const store::DatasetSplit& split = run.splits.at(cell.split_id);
  return {.model = run.models.at(cell.model_id).stem,
          .quantizer = run.plugins.at(cell.quantizer_id).name,
          .quantizer_options = cell.quantizer_options,
          .runtime = run.plugins.at(cell.runtime_id).name,
          .runtime_options = cell.runtime_options,
          .threads = cell.threads,
          .dataset = split.name,
          .split = split.split};
}

}  // namespace qbench::results
