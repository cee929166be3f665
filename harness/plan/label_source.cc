#include "harness/plan/label_source.h"

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/one_line.h"
#include "datasets/model_fit.h"
#include "datasets/name_differences.h"
#include "fmt/ranges.h"

namespace qbench::plan {
namespace {

constexpr uint64_t kMaxLabelBytes = uint64_t{4} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::vector<std::string> Lines(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
      lines.emplace_back();
      continue;
    }
    line = line.substr(first, line.find_last_not_of(kBlanks) + 1 - first);
    lines.emplace_back(line);
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// `from` is what has the labels, and `remedy` what to do where they cannot be a sidecar's.
Status CheckList(const std::vector<std::string>& labels, size_t classes, std::string_view from,
                 std::string_view remedy) {
  std::map<std::string_view, size_t> seen;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty()) {
      return Error(StatusCode::kInvalidArgument, "{}: line {} is empty; {}", from, i + 1, remedy);
    }
    const auto [first, is_new] = seen.try_emplace(labels[i], i);
    if (!is_new) {
      return Error(StatusCode::kInvalidArgument, "{}: lines {} and {} both say \"{}\"; {}", from,
                   first->second + 1, i + 1, SafeName(labels[i]), remedy);
    }
  }
  if (labels.size() == classes) return OkStatus();
  return Error(StatusCode::kInvalidArgument, "{}: {} label{} for {} classes; {}", from,
               labels.size(), labels.size() == 1 ? "" : "s", classes, remedy);
}

Status CheckAgainst(const LabelSource& source, const datasets::Dataset& dataset) {
  const datasets::NameDifferences names = datasets::CompareNames(source.labels, dataset.labels);
  if (names.empty()) return OkStatus();
  std::vector<std::string> differences;
  if (!names.alike.empty()) {
    differences.push_back(datasets::DescribeAlike(names.alike, source.source, "the data set"));
  }
  if (!names.only_first.empty()) {
    differences.push_back("only the labels have " + datasets::FewNames(names.only_first));
  }
  if (!names.only_second.empty()) {
    differences.push_back("only the data set has " + datasets::FewNames(names.only_second));
  }
  return Error(
      StatusCode::kInvalidArgument,
      "the labels ({}) are not the class folders of {}: {}; name a file with --labels that "
      "has the folders' names in the order of the outputs, a line each",
      source.source, dataset.name, fmt::join(differences, "; "));
}

constexpr std::string_view kFileRemedy =
    "write one label a line, each once, in the order of the outputs";

Result<LabelSource> OfMetadata(const PlannedModel& model, size_t classes) {
  LabelSource source;
  if (!model.metadata.is_object() || !model.metadata.contains("labels")) return source;
  QB_ASSIGN_OR_RETURN(source.labels, JsonGet<std::vector<std::string>>(model.metadata, "labels"));
  source.source = "the file's metadata";
  QB_RETURN_IF_ERROR(CheckList(source.labels, classes,
                               model.path.string() + ": the labels of its metadata",
                               "name a file with others with --labels"));
  return source;
}

// "class 10" behind "class 9": digits that begin or end a name count as a number.
std::pair<std::string, uint64_t> Numbered(const std::string& label) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool leads = !label.empty() && digit(label.front());
  size_t begin = 0;
  size_t end = label.size();
  if (leads) {
    end = static_cast<size_t>(std::ranges::find_if_not(label, digit) - label.begin());
  } else {
    begin = end;
    while (begin > 0 && digit(label[begin - 1])) --begin;
  }
  uint64_t value = 0;
  for (size_t i = begin; i < std::min(end, begin + 18); ++i) {
    value = value * 10 + static_cast<uint64_t>(label[i] - '0');
  }
  return {leads ? std::string() : label.substr(0, begin), value};
}

}  // namespace

Result<LabelSource> ReadLabelFile(const std::filesystem::path& file, size_t classes) {
  Result<std::string> text = ReadTextFile(file, kMaxLabelBytes);
  if (!text.ok()) return text.status().WithContext("--labels");
  LabelSource source;
  source.source = "the file " + file.string();
  for (const std::string& line : Lines(*text)) source.labels.push_back(SafeLine(line));
  QB_RETURN_IF_ERROR(CheckList(source.labels, classes, "--labels: " + file.string(), kFileRemedy));
  return source;
}

Result<LabelSource> FindLabels(const PlannedModel& model, size_t classes,
                               const std::optional<std::filesystem::path>& file,
                               const datasets::Dataset* dataset, bool without_metadata) {
  if (dataset != nullptr) {
    const Status fits = datasets::CheckClassCounts(model.output_shape, 0, dataset->labels.size());
    if (!fits.ok()) return fits.WithContext(model.path.string());
  }
  LabelSource source;
  if (file) {
    QB_ASSIGN_OR_RETURN(source, ReadLabelFile(*file, classes));
  } else if (!without_metadata) {
    QB_ASSIGN_OR_RETURN(source, OfMetadata(model, classes));
  }
  if (dataset == nullptr) return source;
  if (!source.labels.empty()) {
    QB_RETURN_IF_ERROR(CheckAgainst(source, *dataset));
    return source;
  }
  source.labels = dataset->labels;
  source.source = fmt::format("the class folders of {}, in their order", dataset->name);
  source.guess = true;
  return source;
}

std::vector<LabelOrder> UsualOrders(const std::vector<std::string>& labels) {
  std::vector<LabelOrder> orders = {{"as given", labels}};
  const auto add = [&](const char* name, std::vector<std::string> other) {
    const bool known =
        std::ranges::any_of(orders, [&](const LabelOrder& order) { return order.labels == other; });
    if (!known) orders.push_back({name, std::move(other)});
  };
  std::vector<std::string> sorted = labels;
  std::ranges::sort(sorted);
  add("sorted", sorted);
  std::ranges::stable_sort(
      sorted, [](const std::string& a, const std::string& b) { return Numbered(a) < Numbered(b); });
  add("by number", std::move(sorted));
  return orders;
}

}  // namespace qbench::plan
