#include "plugins/runtimes/litert/elf_header.h"

#include <elf.h>
#include <link.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <fstream>

namespace qbench::litert {
namespace {

struct Target {
  int word_bits = 0;
  uint16_t machine = EM_NONE;
  bool operator==(const Target&) const = default;
};

// e_ident, e_type and e_machine are at the same places in 32-bit and 64-bit files.
constexpr size_t kHeaderBytes = offsetof(Elf64_Ehdr, e_machine) + sizeof(uint16_t);
static_assert(offsetof(Elf32_Ehdr, e_machine) == offsetof(Elf64_Ehdr, e_machine));

std::string TargetName(const Target& target) {
  switch (target.machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "64-bit ARM (aarch64)";
    case EM_ARM:
      return "32-bit ARM";
    case EM_386:
      return "32-bit x86";
    default:
      return fmt::format("{}-bit processor number {}", target.word_bits, target.machine);
  }
}

Result<Target> ReadTarget(std::istream& stream, const std::filesystem::path& file) {
  std::array<char, kHeaderBytes> header{};
  stream.read(header.data(), header.size());
  if (stream.gcount() != static_cast<std::streamsize>(header.size()) ||
      std::memcmp(header.data(), ELFMAG, SELFMAG) != 0) {
    return Error(StatusCode::kUnsupported, "{} is no shared library", file.string());
  }
  Target target;
  target.word_bits = header[EI_CLASS] == ELFCLASS32 ? 32 : 64;
  std::memcpy(&target.machine, header.data() + offsetof(Elf64_Ehdr, e_machine),
              sizeof(target.machine));
  return target;
}

// Whether the file, which is for this process, holds every segment that its headers announce.
bool HoldsItsSegments(std::istream& stream) {
  stream.clear();
  stream.seekg(0, std::ios::end);
  const auto size = static_cast<uint64_t>(stream.tellg());
  ElfW(Ehdr) header{};
  stream.seekg(0);
  if (!stream.read(reinterpret_cast<char*>(&header), sizeof(header))) return false;
  stream.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    if (!stream.read(reinterpret_cast<char*>(&segment), sizeof(segment))) return false;
    if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset) return false;
  }
  return true;
}

}  // namespace

Status CheckElfHeader(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Error(StatusCode::kIo, "{} cannot be read", file.string());
  QB_ASSIGN_OR_RETURN(const Target theirs, ReadTarget(stream, file));
  constexpr const char* kSelf = "/proc/self/exe";
  std::ifstream self(kSelf, std::ios::binary);
  QB_ASSIGN_OR_RETURN(const Target ours, ReadTarget(self, kSelf));
  if (theirs != ours) {
    return Error(StatusCode::kUnsupported, "{} is a library for {}, and this qbench runs on {}",
                 file.string(), TargetName(theirs), TargetName(ours));
  }
  if (HoldsItsSegments(stream)) return OkStatus();
  return Error(StatusCode::kUnsupported, "{} is cut off", file.string());
}

}  // namespace qbench::litert
