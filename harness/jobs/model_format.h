// What kind of file a model is, told by its content: files are renamed more often than they are
// converted, and a download may be a web page.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/status.h"

namespace qbench::jobs {

enum class ModelFormat { kKerasH5, kKerasZip, kTflite, kOnnx, kFrozenGraph, kSavedModel };

// A format that qbench reads.
struct ModelFormatInfo {
  ModelFormat format;
  std::string_view name;         // in messages, with its article: "a Keras .h5"
  std::string_view begins_as;    // "HDF5": what a file of it begins as, in messages
  std::string_view ending;       // in small letters: ".h5"; empty: a folder
  std::string_view alternative;  // a second ending; empty: none
  std::string_view signature;    // the bytes that it begins with; empty: a folder,
  size_t signature_offset;       // behind so many others
  std::string_view entry;        // of a zip: the file in it that tells the format; empty: no zip
  // Of a format whose signature others have too: whether a file of `size` bytes that begins with
  // `head` is of it. Null: the signature tells.
  bool (*holds)(std::string_view head, uint64_t size) = nullptr;
};

// Whether importing has to make a .tflite of it.
inline bool NeedsConversion(ModelFormat format) { return format != ModelFormat::kTflite; }

// All of them, in the order in which a shipped model is looked for: the one list from which files
// are told, found and named in messages.
std::span<const ModelFormatInfo> ModelFormats();

// Which of them can be chosen from with ImportChoice.
inline bool LeavesChoice(ModelFormat format) {
  return format == ModelFormat::kFrozenGraph || format == ModelFormat::kSavedModel;
}

// Whether the file's name ends as one of theirs, in whatever case.
bool HasModelEnding(const std::filesystem::path& path);

// Reads the file's beginning and, of a zip archive, its end; a folder with a saved_model.pb is a
// SavedModel. kNotFound, kIo; kUnsupported for anything else that can be told (a zip of a
// SavedModel, a PyTorch file, a web page, a Git LFS pointer, an archive) with the way to a file
// that qbench reads; kCorrupt for
// an empty file and for one that is named as a known format and is nothing known. Messages begin
// with the path.
Result<ModelFormat> DetectModelFormat(const std::filesystem::path& path);

}  // namespace qbench::jobs
