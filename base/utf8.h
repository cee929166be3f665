// Cutting UTF-8 text to fit, between characters and never inside of one.
#pragma once

#include <string>
#include <string_view>

namespace qbench {

// The beginning of `text` that fits into so many columns of a terminal, with a "…" at its end where
// something is left out. East Asian wide characters and emoji take two columns, combining marks
// none; a control character, and a byte that is no UTF-8, becomes "?".
std::string FitColumns(std::string_view text, int columns);
// The same of its end, with the "…" before it.
std::string FitColumnsAtEnd(std::string_view text, int columns);

// The longest beginning of at most `bytes` bytes that ends between characters. Text that is no
// UTF-8 is cut at `bytes`.
std::string_view CutUtf8(std::string_view text, size_t bytes);

}  // namespace qbench
