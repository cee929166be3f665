#include "harness/checks/exported_symbols.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/files.h"

namespace qbench::checks {
namespace {

Status Damaged(std::string_view what) {
  return Error(StatusCode::kCorrupt, "not a whole shared library: {}", what);
}

// The value at the beginning of `bytes`.
template <typename T>
Result<T> Load(ByteSpan bytes, std::string_view what) {
  if (bytes.size() < sizeof(T)) return Damaged(what);
  return LoadUnaligned<T>(bytes);
}

// `size` bytes from `offset` on.
Result<ByteSpan> Part(ByteSpan bytes, uint64_t offset, uint64_t size, std::string_view what) {
  if (offset > bytes.size() || size > bytes.size() - offset) return Damaged(what);
  return bytes.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
}

// A stretch of the file that is loaded at `address`.
struct Segment {
  uint64_t address = 0;
  ByteSpan bytes;
};

// Where the dynamic section says that its parts are.
struct Dynamic {
  uint64_t symbols = 0;
  uint64_t names = 0;
  uint64_t names_size = 0;
  uint64_t hash = 0;
  uint64_t gnu_hash = 0;
};

class ElfLibrary {
 public:
  static Result<ElfLibrary> Open(ByteSpan file) {
    QB_ASSIGN_OR_RETURN(const auto header, Load<ElfW(Ehdr)>(file, "its header is cut off"));
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_DYN) {
      return Damaged("it has another header");
    }
    constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    if (header.e_ident[EI_CLASS] != kClass || header.e_ident[EI_DATA] != ELFDATA2LSB) {
      return Error(StatusCode::kUnsupported, "a library of another word size or byte order");
    }
    if (header.e_phentsize != sizeof(ElfW(Phdr))) return Damaged("its program headers");
    ElfLibrary library;
    QB_ASSIGN_OR_RETURN(const ByteSpan headers,
                        Part(file, header.e_phoff, header.e_phnum * sizeof(ElfW(Phdr)),
                             "its program headers are cut off"));
    for (size_t i = 0; i < header.e_phnum; ++i) {
      const auto segment = LoadUnaligned<ElfW(Phdr)>(headers.subspan(i * sizeof(ElfW(Phdr))));
      if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
      QB_ASSIGN_OR_RETURN(const ByteSpan bytes,
                          Part(file, segment.p_offset, segment.p_filesz, "a segment is cut off"));
      if (segment.p_type == PT_LOAD) library.loaded_.push_back({segment.p_vaddr, bytes});
      if (segment.p_type == PT_DYNAMIC) library.ReadDynamic(bytes);
    }
    return library;
  }

  // Of the file, from where `address` is loaded on to the segment's end.
  Result<ByteSpan> At(uint64_t address, std::string_view what) const {
    for (const Segment& segment : loaded_) {
      if (address >= segment.address && address - segment.address < segment.bytes.size()) {
        return segment.bytes.subspan(static_cast<size_t>(address - segment.address));
      }
    }
    return Damaged(what);
  }

  const Dynamic& dynamic() const { return dynamic_; }

 private:
  void ReadDynamic(ByteSpan bytes) {
    for (; bytes.size() >= sizeof(ElfW(Dyn)); bytes = bytes.subspan(sizeof(ElfW(Dyn)))) {
      const auto entry = LoadUnaligned<ElfW(Dyn)>(bytes);
      if (entry.d_tag == DT_NULL) return;
      if (entry.d_tag == DT_SYMTAB) dynamic_.symbols = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRTAB) dynamic_.names = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) dynamic_.names_size = entry.d_un.d_val;
      if (entry.d_tag == DT_HASH) dynamic_.hash = entry.d_un.d_ptr;
      if (entry.d_tag == DT_GNU_HASH) dynamic_.gnu_hash = entry.d_un.d_ptr;
    }
  }

  std::vector<Segment> loaded_;
  Dynamic dynamic_;
};

Result<uint32_t> Word(ByteSpan table, uint64_t index) {
  QB_ASSIGN_OR_RETURN(const ByteSpan word, Part(table, index * sizeof(uint32_t), sizeof(uint32_t),
                                                "its hash table is cut off"));
  return LoadUnaligned<uint32_t>(word);
}

