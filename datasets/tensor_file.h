// The layout of a tensor cache's file:
//   header | a status byte an image | zeros to a multiple of 4 | an int32 label an image |
//   zeros to a multiple of 64 | the images, height x width x channels bytes each |
//   a line of text for each image that is not kOk
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/files.h"
#include "base/status.h"

namespace qbench::datasets {

inline constexpr std::array<char, 8> kTensorMagic = {'Q', 'B', 'T', 'E', 'N', 'S', 'O', 'R'};
inline constexpr uint32_t kTensorVersion = 1;

struct TensorFileHeader {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t width;
  uint32_t height;
  uint32_t channels;
  uint64_t count;
  uint64_t reason_bytes;
  std::array<char, 64> key;             // TensorKey
  std::array<char, 64> content_sha256;  // of all that follows the header
};
static_assert(sizeof(TensorFileHeader) == 168);

// Offsets from the file's beginning.
struct TensorFileLayout {
  uint64_t status;
  uint64_t labels;
  uint64_t pixels;
  uint64_t reasons;
  uint64_t total_bytes;
};

// kCorrupt where a size makes no sense; what it returns cannot overflow.
Result<TensorFileLayout> LayOutTensorFile(const TensorFileHeader& header);

// TensorFileHeader::content_sha256 of a mapped file, of which little is in memory at a time.
// kCancelled (base/interrupt.h).
Result<std::string> HashTensorFileContent(const MappedFile& file);

}  // namespace qbench::datasets
