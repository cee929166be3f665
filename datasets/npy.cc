#include "datasets/npy.h"

#include <unistd.h>

#include <cerrno>
#include <limits>
#include <optional>
#include <system_error>

#include "base/files.h"
#include "base/interrupt.h"
#include "fmt/ranges.h"

namespace qbench::datasets {
namespace {

Status IoError(const std::filesystem::path& file) { return WriteError(file.string(), errno); }

// numpy.lib.format, version 1.0: magic, version, length, then a Python dictionary padded with
// spaces so that the data starts at a multiple of 64.
std::string Header(NpyWriter::Type type, const std::vector<uint64_t>& shape) {
  std::string dictionary =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                  type == NpyWriter::Type::kFloat32 ? "<f4" : "|u1", fmt::join(shape, ", "),
                  shape.size() == 1 ? "," : "");
  constexpr size_t kPrefix = 10;
  while ((kPrefix + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xFF);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

// Bytes of all elements, or nothing where they cannot be counted.
std::optional<uint64_t> TotalBytes(NpyWriter::Type type, const std::vector<uint64_t>& shape) {
  uint64_t bytes = type == NpyWriter::Type::kFloat32 ? 4 : 1;
  for (const uint64_t side : shape) {
    if (side != 0 && bytes > std::numeric_limits<uint64_t>::max() / side) return std::nullopt;
    bytes *= side;
  }
  return bytes;
}

}  // namespace

Result<NpyWriter> NpyWriter::Create(const std::filesystem::path& file, Type type,
                                    const std::vector<uint64_t>& shape) {
  const std::optional<uint64_t> bytes = TotalBytes(type, shape);
  const std::string header = Header(type, shape);
  if (!bytes || header.size() > 65535) {
    return Error(StatusCode::kInvalidArgument, "an array too large for {}", file.string());
  }
  NpyWriter writer;
  writer.file_ = file;
  writer.temporary_ = file;
  writer.temporary_ += ".unfinished";
  writer.type_ = type;
  writer.stream_.reset(std::fopen(writer.temporary_.c_str(), "wbe"));
  if (writer.stream_ == nullptr) return IoError(file);
  writer.bytes_left_ = header.size();
  QB_RETURN_IF_ERROR(writer.Write(AsBytes(header)));
  writer.bytes_left_ = *bytes;
  return writer;
}

NpyWriter::~NpyWriter() {
  if (stream_ == nullptr) return;
  stream_.reset();
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

Status NpyWriter::Write(ByteSpan bytes) {
  if (bytes.size() > bytes_left_) {
    return Error(StatusCode::kInternal, "more elements than the shape of {} has", file_.string());
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_.get()) != bytes.size()) {
    return IoError(file_);
  }
  bytes_left_ -= bytes.size();
  return OkStatus();
}

Status NpyWriter::Append(std::span<const float> values) {
  if (type_ != Type::kFloat32) return Error(StatusCode::kInternal, "floats for an array of bytes");
  return Write({reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()});
}

Status NpyWriter::Append(std::span<const uint8_t> values) {
  if (type_ != Type::kUint8) return Error(StatusCode::kInternal, "bytes for an array of floats");
  return Write(values);
}

Status NpyWriter::Finish() {
  if (bytes_left_ != 0) {
    return Error(StatusCode::kInternal, "{} bytes of {} are missing", bytes_left_, file_.string());
  }
  // What is still in a buffer meets a full disk here.
  int error = std::fflush(stream_.get()) == 0 && fsync(fileno(stream_.get())) == 0 ? 0 : errno;
  if (std::fclose(stream_.release()) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(temporary_.c_str(), file_.c_str()) != 0) error = errno;
  if (error == 0) return OkStatus();
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
  return WriteError(file_.string(), error);
}

Result<ExportedTensors> ExportTensors(const Split& split, const TensorCache& tensors,
                                      const Preprocessing& preprocessing,
                                      const std::filesystem::path& file) {
  if (file.extension() != ".npy") {
    return Error(StatusCode::kInvalidArgument, "{} must end in .npy", file.string());
  }
  ExportedTensors exported;
  exported.npy = file;
  exported.list = std::filesystem::path(file).replace_extension(".txt");
  exported.left_out = tensors.broken();
  exported.images = tensors.size() - tensors.broken().size();
  QB_ASSIGN_OR_RETURN(NpyWriter writer,
                      NpyWriter::Create(file, NpyWriter::Type::kFloat32,
                                        {exported.images, static_cast<uint64_t>(tensors.height()),
                                         static_cast<uint64_t>(tensors.width()),
                                         static_cast<uint64_t>(tensors.channels())}));
  const NormalizationTable normalization(preprocessing.mean, preprocessing.std);
  std::vector<float> values(tensors.pixel_bytes());
  std::string list;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (InterruptRequested()) return InterruptStatus("writing " + file.string());
    if (tensors.status(i) != ImageStatus::kOk) continue;
    tensors.NormalizedInto(i, normalization, values.data());
    QB_RETURN_IF_ERROR(writer.Append(std::span<const float>(values)));
    list += fmt::format("{} {}\n", split.images[i].label, split.images[i].path);
  }
  QB_RETURN_IF_ERROR(writer.Finish());
  QB_RETURN_IF_ERROR(WriteFileAtomically(exported.list, list));
  return exported;
}

}  // namespace qbench::datasets
