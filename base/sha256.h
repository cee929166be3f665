// SHA-256 (FIPS 180-4), by which models, artifacts, plugins and data sets are identified. Digests
// are written as 64 lower-case hexadecimal digits, as `sha256sum` prints them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench {

// Hashes a stream piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(ByteSpan bytes);
  void Update(std::string_view text) { Update(AsBytes(text)); }
  // Ends the stream; call it once.
  std::string HexDigest();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string Sha256Hex(ByteSpan bytes);
std::string Sha256Hex(std::string_view text);
// kNotFound or kIo where the file cannot be read; kCancelled (base/interrupt.h).
Result<std::string> Sha256HexOfFile(const std::filesystem::path& path);

}  // namespace qbench
