// Opening what has to be a file, and reading it.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "base/aligned_bytes.h"
#include "base/bytes.h"
#include "base/file_descriptor.h"
#include "base/status.h"

namespace qbench {

// Between two pieces of so many bytes it is looked whether the user wants to stop
// (base/interrupt.h). On a slow card: half a second.
inline constexpr size_t kInterruptPiece = size_t{4} << 20;

// "cannot DOING PATH: no such file or directory", from errno. kNotFound, kNoSpace where a disk or a
// quota is full, else kIo. What is being written has WriteError (base/files.h).
Status FileError(std::string_view doing, const std::filesystem::path& path);

struct RegularFile {
  FileDescriptor descriptor;
  uint64_t size = 0;
};

// For reading. A FIFO is told from a file, where opening it would wait for a writer. kNotFound,
// kIo, kInvalidArgument where it is no regular file.
Result<RegularFile> OpenRegularFile(const std::filesystem::path& path);

// Fills `bytes` from where the descriptor is; fewer where the file ends before. The number read, or
// kIo, naming `path`; kCancelled where the user wants to stop and there is much to read.
Result<size_t> ReadInto(const FileDescriptor& file, std::span<uint8_t> bytes,
                        const std::filesystem::path& path);

// The whole file, without a second copy of it. As ReadFile (base/files.h).
Result<AlignedBytes> ReadAlignedFile(const std::filesystem::path& path, uint64_t max_bytes);

}  // namespace qbench
