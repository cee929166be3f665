// The names that come nearest to one that was not found, for messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qbench::quantize {

// "; near: "a", "b", "c"": at most three names, the nearest first by edit distance (Levenshtein
// 1966); empty where there is none. kAnywhere: the distance to the part of the name that comes
// nearest, for a text that may stand anywhere in it.
enum class NameMatch { kWhole, kAnywhere };
std::string NearNames(std::string_view name, std::vector<std::string> names,
                      NameMatch match = NameMatch::kWhole);

}  // namespace qbench::quantize
