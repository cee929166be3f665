#include "harness/jobs/model_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace qbench::jobs {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHeadBytes = 4096;
constexpr size_t kTailBytes = 65536;  // of a zip archive: its table of contents, or the end of it

using namespace std::string_view_literals;

constexpr std::string_view kZip = "PK\x03\x04"sv;
constexpr std::string_view kZipEnd = "PK\x05\x06"sv;

// Takes a protobuf number off the front of `bytes`; nullopt where there is none.
std::optional<uint64_t> TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// A protobuf whose first field is number 1, ir_version (3 and more since ONNX 1.0), and in which a
// field 7, the graph, comes before the end. Its fields stand in the order of their numbers; those
// between are short, but for field 6, the documentation. A SavedModel begins in the same way, but
// has no fields above 2.
bool HoldsOnnx(std::string_view head, uint64_t size) {
  constexpr uint64_t kIrVersion = 1 << 3;
  constexpr uint64_t kModelVersion = 5 << 3;  // the other number; the rest are texts (wire type 2)
  constexpr uint64_t kDocumentation = 6 << 3 | 2;
  constexpr uint64_t kGraph = 7 << 3 | 2;
  const uint64_t behind = size - head.size();
  uint64_t last = 0;
  while (!head.empty()) {
    const auto key = TakeVarint(head);
    const auto value = TakeVarint(head);
    if (!key || !value || *key <= last || (last == 0 && *key != kIrVersion)) return false;
    if (*key == kIrVersion && (*value < 3 || *value > 1000)) return false;
    last = *key;
    if (*key == kIrVersion || *key == kModelVersion) continue;
    if ((*key & 7) != 2 || *key > kGraph || *value > head.size() + behind) return false;
    if (*key == kGraph) return true;
    if (*value >= head.size()) return *key == kDocumentation && *value < head.size() + behind;
    head.remove_prefix(*value);
  }
  return false;
}

// A GraphDef begins with a node (field 1), which begins with its name (field 1) and its operator
// (field 2): texts of a few letters.
bool HoldsGraph(std::string_view head, uint64_t /*size*/) {
  const auto take_key = [&](char key) {
    if (!head.starts_with(key)) return false;
    head.remove_prefix(1);
    return true;
  };
  if (!take_key('\x0A')) return false;
  const auto node = TakeVarint(head);
  if (!node || !take_key('\x0A')) return false;
  const auto name = TakeVarint(head);
  if (!name || *name == 0 || *name > *node || *name >= head.size()) return false;
  const auto printable = [](unsigned char c) { return c > 0x20 && c < 0x7F; };
  if (!std::ranges::all_of(head.substr(0, *name), printable)) return false;
  head.remove_prefix(*name);
  if (!take_key('\x12')) return false;
  const auto op = TakeVarint(head);
  if (!op || *op == 0 || *op > *node || *op > head.size()) return false;
  return std::ranges::all_of(head.substr(0, *op), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '>';
  });
}

constexpr std::array<ModelFormatInfo, 6> kModelFormats = {{
    {.format = ModelFormat::kKerasH5,
     .name = "a Keras .h5",
     .begins_as = "HDF5",
     .ending = ".h5",
     .alternative = ".hdf5",
     .signature = "\x89HDF\r\n\x1a\n"sv,
     .signature_offset = 0,
     .entry = ""},
    {.format = ModelFormat::kKerasZip,
     .name = "a .keras",
     .begins_as = ".keras",
     .ending = ".keras",
     .alternative = "",
     .signature = kZip,
     .signature_offset = 0,
     .entry = "model.weights.h5"},
    {.format = ModelFormat::kTflite,
     .name = "a .tflite",
     .begins_as = ".tflite",
     .ending = ".tflite",
     .alternative = "",
     .signature = "TFL3"sv,
     .signature_offset = 4,
     .entry = ""},
    {.format = ModelFormat::kOnnx,
     .name = "an .onnx",
     .begins_as = "ONNX",
     .ending = ".onnx",
     .alternative = "",
     .signature = "\x08"sv,
     .signature_offset = 0,
     .entry = "",
     .holds = HoldsOnnx},
    {.format = ModelFormat::kFrozenGraph,
     .name = "a frozen TensorFlow .pb",
     .begins_as = ".pb",
     .ending = ".pb",
     .alternative = "",
     .signature = "\x0A"sv,
     .signature_offset = 0,
     .entry = "",
     .holds = HoldsGraph},
    {.format = ModelFormat::kSavedModel,
     .name = "a SavedModel folder",
     .begins_as = "SavedModel",
     .ending = "",
     .alternative = "",
     .signature = "",
     .signature_offset = 0,
     .entry = ""},
}};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

const ModelFormatInfo* FormatByEnding(const fs::path& path) {
  const std::string ending = Lower(path.extension().string());
  if (ending.empty()) return nullptr;
  const auto found = std::ranges::find_if(kModelFormats, [&](const ModelFormatInfo& info) {
    return ending == info.ending || ending == info.alternative;
  });
  return found == kModelFormats.end() ? nullptr : &*found;
}

