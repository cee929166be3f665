#include "graph/import/keras/keras_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "graph/import/keras/keras_extract.h"

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
  parser.Align(kWeightAlignment);
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
  file.by_order = parser.Number() == 1;
  while (parser.Number() == 1) {
    KerasWeightGroup& group = file.groups.emplace_back();
    group.layer = parser.Text();
    group.layer_name = parser.Text();
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
                   "what reads it {} on this file: it is damaged; save the model again",
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
      [&](ChildOutput& out) {
        return ExtractKeras(path, file_bytes, limits.max_output_bytes, out);
      },
      limits);
  if (!output.ok()) return Translate(output.status()).WithContext(path.string());
  auto file = Parse(*output);
  if (!file.ok()) return file.status().WithContext(path.string());
  return file;
}

}  // namespace qbench::graph::import
