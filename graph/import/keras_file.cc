#include "graph/import/keras_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "graph/import/hdf5_file.h"

namespace qbench::graph::import {
namespace {

// HDF5 can compress, and a data set that was never written takes no space at all: what comes out
// of a file may be larger than the file, within reason.
constexpr uint64_t kOutputBase = uint64_t{16} << 20;
constexpr uint64_t kOutputPerFileByte = 16;
constexpr uint64_t kMemoryBase = uint64_t{512} << 20;
// A damaged file can send the library round in circles. Real ones take 0.1 s for 10 MB on a PC.
constexpr int kProcessorSeconds = 2;
constexpr uint64_t kBytesPerProcessorSecond = uint64_t{8} << 20;
constexpr size_t kMaxNames = 100000;
constexpr size_t kAlignment = 16;  // of weights in the child's output

// A list of texts that Keras splits over the attributes name0, name1, … where it passes the 64 KiB
// of an HDF5 object header.
Result<std::vector<std::string>> ReadNames(const Hdf5Group& group, const std::string& attribute,
                                           uint64_t max_bytes) {
  if (group.HasAttribute(attribute)) return group.Strings(attribute, max_bytes);
  std::vector<std::string> names;
  for (size_t part = 0; group.HasAttribute(attribute + std::to_string(part)); ++part) {
    QB_ASSIGN_OR_RETURN(auto more, group.Strings(attribute + std::to_string(part), max_bytes));
    names.insert(names.end(), more.begin(), more.end());
    if (names.size() > kMaxNames) {
      return Error(StatusCode::kCorrupt, "more than {} names in \"{}\"", kMaxNames, attribute);
    }
  }
  return names;
}

Result<std::string> ReadText(const Hdf5Group& group, const std::string& attribute,
                             uint64_t max_bytes) {
  QB_ASSIGN_OR_RETURN(auto texts, group.Strings(attribute, max_bytes));
  if (texts.size() != 1) {
    return Error(StatusCode::kCorrupt, "the attribute \"{}\" is not one text", attribute);
  }
  return std::move(texts[0]);
}

// Writes the values with the last dimension first. Of a large array not all are in memory at once.
Status WriteColumnsFirst(const Hdf5Array& array, ChildOutput& out) {
  constexpr uint64_t kMostRead = (uint64_t{32} << 20) / sizeof(float);
  constexpr uint64_t kMostWritten = 64;  // columns
  if (array.count() == 0) return OkStatus();
  if (array.dims().size() < 2) {
    QB_ASSIGN_OR_RETURN(const std::vector<float> values, array.ReadAll());
    out.Write(AsBytes(values));
    return out.finish();
  }
  const uint64_t all_columns = array.dims().back();
  const uint64_t rows = array.count() / all_columns;
  const uint64_t most = std::max<uint64_t>(1, kMostRead / rows);
  std::vector<float> values;
  std::vector<float> turned;
  for (uint64_t first = 0; first < all_columns; first += most) {
    const uint64_t columns = std::min(most, all_columns - first);
    values.resize(rows * columns);
    QB_RETURN_IF_ERROR(array.Read(first, columns, values));
    for (uint64_t column = 0; column < columns; column += kMostWritten) {
      const uint64_t width = std::min(kMostWritten, columns - column);
      turned.resize(rows * width);
      for (uint64_t row = 0; row < rows; ++row) {
        const float* from = &values[row * columns + column];
        for (uint64_t i = 0; i < width; ++i) turned[i * rows + row] = from[i];
      }
      out.Write(AsBytes(turned));
    }
    QB_RETURN_IF_ERROR(out.finish());
  }
  return OkStatus();
}

Status ExtractGroup(const Hdf5Group& weights, const std::string& layer, uint64_t file_bytes,
                    uint64_t max_bytes, ChildOutput& out) {
  QB_ASSIGN_OR_RETURN(const Hdf5Group group, weights.Open(layer));
  QB_ASSIGN_OR_RETURN(const auto names, ReadNames(group, "weight_names", file_bytes));
  out.WriteText(layer);
  out.WriteNumber(names.size());
  for (const std::string& name : names) {
    QB_ASSIGN_OR_RETURN(const Hdf5Array array, group.OpenArray(name, max_bytes));
    out.WriteText(name);
    out.WriteNumber(array.is_float() ? 1 : 0);
    out.WriteNumber(array.dims().size());
    for (const uint64_t dim : array.dims()) out.WriteNumber(dim);
    out.Align(kAlignment);
    if (array.is_float()) QB_RETURN_IF_ERROR(WriteColumnsFirst(array, out));
  }
  return out.finish();
}

// In the child: the whole file as a stream of lengths, texts and floats, which Parse reads.
Status Extract(const std::filesystem::path& path, uint64_t file_bytes, uint64_t max_bytes,
               ChildOutput& out) {
  QB_ASSIGN_OR_RETURN(const Hdf5Group root, Hdf5Group::OpenFile(path));
  if (!root.HasAttribute("model_config")) {
    return Error(StatusCode::kInvalidArgument,
                 "no model in it (no attribute \"model_config\"), only weights or other data; "
                 "save the whole model with model.save(\"model.h5\")");
  }
  QB_ASSIGN_OR_RETURN(const std::string config, ReadText(root, "model_config", file_bytes));
  std::string version;
  if (root.HasAttribute("keras_version")) {
    QB_ASSIGN_OR_RETURN(version, ReadText(root, "keras_version", file_bytes));
  }
  out.WriteText(config);
  out.WriteText(version);
  QB_ASSIGN_OR_RETURN(const Hdf5Group weights, root.Open("model_weights"));
  QB_ASSIGN_OR_RETURN(const auto layers, ReadNames(weights, "layer_names", file_bytes));
  out.WriteNumber(layers.size());
  for (const std::string& layer : layers) {
    Status status = ExtractGroup(weights, layer, file_bytes, max_bytes, out);
    if (!status.ok()) return status.WithContext("the weights of layer \"" + layer + "\"");
  }
  return out.finish();
}

// Takes values off the front of the child's output. After the end every value is zero and ok()
// false: the child crashed in a way that it did not notice.
class Parser {
 public:
  explicit Parser(ByteSpan bytes) : all_(bytes.size()), rest_(bytes) {}

