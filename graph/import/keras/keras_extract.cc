#include "graph/import/keras/keras_extract.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/archive/zip_reader.h"
#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/json.h"
#include "graph/import/keras/hdf5_file.h"

namespace qbench::graph::import {
namespace {

constexpr size_t kMaxNames = 100000;
constexpr int kMaxDepth = 64;  // of models in models

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

Status WriteArray(const Hdf5Group& group, const std::string& name, uint64_t max_bytes,
                  ChildOutput& out) {
  QB_ASSIGN_OR_RETURN(const Hdf5Array array, group.OpenArray(name, max_bytes));
  out.WriteText(name);
  out.WriteNumber(array.is_float() ? 1 : 0);
  out.WriteNumber(array.dims().size());
  for (const uint64_t dim : array.dims()) out.WriteNumber(dim);
  out.Align(kWeightAlignment);
  return array.is_float() ? WriteColumnsFirst(array, out) : OkStatus();
}

Status ExtractGroup(const Hdf5Group& weights, const std::string& layer, uint64_t file_bytes,
                    uint64_t max_bytes, ChildOutput& out) {
  QB_ASSIGN_OR_RETURN(const Hdf5Group group, weights.Open(layer));
  QB_ASSIGN_OR_RETURN(const auto names, ReadNames(group, "weight_names", file_bytes));
  out.WriteNumber(1);
  out.WriteText(layer);
  out.WriteText("");
  out.WriteNumber(names.size());
  for (const std::string& name : names) {
    QB_RETURN_IF_ERROR(WriteArray(group, name, max_bytes, out));
  }
  return out.finish();
}

Status ExtractH5(const std::filesystem::path& path, uint64_t file_bytes, uint64_t max_bytes,
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
  out.WriteNumber(0);  // weights have names
  QB_ASSIGN_OR_RETURN(const Hdf5Group weights, root.Open("model_weights"));
  QB_ASSIGN_OR_RETURN(const auto layers, ReadNames(weights, "layer_names", file_bytes));
  for (const std::string& layer : layers) {
    Status status = ExtractGroup(weights, layer, file_bytes, max_bytes, out);
    if (!status.ok()) return status.WithContext("the weights of layer \"" + layer + "\"");
  }
  out.WriteNumber(0);
  return out.finish();
}

// The files of a .keras archive: texts, and the weights in a file in memory.
class KerasArchive : public ZipSink {
 public:
  explicit KerasArchive(uint64_t max_text) : max_text_(max_text) {}

  static bool Wanted(std::string_view path) {
    return path == "config.json" || path == "metadata.json" || path == "model.weights.h5";
  }

  Status Begin(const std::string& path) override {
    if (!seen_.insert(path).second) {
      return Error(StatusCode::kCorrupt, "the archive holds \"{}\" twice; save the model again",
                   path);
    }
    text_ = path == "config.json" ? &config_ : path == "metadata.json" ? &metadata_ : nullptr;
    if (text_ != nullptr) return OkStatus();
    weights_ = FileDescriptor(memfd_create("qbench-weights", MFD_CLOEXEC));
    if (weights_.ok()) return OkStatus();
    return Error(StatusCode::kIo, "no file in memory for the weights: {}", strerror(errno));
  }

  Status Append(ByteSpan piece) override {
    if (text_ == nullptr) {
      if (WriteAll(weights_.get(), piece) == 0) return OkStatus();
      return Error(StatusCode::kIo, "the weights do not fit into memory: {}", strerror(errno));
    }
    if (text_->size() + piece.size() > max_text_) {
      return Error(StatusCode::kCorrupt, "its texts are larger than {} bytes", max_text_);
    }
    text_->append(piece.begin(), piece.end());
    return OkStatus();
  }

  Status End() override { return OkStatus(); }

  Status CheckWhole() const {
    for (const char* name : {"config.json", "model.weights.h5"}) {
      if (seen_.contains(name)) continue;
      return Error(StatusCode::kInvalidArgument,
                   "a zip archive without \"{}\", so no model that Keras saved; save the whole "
                   "model with model.save(\"model.keras\")",
                   name);
    }
    return OkStatus();
  }

  const std::string& config() const { return config_; }
  // Empty where the archive does not say, or not as Keras does.
  std::string KerasVersion() const {
    const Result<Json> json = ParseJson(metadata_);
    if (!json.ok()) return "";
    const Result<std::string> version = JsonGet<std::string>(*json, "keras_version");
    return version.ok() ? *version : "";
  }
  // The weights' file, mapped. kIo.
  Result<std::span<uint8_t>> MapWeights() const {
    struct stat info = {};
    if (fstat(weights_.get(), &info) != 0) return MapError();
    const auto size = static_cast<size_t>(info.st_size);
    if (size == 0) return Error(StatusCode::kCorrupt, "it is empty");
    void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, weights_.get(), 0);
    if (data == MAP_FAILED) return MapError();
    return std::span(static_cast<uint8_t*>(data), size);  // until the child ends
  }

 private:
  static Status MapError() {
    return Error(StatusCode::kIo, "the weights cannot be mapped: {}", strerror(errno));
  }

