// What the author of a .tflite file says of it in the file: its metadata, and the labels in the zip
// behind the flatbuffer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"

namespace qbench::worker {

// {"name", "description", "version", "author", "license", "mean", "std", "gray", "label_file",
// "labels"}, each where the file has it; null of a file without metadata. `bytes` are those of
// `path`. What cannot be read is left out, and `notes` get a line that says so.
Json DescribeMetadata(const std::filesystem::path& path, ByteSpan bytes,
                      std::vector<std::string>& notes);

}  // namespace qbench::worker
