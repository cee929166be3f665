#include "base/one_line.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"

namespace qbench {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// U+0080 to U+009F: terminals take some of them for the start of a command.
bool IsC1(std::string_view text, size_t at) {
  return text[at] == '\xC2' && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
         static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

std::string WithoutControls(std::string_view text, std::string_view kept) {
  std::string clean(text);
  for (size_t i = 0; i < clean.size(); ++i) {
    if (IsControl(clean[i]) && kept.find(clean[i]) == std::string_view::npos) clean[i] = ' ';
    if (IsC1(clean, i)) clean[i] = clean[i + 1] = ' ';
  }
  return clean;
}

std::string RepairedUtf8(std::string text) {
  const bool ascii = std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
  if (ascii) return text;
  const Result<Json> back = ParseJson(DumpJson(Json(text)));
  return back.ok() ? back->get<std::string>() : std::string();
}

}  // namespace

std::string SafeLine(std::string_view text) {
  std::string line = WithoutControls(text, "");
  line.erase(line.find_last_not_of(' ') + 1);
  return RepairedUtf8(std::move(line));
}

std::string SafeName(std::string_view name) {
  constexpr size_t kMostBytes = 80;
  // No more is looked at than can be shown, or cut off at the end as blanks.
  return Shortened(SafeLine(name.substr(0, 2 * kMostBytes)), kMostBytes);
}

std::string SafeText(std::string_view text) { return RepairedUtf8(WithoutControls(text, "\n\t")); }

std::string Shortened(std::string text, size_t bytes) {
  constexpr std::string_view kMore = "…";
  if (text.size() <= bytes) return text;
  text.resize(CutUtf8(text, bytes - kMore.size()).size());
  return text.append(kMore);
}

}  // namespace qbench