  uint64_t max_text_;
  std::set<std::string> seen_;
  std::string* text_ = nullptr;  // that is being read; null: the weights
  std::string config_;
  std::string metadata_;
  FileDescriptor weights_;
};

// The groups of a model's layers, as Keras saves them in archives: below "layers" one for each, by
// its class and its place among those of that class, its variables by their places in "vars". In
// nested models the same again.
class VariableTree {
 public:
  VariableTree(uint64_t max_bytes, ChildOutput& out) : max_bytes_(max_bytes), out_(out) {}

  // Writes what is below `group`, whose path ends in '/' where it is not empty.
  Status Write(const Hdf5Group& group, const std::string& path, int depth) {
    if (depth > kMaxDepth) return Error(StatusCode::kCorrupt, "groups more than {} deep", depth);
    // "_layer_checkpoint_dependencies" in Keras 2.12 and before.
    for (const char* container : {"layers", "_layer_checkpoint_dependencies"}) {
      if (!group.HasGroup(container)) continue;
      QB_ASSIGN_OR_RETURN(const Hdf5Group layers, group.Open(container));
      QB_ASSIGN_OR_RETURN(const auto names, layers.Groups(kMaxNames));
      for (const std::string& name : names) {
        QB_ASSIGN_OR_RETURN(const Hdf5Group layer, layers.Open(name));
        Status status = WriteLayer(layer, path + name);
        if (!status.ok()) return status.WithContext("the weights of \"" + path + name + "\"");
        QB_RETURN_IF_ERROR(Write(layer, path + name + "/", depth + 1));
        const bool model =
            layer.HasGroup("layers") || layer.HasGroup("_layer_checkpoint_dependencies");
        if (!model) {
          QB_RETURN_IF_ERROR(WriteParts(layer, path + name + "/", depth + 1));
        }
      }
    }
    return out_.finish();
  }

 private:
  // The layers that a layer has for itself ("query_dense"), which are no model's.
  Status WriteParts(const Hdf5Group& layer, const std::string& path, int depth) {
    if (depth > kMaxDepth) return Error(StatusCode::kCorrupt, "groups more than {} deep", depth);
    QB_ASSIGN_OR_RETURN(const auto names, layer.Groups(kMaxNames));
    for (const std::string& name : names) {
      if (name == "vars") continue;
      QB_ASSIGN_OR_RETURN(const Hdf5Group part, layer.Open(name));
      Status status = WriteLayer(part, path + name);
      if (!status.ok()) return status.WithContext("the weights of \"" + path + name + "\"");
      QB_RETURN_IF_ERROR(WriteParts(part, path + name + "/", depth + 1));
    }
    return OkStatus();
  }

  Status WriteLayer(const Hdf5Group& layer, const std::string& path) {
    if (++groups_ > kMaxNames) {
      return Error(StatusCode::kCorrupt, "more than {} groups of weights", kMaxNames);
    }
    std::string layer_name;
    std::vector<std::string> names;
    Hdf5Group vars;
    if (layer.HasGroup("vars")) {
      QB_ASSIGN_OR_RETURN(vars, layer.Open("vars"));
      // Keras 3 says it since 3.6.
      if (vars.HasAttribute("name")) {
        QB_ASSIGN_OR_RETURN(layer_name, ReadText(vars, "name", kMaxText));
      }
      while (names.size() < kMaxNames && vars.HasArray(std::to_string(names.size()))) {
        names.push_back(std::to_string(names.size()));
      }
    }
    out_.WriteNumber(1);
    out_.WriteText(path);
    out_.WriteText(layer_name);
    out_.WriteNumber(names.size());
    for (const std::string& name : names) {
      QB_RETURN_IF_ERROR(WriteArray(vars, name, max_bytes_, out_));
    }
    return out_.finish();
  }

  static constexpr uint64_t kMaxText = 65536;
  uint64_t max_bytes_;
  ChildOutput& out_;
  size_t groups_ = 0;
};

Status ExtractZip(const std::filesystem::path& path, uint64_t file_bytes, uint64_t max_bytes,
                  ChildOutput& out) {
  // JSON packs well.
  constexpr uint64_t kTextPerByte = 100;
  KerasArchive archive(std::min(kMaxFileBytes, kTextPerByte * file_bytes));
  const UnzipLimits limits = {.file_bytes = max_bytes, .total_bytes = max_bytes};
  QB_RETURN_IF_ERROR(ReadZip(path, "the archive", limits, KerasArchive::Wanted, archive));
  QB_RETURN_IF_ERROR(archive.CheckWhole());
  const auto weights = archive.MapWeights();
  if (!weights.ok()) return weights.status().WithContext("model.weights.h5");
  auto root = Hdf5Group::OpenImage(*weights);
  if (!root.ok()) return root.status().WithContext("model.weights.h5");
  out.WriteText(archive.config());
  out.WriteText(archive.KerasVersion());
  out.WriteNumber(1);  // weights are in order
  QB_RETURN_IF_ERROR(
      VariableTree(max_bytes, out).Write(*root, "", 0).WithContext("model.weights.h5"));
  out.WriteNumber(0);
  return out.finish();
}

}  // namespace

Status ExtractKeras(const std::filesystem::path& path, uint64_t file_bytes, uint64_t max_bytes,
                    ChildOutput& out) {
  return LooksLikeZip(path) ? ExtractZip(path, file_bytes, max_bytes, out)
                            : ExtractH5(path, file_bytes, max_bytes, out);
}

}  // namespace qbench::graph::import
