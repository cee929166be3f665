#include "harness/checks/exported_symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdint>

namespace qbench::checks {
namespace {

// The parts of the library's dynamic section that are needed here.
struct Dynamic {
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  const uint32_t* gnu_hash = nullptr;
  const uint32_t* hash = nullptr;
};

Dynamic ReadDynamic(const link_map& library) {
  Dynamic dynamic;
  for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) {
    // Most systems have made these offsets addresses when the library was loaded.
    ElfW(Addr) address = entry->d_un.d_ptr;
    if (address < library.l_addr) address += library.l_addr;
    const auto* pointer =
        reinterpret_cast<const void*>(address);  // NOLINT(performance-no-int-to-ptr): as ELF has it
    if (entry->d_tag == DT_SYMTAB) dynamic.symbols = static_cast<const ElfW(Sym)*>(pointer);
    if (entry->d_tag == DT_STRTAB) dynamic.names = static_cast<const char*>(pointer);
    if (entry->d_tag == DT_GNU_HASH) dynamic.gnu_hash = static_cast<const uint32_t*>(pointer);
    if (entry->d_tag == DT_HASH) dynamic.hash = static_cast<const uint32_t*>(pointer);
  }
  return dynamic;
}

// The table of symbols has no length of its own: the hash tables know it. In the GNU one the
// exported symbols come last, each bucket names its first, and the lowest bit of a chain's last
// entry is set.
uint32_t SymbolCount(const Dynamic& dynamic) {
  if (dynamic.hash != nullptr) return dynamic.hash[1];
  if (dynamic.gnu_hash == nullptr) return 0;
  const uint32_t buckets = dynamic.gnu_hash[0];
  const uint32_t first = dynamic.gnu_hash[1];
  const uint32_t bloom_words = dynamic.gnu_hash[2];
  const uint32_t* bucket =
      dynamic.gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
  const uint32_t* chains = bucket + buckets;
  uint32_t last = 0;
  for (uint32_t i = 0; i < buckets; ++i) last = std::max(last, bucket[i]);
  if (last < first) return first;
  while ((chains[last - first] & 1U) == 0) ++last;
  return last + 1;
}

}  // namespace

std::vector<std::string> ExportedSymbols(const void* address) {
  Dl_info info{};
  void* found = nullptr;
  if (dladdr1(address, &info, &found, RTLD_DL_LINKMAP) == 0 || found == nullptr) return {};
  const Dynamic dynamic = ReadDynamic(*static_cast<const link_map*>(found));
  if (dynamic.symbols == nullptr || dynamic.names == nullptr) return {};
  std::vector<std::string> names;
  for (uint32_t i = 0; i < SymbolCount(dynamic); ++i) {
    const ElfW(Sym)& symbol = dynamic.symbols[i];
    const unsigned type = symbol.st_info & 0xFU;
    const unsigned binding = symbol.st_info >> 4U;
    const bool defined = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS;
    if (!defined || binding == STB_LOCAL || (type != STT_FUNC && type != STT_OBJECT)) continue;
    names.emplace_back(dynamic.names + symbol.st_name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace qbench::checks
