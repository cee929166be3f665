#include "quantize/recipe/near_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/one_line.h"

namespace qbench::quantize {
namespace {

// Insertions, deletions and replacements from one to the other. Row i holds the distances from the
// first i characters of `from` to what ends at each place of `to`; kAnywhere may begin at any place
// and end at any for nothing.
size_t EditDistance(std::string_view from, std::string_view to, NameMatch match) {
  std::vector<size_t> row(to.size() + 1, 0);
  if (match == NameMatch::kWhole) {
    for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  }
  for (size_t i = 0; i < from.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < to.size(); ++j) {
      const size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return match == NameMatch::kWhole ? row.back() : *std::ranges::min_element(row);
}

}  // namespace

std::string NearNames(std::string_view name, std::vector<std::string> names, NameMatch match) {
  constexpr size_t kShown = 3;
  std::vector<std::pair<size_t, std::string>> near;
  for (std::string& other : names) {
    const size_t distance = EditDistance(name, other, match);
    near.emplace_back(distance, std::move(other));
  }
  std::ranges::sort(near);
  std::string text;
  for (size_t i = 0; i < std::min(kShown, near.size()); ++i) {
    text += fmt::format("{}\"{}\"", i == 0 ? "; near: " : ", ", SafeName(near[i].second));
  }
  return text;
}

}  // namespace qbench::quantize
