#include "harness/worker/file_metadata.h"

#include "base/archive/zip_reader.h"
#include "base/one_line.h"
#include "graph/tflite/tflite_metadata.h"

namespace qbench::worker {
namespace {

class TextSink : public ZipSink {
 public:
  Status Begin(const std::string& /*path*/) override {
    text_.clear();
    found_ = true;
    return OkStatus();
  }
  Status Append(ByteSpan piece) override {
    text_.append(piece.begin(), piece.end());
    return OkStatus();
  }
  Status End() override { return OkStatus(); }

  bool found() const { return found_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool found_ = false;
};

Result<std::vector<std::string>> ReadLabels(const std::filesystem::path& path,
                                            const std::string& name) {
  constexpr UnzipLimits kLimits = {.entries = 1000, .file_bytes = 4 << 20, .total_bytes = 8 << 20};
  TextSink sink;
  QB_RETURN_IF_ERROR(ReadZip(
      path, "the zip behind the model", kLimits,
      [&](std::string_view entry) { return entry == name; }, sink));
  if (!sink.found()) {
    return Error(StatusCode::kNotFound, "the zip behind the model does not hold it");
  }
  return graph::ParseLabels(sink.text());
}

}  // namespace

Json DescribeMetadata(const std::filesystem::path& path, ByteSpan bytes,
                      std::vector<std::string>& notes) {
  const auto read = graph::ReadTfliteMetadata(bytes);
  if (!read.ok()) {
    notes.push_back(read.status().message());
    return {};
  }
  if (!*read) return {};
  const graph::TfliteMetadata& metadata = **read;
  Json json = Json::object();
  const auto add = [&json](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = SafeText(text);
  };
  add("name", metadata.name);
  add("description", metadata.description);
  add("version", metadata.version);
  add("author", metadata.author);
  add("license", metadata.license);
  add("label_file", metadata.label_file);
  if (!metadata.mean.empty()) {
    json["mean"] = metadata.mean;
    json["std"] = metadata.std;
  }
  if (metadata.gray) json["gray"] = true;
  if (metadata.label_file.empty()) return json;
  const auto labels = ReadLabels(path, metadata.label_file);
  if (labels.ok()) {
    Json lines = Json::array();
    for (const std::string& label : *labels) lines.push_back(SafeLine(label));
    json["labels"] = std::move(lines);
  } else {
    notes.push_back(fmt::format("the labels \"{}\" that the file's metadata name are not read: {}",
                                SafeName(metadata.label_file), labels.status().message()));
  }
  return json;
}

}  // namespace qbench::worker
