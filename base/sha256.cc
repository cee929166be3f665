#include "base/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file_descriptor.h"
#include "base/interrupt.h"

namespace qbench {

struct Sha256::Impl {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr);
}

Sha256::~Sha256() = default;

void Sha256::Update(ByteSpan bytes) {
  EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size());
}

std::string Sha256::HexDigest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(impl_->context.get(), digest.data(), &size);
  std::string hex;
  hex.reserve(size_t{2} * size);
  for (unsigned int i = 0; i < size; ++i)
    fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
  return hex;
}

std::string Sha256Hex(ByteSpan bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.HexDigest();
}

std::string Sha256Hex(std::string_view text) { return Sha256Hex(AsBytes(text)); }

Result<std::string> Sha256HexOfFile(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe would wait for somebody who writes to it.
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return Error(StatusCode::kNotFound, "cannot open {}", path.string());
  struct stat info {};
  if (fstat(file.get(), &info) == 0 && !S_ISREG(info.st_mode)) {
    return Error(StatusCode::kInvalidArgument, "{} is not a regular file", path.string());
  }
  Sha256 hash;
  Bytes buffer(size_t{1} << 18);
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error(StatusCode::kIo, "cannot read {}", path.string());
    if (count == 0) return hash.HexDigest();
    hash.Update(ByteSpan(buffer).first(static_cast<size_t>(count)));
    if (InterruptRequested()) return InterruptStatus("reading " + path.string());
  }
}

}  // namespace qbench