// In the GNU hash table the exported symbols come last, each bucket names its first, and the lowest
// bit of a chain's last entry is set.
Result<uint64_t> GnuSymbolCount(ByteSpan table) {
  QB_ASSIGN_OR_RETURN(const uint64_t buckets, Word(table, 0));
  QB_ASSIGN_OR_RETURN(const uint64_t first, Word(table, 1));
  QB_ASSIGN_OR_RETURN(const uint64_t bloom_words, Word(table, 2));
  const uint64_t bucket = 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
  uint64_t last = 0;
  for (uint64_t i = 0; i < buckets; ++i) {
    QB_ASSIGN_OR_RETURN(const uint32_t symbol, Word(table, bucket + i));
    last = std::max<uint64_t>(last, symbol);
  }
  if (last < first) return first;
  while (true) {
    QB_ASSIGN_OR_RETURN(const uint32_t chain, Word(table, bucket + buckets + last - first));
    ++last;
    if ((chain & 1U) != 0) return last;
  }
}

// The table of symbols has no length of its own: the hash tables know it.
Result<uint64_t> SymbolCount(const ElfLibrary& library) {
  const Dynamic& dynamic = library.dynamic();
  if (dynamic.hash != 0) {
    QB_ASSIGN_OR_RETURN(const ByteSpan table, library.At(dynamic.hash, "its hash table"));
    QB_ASSIGN_OR_RETURN(const uint32_t count, Word(table, 1));
    return count;
  }
  QB_ASSIGN_OR_RETURN(const ByteSpan table, library.At(dynamic.gnu_hash, "its hash table"));
  return GnuSymbolCount(table);
}

bool IsExported(const ElfW(Sym) & symbol) {
  const unsigned type = symbol.st_info & 0xFU;
  const unsigned binding = symbol.st_info >> 4U;
  const bool defined = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS;
  return defined && binding != STB_LOCAL && (type == STT_FUNC || type == STT_OBJECT);
}

}  // namespace

Result<std::vector<std::string>> ElfSymbols(ByteSpan file) {
  QB_ASSIGN_OR_RETURN(const ElfLibrary library, ElfLibrary::Open(file));
  const Dynamic& dynamic = library.dynamic();
  QB_ASSIGN_OR_RETURN(const uint64_t count, SymbolCount(library));
  QB_ASSIGN_OR_RETURN(const ByteSpan after, library.At(dynamic.symbols, "its table of symbols"));
  QB_ASSIGN_OR_RETURN(const ByteSpan symbols,
                      Part(after, 0, count * sizeof(ElfW(Sym)), "its table of symbols is cut off"));
  QB_ASSIGN_OR_RETURN(const ByteSpan text, library.At(dynamic.names, "its symbols' names"));
  QB_ASSIGN_OR_RETURN(const ByteSpan names,
                      Part(text, 0, dynamic.names_size, "its symbols' names are cut off"));
  std::vector<std::string> exported;
  for (size_t i = 0; i < count; ++i) {
    const auto symbol = LoadUnaligned<ElfW(Sym)>(symbols.subspan(i * sizeof(ElfW(Sym))));
    if (!IsExported(symbol)) continue;
    if (symbol.st_name >= names.size()) return Damaged("a symbol's name lies outside of it");
    const ByteSpan name = names.subspan(symbol.st_name);
    const auto end = std::ranges::find(name, uint8_t{0});
    if (end == name.end() || end == name.begin()) return Damaged("a symbol without a name");
    exported.emplace_back(name.begin(), end);
  }
  std::ranges::sort(exported);
  return exported;
}

Result<std::vector<std::string>> ExportedSymbols(const std::filesystem::path& library) {
  QB_ASSIGN_OR_RETURN(const Bytes file, ReadFile(library));
  Result<std::vector<std::string>> symbols = ElfSymbols(file);
  if (!symbols.ok()) return symbols.status().WithContext(library.string());
  return symbols;
}

}  // namespace qbench::checks
