// The headers of a library that LiteRT is asked to be loaded from
// (plugins/runtimes/litert/elf_header.h): what is accepted, the loader may read to its end.
#include <link.h>

#include <cstring>

#include "plugins/runtimes/litert/elf_header.h"
#include "tests/conformance/tiny_elf.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  Bytes library = checks::TinyLibrary({{"LiteRtCreateEnvironment"}}, checks::TinyHash::kGnu);
  // Of this machine, and of another.
  Bytes own = library;
  std::ifstream self("/proc/self/exe", std::ios::binary);
  ElfW(Ehdr) header{};
  if (!self.read(reinterpret_cast<char*>(&header), sizeof(header))) Fail("cannot read itself");
  std::memcpy(own.data() + offsetof(ElfW(Ehdr), e_machine), &header.e_machine,
              sizeof(header.e_machine));
  own[EI_CLASS] = header.e_ident[EI_CLASS];
  return {own, library};
}

bool Run(ByteSpan input) {
  const Status status = litert::CheckElfHeader(ScratchFile("library.so", input));
  if (!status.ok()) return !Refused(status);
  ElfW(Ehdr) header{};
  if (input.size() < sizeof(header)) Fail("accepted without a whole header");
  std::memcpy(&header, input.data(), sizeof(header));
  for (size_t i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    const size_t at = header.e_phoff + i * sizeof(segment);
    if (at > input.size() || sizeof(segment) > input.size() - at) Fail("a segment without header");
    std::memcpy(&segment, input.data() + at, sizeof(segment));
    if (segment.p_offset > input.size() || segment.p_filesz > input.size() - segment.p_offset) {
      Fail("a segment beyond the end");
    }
  }
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"elf_header", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
