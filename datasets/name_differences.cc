#include "datasets/name_differences.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "fmt/format.h"

namespace qbench::datasets {
namespace {

std::string LowerCase(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Lower case without spaces, hyphens and underscores.
std::string Fold(std::string_view name) {
  std::string folded = LowerCase(name);
  std::erase_if(folded, [](char c) { return c == ' ' || c == '-' || c == '_'; });
  return folded;
}

std::vector<std::string> Missing(const std::set<std::string>& from,
                                 const std::set<std::string>& in) {
  std::vector<std::string> missing;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(missing));
  return missing;
}

}  // namespace

NameDifferences CompareNames(const std::vector<std::string>& first,
                             const std::vector<std::string>& second) {
  const std::set<std::string> a(first.begin(), first.end());
  const std::set<std::string> b(second.begin(), second.end());
  NameDifferences differences;
  differences.only_second = Missing(b, a);
  for (const std::string& name : Missing(a, b)) {
    const auto alike = std::ranges::find(differences.only_second, Fold(name),
                                         [](const std::string& other) { return Fold(other); });
    if (alike == differences.only_second.end()) {
      differences.only_first.push_back(name);
      continue;
    }
    differences.alike.push_back({name, *alike});
    differences.only_second.erase(alike);
  }
  return differences;
}

std::string DescribeAlike(const std::vector<NameDifferences::Pair>& alike, std::string_view first,
                          std::string_view second) {
  constexpr size_t kShown = 3;
  if (alike.empty()) return "";
  std::string pairs;
  for (size_t i = 0; i < std::min(alike.size(), kShown); ++i) {
    pairs += i == 0 ? fmt::format("\"{}\" of {} and \"{}\" of {}", alike[i].first, first,
                                  alike[i].second, second)
                    : fmt::format(", \"{}\" and \"{}\"", alike[i].first, alike[i].second);
  }
  if (alike.size() > kShown) pairs += fmt::format(" and {} more", alike.size() - kShown);
  const bool case_alone = std::ranges::all_of(alike, [](const NameDifferences::Pair& pair) {
    return LowerCase(pair.first) == LowerCase(pair.second);
  });
  return fmt::format("{} differ in {} alone", pairs,
                     case_alone ? "case" : "case, spaces, hyphens or underscores");
}

std::string FewNames(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

}  // namespace qbench::datasets
