// The symbols of a plugin's file (harness/checks/exported_symbols.h). ELF files have no checksum:
// what must hold is that whatever is handed out is in the file.
#include <algorithm>

#include "harness/checks/exported_symbols.h"
#include "tests/conformance/tiny_elf.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  using checks::TinyHash;
  const std::vector<checks::TinySymbol> symbols = {{"qbench_plugin_entry", STT_OBJECT},
                                                   {"malloc", STT_FUNC, STB_GLOBAL, SHN_UNDEF},
                                                   {"another"}};
  return {checks::TinyLibrary(symbols, TinyHash::kSystemV),
          checks::TinyLibrary(symbols, TinyHash::kGnu)};
}

bool Run(ByteSpan input) {
  const auto symbols = checks::ElfSymbols(input);
  if (!symbols.ok()) return !Refused(symbols.status());
  if (!std::ranges::is_sorted(*symbols)) Fail("not sorted");
  // Each symbol has an entry of its own in the table.
  if (symbols->size() > input.size() / sizeof(ElfW(Sym))) Fail("more symbols than have room");
  for (const std::string& name : *symbols) {
    if (name.empty() || TextOf(input).find(name + '\0') == std::string_view::npos) {
      Fail("a name that is not in the file");
    }
  }
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"elf_symbols", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
