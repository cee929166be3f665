// What the parent hands to a decode process, as a JSON file, and the lines it gets back on a pipe,
// a JSON object each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "datasets/decode.h"
#include "datasets/preprocessing.h"

namespace qbench::datasets {

struct DecodeJob {
  struct Item {
    size_t index = 0;
    std::filesystem::path file;
    std::string sha256;  // of the bytes that the file must have; empty: any
  };
  // Item i's pixels go to offset + i.index * input.pixel_bytes() of `output`; empty: nowhere, and
  // `input` says nothing.
  std::filesystem::path output;
  uint64_t offset = 0;
  Preprocessing input;
  uint64_t max_file_bytes = 0;
  uint64_t max_pixels = 0;
  std::vector<Item> items;
};

// Paths come back byte for byte, the reason of an image as one printable line.
std::string FormatDecodeJob(const DecodeJob& job);
// kCorrupt.
Result<DecodeJob> ParseDecodeJob(std::string_view text);

// A decode process says that it begins with an image, then what became of it.
struct DecodeMessage {
  size_t index = 0;
  std::optional<DecodedImage> image;  // none: it begins
};
std::string FormatDecodeMessage(const DecodeMessage& message);  // with the line break
std::optional<DecodeMessage> ParseDecodeMessage(std::string_view line);

}  // namespace qbench::datasets