  bool ok() const { return ok_; }
  void Align(size_t alignment) {
    const size_t taken = all_ - rest_.size();
    Read((alignment - taken % alignment) % alignment);
  }
  ByteSpan Read(uint64_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const ByteSpan taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  uint64_t Number() {
    const ByteSpan bytes = Read(sizeof(uint64_t));
    return ok_ ? LoadUnaligned<uint64_t>(bytes) : 0;
  }
  std::string Text() {
    const ByteSpan bytes = Read(Number());
    return {bytes.begin(), bytes.end()};
  }

 private:
  size_t all_;
  ByteSpan rest_;
  bool ok_ = true;
};

KerasWeight ParseWeight(Parser& parser) {
  KerasWeight weight;
  weight.name = parser.Text();
  weight.is_float = parser.Number() == 1;
  uint64_t bytes = sizeof(float);
  const uint64_t rank = parser.Number();
  for (uint64_t i = 0; i < rank && parser.ok(); ++i) {
    const uint64_t dim = parser.Number();
    // Larger than any file in either case; Read refuses it.
    bytes = dim > kMaxFileBytes || bytes > kMaxFileBytes ? UINT64_MAX : bytes * dim;
    weight.dims.push_back(static_cast<int64_t>(std::min(dim, kMaxFileBytes)));
  }
  parser.Align(kAlignment);
  if (weight.is_float) weight.data = parser.Read(bytes);
  return weight;
}

Result<KerasFile> Parse(const ChildBytes& output) {
  Parser parser(output.bytes);
  KerasFile file;
  file.owner = output.owner;
  file.discard = output.discard;
  file.model_config = parser.Text();
  file.keras_version = parser.Text();
  const uint64_t layers = parser.Number();
  for (uint64_t i = 0; i < layers && parser.ok(); ++i) {
    KerasWeightGroup& group = file.groups.emplace_back();
    group.layer = parser.Text();
    const uint64_t weights = parser.Number();
    for (uint64_t j = 0; j < weights && parser.ok(); ++j) {
      group.weights.push_back(ParseWeight(parser));
    }
  }
  if (!parser.ok()) return Error(StatusCode::kCorrupt, "the HDF5 library gave garbled data");
  return file;
}

// The child's fate in the reader's words: whatever the library did, the file is the reason.
Status Translate(const Status& status) {
  switch (status.code()) {
    case StatusCode::kCrashed:
    case StatusCode::kTimeout:
    case StatusCode::kOutOfMemory:
      return Error(StatusCode::kCorrupt,
                   "the HDF5 library {} on this file: it is damaged; save the model again",
                   status.message());
    default:
      return status;
  }
}

}  // namespace

std::vector<float> KerasWeight::Values() const {
  std::vector<float> values(data.size() / sizeof(float));
  if (values.empty()) return values;
  const size_t columns = dims.size() < 2 ? 1 : static_cast<size_t>(dims.back());
  const size_t rows = values.size() / columns;
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t place = i % rows * columns + i / rows;
    values[place] = LoadUnaligned<float>(data.subspan(i * sizeof(float)));
  }
  return values;
}

Result<KerasFile> ReadKerasFile(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Error(StatusCode::kNotFound, "{}: no such file", path.string());
  }
  if (access(path.c_str(), R_OK) != 0) {
    return Error(StatusCode::kIo, "{}: {}", path.string(), std::strerror(errno));
  }
  const uint64_t file_bytes = std::filesystem::file_size(path, error);
  if (error) return Error(StatusCode::kIo, "{}: {}", path.string(), error.message());
  if (file_bytes > kMaxFileBytes) {
    return Error(StatusCode::kInvalidArgument, "{}: larger than 2 GiB", path.string());
  }
  IsolationLimits limits;
  limits.max_output_bytes = std::min(kOutputBase + kOutputPerFileByte * file_bytes, kMaxFileBytes);
  limits.max_memory_bytes = kMemoryBase + limits.max_output_bytes;
  limits.cpu_seconds = kProcessorSeconds + static_cast<int>(file_bytes / kBytesPerProcessorSecond);
  auto output = RunInChild(
      [&](ChildOutput& out) { return Extract(path, file_bytes, limits.max_output_bytes, out); },
      limits);
  if (!output.ok()) return Translate(output.status()).WithContext(path.string());
  auto file = Parse(*output);
  if (!file.ok()) return file.status().WithContext(path.string());
  return file;
}

}  // namespace qbench::graph::import
