#include "harness/measure/proc_text.h"

#include <charconv>
#include <fstream>

namespace qbench::measure {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr std::string_view kWhiteSpace{" \t\r\n\0", 5};

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

}  // namespace

Result<std::string> ReadProcFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(StatusCode::kNotFound, "cannot read {}", path.string());
  std::string text;
  char buffer[4096];
  while (text.size() < kMaxBytes && (file.read(buffer, sizeof(buffer)), file.gcount() > 0)) {
    text.append(buffer, static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return Error(StatusCode::kIo, "cannot read {}", path.string());
  return text;
}

std::optional<std::string> ReadFirstLine(const std::filesystem::path& path) {
  const Result<std::string> text = ReadProcFile(path);
  if (!text.ok()) return std::nullopt;
  const std::string_view line = Trim(std::string_view(*text).substr(0, text->find('\n')));
  if (line.empty()) return std::nullopt;
  return std::string(line);
}

std::string FieldValue(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && Trim(line.substr(0, colon)) == key) {
      return std::string(Trim(line.substr(colon + 1)));
    }
  }
  return {};
}

std::optional<int64_t> FirstInteger(std::string_view text) {
  text = Trim(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace qbench::measure