// "a Keras .h5, a .keras, a .tflite or a frozen TensorFlow .pb": the files.
std::string FormatNames() {
  std::vector<std::string_view> names;
  for (const ModelFormatInfo& info : kModelFormats) {
    if (!info.ending.empty()) names.push_back(info.name);
  }
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

// What a file is and what to do about it.
struct Kind {
  std::string what;
  std::string remedy;
};

// The first and the last bytes of a file.
struct Content {
  std::string head;
  std::string tail;
  uint64_t size = 0;  // of the file
};

Result<Content> ReadContent(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return Error(StatusCode::kIo, "{}: cannot be opened for reading", path.string());
  const auto size = static_cast<size_t>(std::max<std::streamoff>(file.tellg(), 0));
  const auto read = [&](size_t from, size_t bytes) {
    std::string text(bytes, '\0');
    file.seekg(static_cast<std::streamoff>(from));
    file.read(text.data(), static_cast<std::streamsize>(bytes));
    return text;
  };
  Content content{.head = {}, .tail = {}, .size = size};
  content.head = read(0, std::min(size, kHeadBytes));
  content.tail = read(size - std::min(size, kTailBytes), std::min(size, kTailBytes));
  if (!file) return Error(StatusCode::kIo, "{}: cannot be read", path.string());
  return content;
}

// A zip archive names its files at its end.
Kind OfZip(const std::string& tail) {
  const auto has = [&](std::string_view name) { return tail.find(name) != std::string::npos; };
  if (has("/data.pkl") || has("/constants.pkl")) {
    return {"a PyTorch file",
            "export the network with torch.onnx.export and give qbench that .onnx file"};
  }
  if (has("saved_model.pb")) {
    return {"a zip archive of a SavedModel", "unpack it and name the folder"};
  }
  for (const ModelFormatInfo& info : kModelFormats) {
    if (!info.entry.empty() || info.ending.empty() || !has(info.ending)) continue;
    return {fmt::format("a zip archive with {} file in it", info.name),
            "unpack it and name the model file in it"};
  }
  return {"a zip archive", "unpack it and name the model file in it"};
}

// What people have instead of a model.
std::optional<Kind> OfText(const std::string& head) {
  const size_t start = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const std::string text = start == std::string::npos ? "" : Lower(head.substr(start, 64));
  if (text.starts_with("version https://git-lfs")) {
    return Kind{"a Git LFS pointer, which stands for the file",
                "run `git lfs pull` in its repository"};
  }
  if (text.starts_with("<!doctype html") || text.starts_with("<html")) {
    return Kind{"a web page (HTML)",
                "download the file itself (of a repository's web page, the \"raw\" file)"};
  }
  if (text.starts_with("{")) {
    return Kind{"a JSON text, which has no weights",
                "save the whole model in Keras (model.save(\"model.keras\"))"};
  }
  return std::nullopt;
}

std::optional<Kind> OfOther(const Content& content, const std::string& extension) {
  const std::string& head = content.head;
  if (head.starts_with(kZip)) return OfZip(content.tail);
  if (head.starts_with("\x1F\x8B")) {
    return Kind{"a gzip archive", "unpack it (tar -xf) and name the model file in it"};
  }
  if (head.starts_with("\x80\x02") || head.starts_with("\x80\x04")) {
    return Kind{"a Python pickle (PyTorch saves such files)",
                "export the network with torch.onnx.export and give qbench that .onnx file"};
  }
  if (head.starts_with("\x08\x01\x12"sv) && extension == ".pb") {
    return Kind{"the graph of a SavedModel, without its folder",
                "name the folder that it is in (with variables beside it)"};
  }
  return OfText(head);
}

Status Refuse(const fs::path& path, const Kind& kind) {
  return Error(StatusCode::kUnsupported, "{}: this is {}, which qbench does not read: {}",
               path.string(), kind.what, kind.remedy);
}

Result<ModelFormat> DetectFolder(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path / "saved_model.pb", error)) return ModelFormat::kSavedModel;
  return Error(StatusCode::kUnsupported,
               "{}: a folder, and no saved_model.pb in it, so no SavedModel: name that folder, or "
               "{} file",
               path.string(), FormatNames());
}

}  // namespace

std::span<const ModelFormatInfo> ModelFormats() { return kModelFormats; }

bool HasModelEnding(const fs::path& path) { return FormatByEnding(path) != nullptr; }

Result<ModelFormat> DetectModelFormat(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return Error(StatusCode::kNotFound, "{}: there is no such model file", path.string());
  }
  if (fs::is_directory(path, error)) return DetectFolder(path);
  if (!fs::is_regular_file(path, error)) {
    return Error(StatusCode::kInvalidArgument, "{}: not a regular file; name a model file",
                 path.string());
  }
  QB_ASSIGN_OR_RETURN(const Content content, ReadContent(path));
  const std::string_view head = content.head;
  for (const ModelFormatInfo& info : kModelFormats) {
    if (info.signature.empty() || head.size() < info.signature_offset ||
        !head.substr(info.signature_offset).starts_with(info.signature)) {
      continue;
    }
    if (info.holds != nullptr && !info.holds(head, content.size)) continue;
    if (content.tail.find(info.entry) != std::string::npos) return info.format;
  }
  const std::string extension = Lower(path.extension().string());
  if (head.empty()) {
    return Error(StatusCode::kCorrupt, "{}: the file is empty: copy it again", path.string());
  }
  const ModelFormatInfo* named = FormatByEnding(path);
  // A zip's contents stand at its end, which a download that broke off lacks.
  const bool cut_off = named != nullptr && !named->entry.empty() && head.starts_with(kZip) &&
                       content.tail.find(kZipEnd) == std::string::npos;
  if (cut_off) {
    return Error(StatusCode::kCorrupt, "{}: the zip archive has no end: copy it again",
                 path.string());
  }
  if (const auto kind = OfOther(content, extension)) return Refuse(path, *kind);
  if (named != nullptr) {
    return Error(StatusCode::kCorrupt,
                 "{}: the file does not begin as a {} file does: it is damaged, or something else; "
                 "copy it again",
                 path.string(), named->begins_as);
  }
  return Error(StatusCode::kUnsupported, "{}: not a model that qbench reads: give it {} file",
               path.string(), FormatNames());
}

}  // namespace qbench::jobs
