// What kind of file a model is, told by its content: files are renamed more often than they are
// converted, and a download may be a web page.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace qbench::jobs {

enum class ModelFormat { kTflite, kKerasH5 };

// Reads the file's beginning and, of a zip archive, its end. kNotFound, kIo; kUnsupported for
// anything else that can be told (a .keras file, a SavedModel folder, an ONNX or PyTorch file, a
// web page, a Git LFS pointer, an archive) with the way to a file that qbench reads; kCorrupt for
// an empty file and for one named .tflite or .h5 that is nothing known. Messages begin with the
// path.
Result<ModelFormat> DetectModelFormat(const std::filesystem::path& path);

}  // namespace qbench::jobs
