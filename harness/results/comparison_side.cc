#include "harness/results/comparison_side.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <set>
#include <utility>

#include "base/interrupt.h"
#include "base/one_line.h"
#include "fmt/format.h"
#include "harness/results/reduced_run.h"
#include "harness/store/find_run.h"
#include "harness/store/plugin_name.h"

namespace qbench::results {
namespace {

using store::WithOptions;

Status NoSuchSide(const std::string& text) {
  return Error(StatusCode::kInvalidArgument,
               "\"{}\" is neither a run (12, latest, previous, a name, DB#12, 12:baseline) nor a "
               "database: see qbench compare --help",
               SafeName(text));
}

std::string RealPath(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(path, ignored).string();
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
    QB_ASSIGN_OR_RETURN(store::RunData data, LoadReduced(store, run.id, Keep::kComparison));
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

struct OpenedSide {
  SideName name;
  store::Store store;
};

// `status` of a name; a database that is not there, say, looks like the name of a run.
Status Explained(const SideName& name, const Status& status) {
  const bool a_name = name.run == name.text && !store::IsRunWord(name.text);
  return a_name && status.code() == StatusCode::kNotFound ? NoSuchSide(name.text) : status;
}

Result<OpenedSide> OpenSide(const std::string& text, const std::filesystem::path& database) {
  QB_ASSIGN_OR_RETURN(SideName name, ParseSide(text, database));
  Result<store::Store> store = store::Store::Open(name.database, store::OpenMode::kReadOnly);
  if (!store.ok()) return Explained(name, store.status());
  return OpenedSide{std::move(name), std::move(store).value()};
}

Result<Side> Load(OpenedSide& opened) {
  Result<Side> side = LoadSide(opened.name, opened.store);
  if (!side.ok()) return Explained(opened.name, side.status());
  return side;
}

bool Matches(std::string_view wanted, const std::string& name, const std::string& options) {
  return wanted.empty() || wanted == name || wanted == name + ":" + options;
}

}  // namespace

Result<SideName> ParseSide(const std::string& text, const std::filesystem::path& database) {
  constexpr std::string_view kBaseline = ":baseline";
  std::error_code ignored;
  if (text.ends_with(kBaseline) && !std::filesystem::exists(text, ignored)) {
    QB_ASSIGN_OR_RETURN(SideName name,
                        ParseSide(text.substr(0, text.size() - kBaseline.size()), database));
    if (name.run.empty()) return NoSuchSide(text);
    name.baseline = true;
    return name;
  }
  const bool sign = text.find_first_not_of("0123456789-+") == std::string::npos;
  if (text.empty() || text.front() == '#' || (sign && (!store::IsRunWord(text) || text == "0"))) {
    return NoSuchSide(text);
  }
  if (!store::IsRunWord(text) && std::filesystem::exists(text, ignored)) {
    return SideName{.text = text, .database = text, .run = ""};
  }
  store::RunName name = store::ParseRunName(text, database);
  if (name.run.empty()) return NoSuchSide(text);
  return SideName{.text = text, .database = std::move(name.database), .run = std::move(name.run)};
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
  if (name.run.empty()) {
    QB_ASSIGN_OR_RETURN(Side side, LoadEveryCell(store));
    side.name = file;
    side.database = store.path();
    side.real_database = RealPath(side.database);
    return side;
  }
  QB_ASSIGN_OR_RETURN(const int64_t id, store::FindRun(name.run, store));
  QB_ASSIGN_OR_RETURN(store::RunData run, LoadReduced(store, id, Keep::kComparison));
  std::string title =
      name.text == name.run ? fmt::format("run {}", id) : fmt::format("run {} of {}", id, file);
  if (name.baseline) {
    if (run.baseline_cells.empty()) {
      return Error(StatusCode::kNotFound,
                   "no baseline was measured beside run {}: only qbench run --gate does that", id);
    }
    run.cells = std::move(run.baseline_cells);
    title = "the baseline of " + title;
  }
  run.baseline_cells.clear();
  Side side = SideOf(std::move(run), std::move(title));
  side.database = store.path();
  side.real_database = RealPath(side.database);
  return side;
}

Result<std::pair<Side, Side>> ReadSides(const std::string& base, const std::string& now,
                                        const std::filesystem::path& database) {
  // Opened one after the other: the first may bring an old database up to date.
  QB_ASSIGN_OR_RETURN(OpenedSide first, OpenSide(base, database));
  QB_ASSIGN_OR_RETURN(OpenedSide second, OpenSide(now, database));
  // In a thread of its own; where there is none to have, when it is asked for.
  std::future<Result<Side>> loading = std::async([&first] { return Load(first); });
  Result<Side> side = Load(second);
  Result<Side> base_side = loading.get();
  QB_RETURN_IF_ERROR(base_side.status());
  QB_RETURN_IF_ERROR(side.status());
  return std::pair(std::move(base_side).value(), std::move(side).value());
}

std::string SeriesOf(const Side& side, const Side::CellRef& ref) {
  if (!side.series.empty() || side.database.empty()) return side.series;
  return fmt::format("{}#{}",
                     side.real_database.empty() ? RealPath(side.database) : side.real_database,
                     side.RunOf(ref).run.id);
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
