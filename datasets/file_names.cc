#include "datasets/file_names.h"

#include <charconv>
#include <cstdint>

#include "fmt/format.h"

namespace qbench::datasets {
namespace {

// The length in bytes of the UTF-8 character that the text begins with (RFC 3629, section 4); 0
// where it begins with none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  // Longer than needed, surrogates, beyond the last character.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
      (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

bool IsPlain(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x20 && byte != 0x7f && c != '\\';
}

}  // namespace

std::string EscapeName(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const size_t length = Utf8Length(name);
    if (length > 1 || (length == 1 && IsPlain(name[0]))) {
      text += name.substr(0, length);
    } else {
      text += fmt::format("\\x{:02x}", static_cast<uint8_t>(name[0]));
    }
    name.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

std::optional<std::string> UnescapeName(std::string_view text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      name += text[i];
      continue;
    }
    uint8_t byte = 0;
    if (text.size() - i < 4 || text[i + 1] != 'x') return std::nullopt;
    const char* digits = text.data() + i + 2;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    name += static_cast<char>(byte);
    i += 3;
  }
  if (EscapeName(name) != text) return std::nullopt;
  return name;
}

}  // namespace qbench::datasets
