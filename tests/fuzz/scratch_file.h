// For readers that take a path: the input as a file, in memory where the system has such a folder.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/bytes.h"
#include "base/files.h"
#include "tests/fuzz/fuzz_target.h"

namespace qbench::fuzz {

// A folder of this process's own; gone when it ends.
inline const std::filesystem::path& ScratchFolder() {
  static const Result<TempDir> folder =
      TempDir::Create("qbench-fuzz", std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "");
  if (!folder.ok()) Fail(folder.status().message());
  return folder->path();
}

// The file `name` with the input in it. Not WriteFileAtomically, which waits for the disk.
inline std::filesystem::path ScratchFile(std::string_view name, ByteSpan input) {
  std::filesystem::path path = ScratchFolder() / name;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(input.data()),
            static_cast<std::streamsize>(input.size()));
  out.close();
  if (!out) Fail("cannot write " + path.string());
  return path;
}

inline std::string_view TextOf(ByteSpan input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

inline Bytes BytesOf(std::string_view text) { return Bytes(text.begin(), text.end()); }

}  // namespace qbench::fuzz
