#include "datasets/manifest.h"

#include <set>

#include "base/files.h"
#include "base/toml.h"
#include "datasets/toml_fields.h"

namespace qbench::datasets {
namespace {

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Whether a relative path stays below the folder that it starts from.
bool StaysInside(const std::filesystem::path& path) {
  if (path.empty() || path.is_absolute()) return false;
  for (const auto& part : path) {
    if (part == "..") return false;
  }
  return true;
}

Result<SplitManifest> ReadSplit(const TomlFields& fields) {
  QB_RETURN_IF_ERROR(fields.RefuseUnknown({"path", "images", "sha256"}));
  SplitManifest split;
  QB_ASSIGN_OR_RETURN(split.path, fields.String("path"));
  if (!StaysInside(split.path)) {
    return fields.Wrong("path", "must be a folder below the manifest's");
  }
  QB_ASSIGN_OR_RETURN(const int64_t images, fields.Integer("images"));
  if (images < 0) return fields.Wrong("images", "must not be negative");
  split.images = static_cast<uint64_t>(images);
  QB_ASSIGN_OR_RETURN(split.sha256, fields.String("sha256"));
  if (!IsSha256(split.sha256)) {
    return fields.Wrong("sha256", "must be 64 lower-case hexadecimal digits");
  }
  return split;
}

Status CheckLabelList(const TomlFields& fields, const std::vector<std::string>& labels) {
  if (labels.empty()) return fields.Wrong("labels", "must name at least one class");
  const std::set<std::string> different(labels.begin(), labels.end());
  if (different.size() != labels.size()) return fields.Wrong("labels", "names a class twice");
  for (const std::string& label : labels) {
    if (label.empty() || label == "." || label == ".." || label.find('/') != std::string::npos) {
      return fields.Wrong("labels", "must be names of folders");
    }
  }
  return OkStatus();
}

}  // namespace

Result<Manifest> ReadManifest(const std::filesystem::path& file) {
  QB_ASSIGN_OR_RETURN(const toml::table table, ReadTomlFile(file));
  const std::string source = file.string();
  const TomlFields fields(table, source);
  QB_RETURN_IF_ERROR(fields.RefuseUnknown(
      {"name", "title", "licence", "source", "labels", "default_models", "splits"}));
  Manifest manifest;
  QB_ASSIGN_OR_RETURN(manifest.name, fields.String("name"));
  QB_ASSIGN_OR_RETURN(manifest.title, fields.String("title"));
  QB_ASSIGN_OR_RETURN(manifest.licence, fields.String("licence"));
  QB_ASSIGN_OR_RETURN(manifest.source, fields.String("source"));
  QB_ASSIGN_OR_RETURN(manifest.labels, fields.Strings("labels"));
  QB_RETURN_IF_ERROR(CheckLabelList(fields, manifest.labels));
  if (fields.Has("default_models")) {
    QB_ASSIGN_OR_RETURN(manifest.default_models, fields.Strings("default_models"));
  }
  QB_ASSIGN_OR_RETURN(const toml::table* splits, fields.Table("splits"));
  const TomlFields split_fields(*splits, source, "splits.");
  QB_RETURN_IF_ERROR(split_fields.RefuseUnknown({"train", "calibration", "test"}));
  if (splits->empty()) return fields.Wrong("splits", "must name at least one split");
  for (const auto& [name, node] : *splits) {
    QB_ASSIGN_OR_RETURN(const toml::table* split, split_fields.Table(name.str()));
    QB_ASSIGN_OR_RETURN(
        manifest.splits[std::string(name.str())],
        ReadSplit(TomlFields(*split, source, fmt::format("splits.{}.", name.str()))));
  }
  return manifest;
}

Status WriteManifest(const std::filesystem::path& file, const Manifest& manifest) {
  std::string text = fmt::format(
      "name = {}\ntitle = {}\nlicence = {}\nsource = {}\nlabels = {}\ndefault_models = {}\n",
      QuoteToml(manifest.name), QuoteToml(manifest.title), QuoteToml(manifest.licence),
      QuoteToml(manifest.source), FormatTomlStrings(manifest.labels),
      FormatTomlStrings(manifest.default_models));
  for (const auto& [name, split] : manifest.splits) {
    text += fmt::format("\n[splits.{}]\npath = {}\nimages = {}\nsha256 = {}\n", name,
                        QuoteToml(split.path), split.images, QuoteToml(split.sha256));
  }
  return WriteFileAtomically(file, text);
}

}  // namespace qbench::datasets
