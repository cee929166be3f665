#include "graph/import/onnx/onnx_file.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/files.h"
#include "base/one_line.h"
#include "base/regular_file.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace qbench::graph::import::onnx {
namespace {

namespace fs = std::filesystem;

constexpr int32_t kExternal = 1;  // TensorProto::data_location

// The file piece by piece, so that its bytes and the messages are not in memory together.
class FileStream : public google::protobuf::io::CopyingInputStream {
 public:
  FileStream(const RegularFile& file, const fs::path& path) : file_(file), path_(path) {}

  int Read(void* buffer, int size) override {
    const std::span<uint8_t> bytes(static_cast<uint8_t*>(buffer), static_cast<size_t>(size));
    const auto read = ReadInto(file_.descriptor, bytes, path_);
    if (!read.ok()) status_ = read.status();
    return read.ok() ? static_cast<int>(*read) : -1;
  }
  const Status& status() const { return status_; }

 private:
  const RegularFile& file_;
  const fs::path& path_;
  Status status_;
};

Result<pb::ModelProto> Parse(const RegularFile& file, const fs::path& path) {
  if (file.size > kMaxFileBytes - 1) {
    return Error(StatusCode::kUnsupported, "it has {} bytes, more than the limit of {}", file.size,
                 kMaxFileBytes - 1);
  }
  FileStream stream(file, path);
  google::protobuf::io::CopyingInputStreamAdaptor adaptor(&stream, 1 << 20);
  pb::ModelProto model;
  const bool parsed = model.ParseFromZeroCopyStream(&adaptor);
  QB_RETURN_IF_ERROR(stream.status());
  if (!parsed) {
    return Error(StatusCode::kCorrupt,
                 "it is cut off or damaged, or no ONNX file: copy it again, or export it again");
  }
  return model;
}

std::optional<uint64_t> ReadNumber(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Place {
  std::string file;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

Result<Place> ReadPlace(const fs::path& model, const pb::TensorProto& tensor) {
  Place place;
  for (const pb::StringPair& pair : tensor.external_data()) {
    const std::optional<uint64_t> number = ReadNumber(pair.value());
    if (pair.key() == "location") {
      place.file = pair.value();
    } else if (pair.key() == "offset" || pair.key() == "length") {
      if (!number) return Error(StatusCode::kCorrupt, "its {} is no number", pair.key());
      (pair.key() == "offset" ? place.offset : place.length.emplace()) = *number;
    }
  }
  // Of the model's own folder, and known as the model's: whoever keeps models by their content has
  // to know without reading them which files belong to one.
  const std::string own = model.filename().string();
  if (place.file == own + ".data" || place.file == own + "_data") return place;
  return Error(StatusCode::kUnsupported,
               "its data are in \"{}\", and qbench reads those in {}.data and {}_data beside the "
               "model alone; "
               "put them into the model: onnx.save(onnx.load(\"model.onnx\"), \"whole.onnx\")",
               SafeName(place.file), SafeName(own), SafeName(own));
}

Status ReadExternal(const fs::path& model, pb::TensorProto& tensor) {
  QB_ASSIGN_OR_RETURN(const Place place, ReadPlace(model, tensor));
  const fs::path path = model.parent_path() / place.file;
  std::error_code error;
  if (fs::is_symlink(path, error)) {
    return Error(StatusCode::kUnsupported, "its data are in {}, a link; put the file itself there",
                 SafeName(place.file));
  }
  const auto file = OpenRegularFile(path);
  if (!file.ok()) {
    return file.status().WithContext(
        "its data are in a file of their own, which has to be in the model's folder");
  }
  const uint64_t rest = file->size - std::min(file->size, place.offset);
  const uint64_t length = place.length.value_or(rest);
  if (place.offset > file->size || length > rest) {
    return Error(StatusCode::kCorrupt, "its data are behind the end of {}: copy that file again",
                 SafeName(place.file));
  }
  if (lseek(file->descriptor.get(), static_cast<off_t>(place.offset), SEEK_SET) < 0) {
    return FileError("read", path);
  }
  std::string& bytes = *tensor.mutable_raw_data();
  bytes.resize(length);
  const std::span<uint8_t> buffer(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  QB_ASSIGN_OR_RETURN(const size_t count, ReadInto(file->descriptor, buffer, path));
  if (count == length) return OkStatus();
  return Error(StatusCode::kCorrupt, "{} became shorter while it was read; run again",
               SafeName(place.file));
}

Status ReadAllExternal(const fs::path& model, pb::GraphProto& graph) {
  uint64_t left = kMaxFileBytes;
  for (pb::TensorProto& tensor : *graph.mutable_initializer()) {
    if (tensor.data_location() != kExternal) continue;
    const Status read = ReadExternal(model, tensor);
    if (!read.ok()) {
      return read.WithContext(fmt::format("initializer \"{}\"", SafeName(tensor.name())));
    }
    if (tensor.raw_data().size() > left) {
      return Error(StatusCode::kUnsupported, "the data in other files are more than {} bytes",
                   kMaxFileBytes);
    }
    left -= tensor.raw_data().size();
  }
  return OkStatus();
}

bool IsOnnxDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

}  // namespace

int64_t OperatorSet(const pb::ModelProto& model) {
  int64_t version = 0;
  for (const pb::OperatorSetProto& set : model.opset_import()) {
    if (IsOnnxDomain(set.domain())) version = std::max<int64_t>(version, set.version());
  }
  return version;
}

Result<pb::ModelProto> ReadOnnxFile(const fs::path& path) {
  QB_ASSIGN_OR_RETURN(const RegularFile file, OpenRegularFile(path));
  QB_ASSIGN_OR_RETURN(pb::ModelProto model, Parse(file, path));
  if (!model.has_graph() || model.ir_version() < 1) {
    return Error(StatusCode::kCorrupt, "it has no graph, so it is no ONNX model: export it again");
  }
  const int64_t operators = OperatorSet(model);
  if (operators < kOldestOperators || operators > kNewestOperators) {
    return Error(StatusCode::kUnsupported,
                 "it is of operator set {}, and qbench knows {} to {}; export it with "
                 "opset_version=17, or convert it with onnx.version_converter",
                 operators, kOldestOperators, kNewestOperators);
  }
  if (!model.graph().sparse_initializer().empty()) {
    return Error(StatusCode::kUnsupported,
                 "it has sparse initializers, which qbench does not read; save dense ones");
  }
  QB_RETURN_IF_ERROR(ReadAllExternal(path, *model.mutable_graph()));
  return model;
}

}  // namespace qbench::graph::import::onnx
