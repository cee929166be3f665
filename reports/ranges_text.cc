#include "reports/ranges_text.h"

#include "fmt/format.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return "";
  // Without quotes, but with its control characters escaped.
  const std::string text = DumpJson(*found);
  return found->is_string() ? text.substr(1, text.size() - 2) : text;
}

std::string NumberOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  const bool known = found != object.end() && found->is_number();
  return known ? fmt::format("{:.6g}", found->get<double>()) : std::string(kMissing);
}

// `text` at the right of `width` characters.
std::string Right(const std::string& text, size_t width) {
  return std::string(width - std::min(width, DisplayWidth(text)), ' ') + text;
}

std::string MeasuredText(const Json& source) {
  std::string text = "by " + TextOf(source, "calibration");
  if (const std::string runtime = TextOf(source, "runtime"); !runtime.empty()) {
    text += fmt::format(" on {} images, {}", TextOf(source, "samples"), runtime);
  }
  return text;
}

}  // namespace

std::string DescribeRanges(const Json& ranges) {
  if (!ranges.is_object()) return "";
  const auto given = ranges.find("given");
  if (given == ranges.end() || !given->is_object()) return "ranges " + MeasuredText(ranges);
  return fmt::format("ranges given (sha256 {}), {}", TextOf(*given, "sha256"),
                     MeasuredText(*given));
}

Result<std::string> RangesTable(const Json& ranges) {
  if (!ranges.is_object() || !ranges.contains("tensors") || !ranges.at("tensors").is_array()) {
    return Error(StatusCode::kCorrupt,
                 "not a file of ranges: it has no array \"tensors\" (quantizing writes one beside "
                 "the artifact, FILE.ranges.json)");
  }
  constexpr size_t kWidth = 12;
  std::string text;
  const auto add = [&](const std::string& min, const std::string& max, const std::string& scale,
                       const std::string& zero_point, const std::string& measured,
                       const std::string& name) {
    for (const std::string& column : {min, max, scale, zero_point}) text += Right(column, kWidth);
    text += fmt::format("  {:<8}  {}\n", measured, name);
  };
  add("min", "max", "scale", "zero point", "measured", "tensor");
  for (const Json& tensor : ranges.at("tensors")) {
    if (!tensor.is_object()) continue;
    const auto measured = tensor.find("measured");
    const bool follows = measured != tensor.end() && *measured == false;
    add(NumberOf(tensor, "min"), NumberOf(tensor, "max"), NumberOf(tensor, "scale"),
        NumberOf(tensor, "zero_point"), follows ? "follows" : "yes", TextOf(tensor, "name"));
  }
  return text;
}

}  // namespace qbench::reports
