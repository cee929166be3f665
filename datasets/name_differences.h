// How two lists of class names differ, in words that say what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qbench::datasets {

struct NameDifferences {
  struct Pair {
    std::string first;
    std::string second;
  };
  // Names that differ in case, spaces, hyphens or underscores alone; of the names that are left,
  // those that one list has and the other has not. Each in byte order.
  std::vector<Pair> alike;
  std::vector<std::string> only_first;
  std::vector<std::string> only_second;

  bool empty() const { return alike.empty() && only_first.empty() && only_second.empty(); }
};

NameDifferences CompareNames(const std::vector<std::string>& first,
                             const std::vector<std::string>& second);

// "\"Sea\" of the model and \"sea\" of the data set differ in case alone"; empty where no pair is
// alike. Several pairs: the first ones.
std::string DescribeAlike(const std::vector<NameDifferences::Pair>& alike, std::string_view first,
                          std::string_view second);

// "a, b, c and 997 more"
std::string FewNames(const std::vector<std::string>& names);

}  // namespace qbench::datasets
