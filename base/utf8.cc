#include "base/utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qbench {
namespace {

// A character of a text, as it is shown.
struct Shown {
  std::string_view bytes;
  int columns = 1;
};

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The bytes of the character that `text` (not empty) begins with; 0 where that is no UTF-8.
size_t LengthOfFirst(std::string_view text, uint32_t& code) {
  const auto lead = static_cast<unsigned char>(text[0]);
  code = lead;
  if (lead < 0x80) return 1;
  const size_t bytes = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (bytes == 0 || text.size() < bytes) return 0;
  code = lead & (0xffU >> (bytes + 1));
  for (const char c : text.substr(1, bytes - 1)) {
    if (!IsContinuation(c)) return 0;
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  }
  return bytes;
}

// After the Unicode Standard, Annex 11 (East Asian Width), by blocks.
int ColumnsOf(uint32_t code) {
  struct Range {
    uint32_t first, last;
  };
  constexpr Range kMarks[] = {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
  constexpr Range kWide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
                             {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                             {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
  const auto has = [&](const auto& ranges) {
    return std::ranges::any_of(
        ranges, [&](const Range& range) { return code >= range.first && code <= range.last; });
  };
  return has(kMarks) ? 0 : has(kWide) ? 2 : 1;
}

std::vector<Shown> Characters(std::string_view text) {
  std::vector<Shown> characters;
  while (!text.empty()) {
    uint32_t code = 0;
    const size_t length = LengthOfFirst(text, code);
    const bool shown = length > 0 && code >= 0x20 && (code < 0x7f || code >= 0xa0);
    characters.push_back({shown ? text.substr(0, length) : "?", shown ? ColumnsOf(code) : 1});
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return characters;
}

// How many of the characters fit, from the first on; room is left for an ellipsis if not all do.
size_t CountFitting(const std::vector<Shown>& characters, int columns) {
  int used = 0;
  size_t with_ellipsis = 0;
  for (size_t i = 0; i < characters.size(); ++i) {
    used += characters[i].columns;
    if (used > columns) return with_ellipsis;
    if (used < columns) with_ellipsis = i + 1;
  }
  return characters.size();
}

std::string Join(std::vector<Shown>::const_iterator begin, std::vector<Shown>::const_iterator end) {
  std::string text;
  for (; begin != end; ++begin) text += begin->bytes;
  return text;
}

}  // namespace

std::string FitColumns(std::string_view text, int columns) {
  const std::vector<Shown> characters = Characters(text);
  const size_t count = CountFitting(characters, columns);
  std::string fitting =
      Join(characters.begin(), characters.begin() + static_cast<ptrdiff_t>(count));
  return count == characters.size() || columns < 1 ? fitting : fitting + "…";
}

std::string FitColumnsAtEnd(std::string_view text, int columns) {
  std::vector<Shown> characters = Characters(text);
  std::ranges::reverse(characters);
  const size_t count = CountFitting(characters, columns);
  const bool whole = count == characters.size();
  characters.resize(count);
  std::ranges::reverse(characters);
  const std::string fitting = Join(characters.begin(), characters.end());
  return whole || columns < 1 ? fitting : "…" + fitting;
}

std::string_view CutUtf8(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  size_t end = bytes;
  while (end > 0 && bytes - end < 3 && IsContinuation(text[end])) --end;
  return text.substr(0, IsContinuation(text[end]) ? bytes : end);
}

}  // namespace qbench
