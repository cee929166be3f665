// File names as text: a name on Linux is any bytes, but lists have one name a line, and TOML, JSON
// and reports are UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qbench::datasets {

// The name with each control character, backslash and byte that is not part of UTF-8 as \xNN: one
// line of UTF-8, and different names stay different. Most names are their own escaped form.
std::string EscapeName(std::string_view name);

// The name that EscapeName made the text of; none where it did not make it.
std::optional<std::string> UnescapeName(std::string_view text);

}  // namespace qbench::datasets
