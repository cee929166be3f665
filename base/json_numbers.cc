#include "base/json_numbers.h"

#include <array>
#include <cmath>

#include "base/json.h"

namespace qbench {

std::string DumpNumbers(const std::vector<double>& numbers) {
  std::array<char, 64> buffer{};
  std::string text = "[";
  for (const double number : numbers) {
    if (text.size() > 1) text += ',';
    if (!std::isfinite(number)) {
      text += "null";
      continue;
    }
    const char* const end =
        nlohmann::detail::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    text.append(buffer.data(), static_cast<size_t>(end - buffer.data()));
  }
  return text + "]";
}

}  // namespace qbench
