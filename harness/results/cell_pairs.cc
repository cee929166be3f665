#include "harness/results/cell_pairs.h"

#include <algorithm>
#include <map>
#include <utility>

namespace qbench::results {
namespace {

// Places in Side::cells.
using Places = std::vector<size_t>;

class Matcher {
 public:
  Matcher(const Side& base, const Side& now, PairBy by)
      : base_(base),
        now_(now),
        by_(by),
        partner_(base.cells.size(), now.cells.size()),
        how_(base.cells.size(), Pairing::kBaseOnly),
        taken_(now.cells.size(), false) {}

  std::vector<CellPair> Match() {
    const bool chosen = !by_.quantizer || !by_.runtime;
    MatchEqual(chosen ? Pairing::kChosen : Pairing::kSame, /*options=*/true);
    MatchEqual(chosen ? Pairing::kChosen : Pairing::kOptions, /*options=*/false);
    std::vector<CellPair> pairs;
    pairs.reserve(std::max(base_.cells.size(), now_.cells.size()));
    for (size_t i = 0; i < base_.cells.size(); ++i) {
      CellPair pair;
      pair.base = base_.cells[i];
      if (how_[i] != Pairing::kBaseOnly) pair.now = now_.cells[partner_[i]];
      pair.figures.pairing = how_[i];
      pairs.push_back(std::move(pair));
    }
    for (size_t j = 0; j < now_.cells.size(); ++j) {
      if (taken_[j]) continue;
      CellPair pair;
      pair.now = now_.cells[j];
      pair.figures.pairing = Pairing::kNewOnly;
      pairs.push_back(std::move(pair));
    }
    return pairs;
  }

 private:
  CellKey KeyFor(const Side& side, const Side::CellRef& ref, bool options) const {
    CellKey key = KeyOf(side.RunOf(ref), side.CellOf(ref));
    if (!options || !by_.quantizer) key.quantizer_options.clear();
    if (!options || !by_.runtime) key.runtime_options.clear();
    if (!by_.quantizer) key.quantizer.clear();
    if (!by_.runtime) key.runtime.clear();
    return key;
  }

  const std::string& ModelHash(const Side& side, size_t place) const {
    const Side::CellRef& ref = side.cells[place];
    return side.RunOf(ref).models.at(side.CellOf(ref).cell.model_id).sha256;
  }

  void Pair(size_t i, size_t j, Pairing how) {
    partner_[i] = j;
    how_[i] = how;
    taken_[j] = true;
  }

  // Pairs what is left of one key: where options are looked at all of it, else only what is alone.
  void MatchEqual(Pairing how, bool options) {
    std::map<CellKey, std::pair<Places, Places>> left;
    for (size_t i = 0; i < base_.cells.size(); ++i) {
      if (how_[i] == Pairing::kBaseOnly) {
        left[KeyFor(base_, base_.cells[i], options)].first.push_back(i);
      }
    }
    for (size_t j = 0; j < now_.cells.size(); ++j) {
      if (!taken_[j]) left[KeyFor(now_, now_.cells[j], options)].second.push_back(j);
    }
    for (const auto& [key, places] : left) {
      const auto& [bases, news] = places;
      if (!options && (bases.size() != 1 || news.size() != 1)) continue;
      for (const size_t i : bases) {
        const auto same = std::ranges::find_if(news, [&](size_t j) {
          return !taken_[j] && ModelHash(base_, i) == ModelHash(now_, j);
        });
        if (same != news.end()) Pair(i, *same, how);
      }
      for (const size_t i : bases) {
        if (how_[i] != Pairing::kBaseOnly) continue;
        const auto next = std::ranges::find_if(news, [&](size_t j) { return !taken_[j]; });
        if (next != news.end()) Pair(i, *next, how);
      }
    }
  }

  const Side& base_;
  const Side& now_;
  PairBy by_;
  Places partner_;            // of each cell of the base; the number of the new ones: none
  std::vector<Pairing> how_;  // of each cell of the base
  std::vector<bool> taken_;   // each cell of the new side
};

}  // namespace

std::vector<CellPair> PairCells(const Side& base, const Side& now, PairBy by) {
  return Matcher(base, now, by).Match();
}

}  // namespace qbench::results
