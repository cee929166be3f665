// Lists of numbers as JSON text.
#pragma once

#include <string>
#include <vector>

namespace qbench {

// The list as DumpJson writes it: a JSON value for each of millions of numbers takes time and
// memory. What is no number is null.
std::string DumpNumbers(const std::vector<double>& numbers);

}  // namespace qbench
