// The smallest shared libraries with a table of symbols: they hold what a reader of symbols looks
// at, and nothing that could be run.
#pragma once

#include <elf.h>
#include <link.h>

#include <string>
#include <vector>

#include "base/bytes.h"

namespace qbench::checks {

struct TinySymbol {
  std::string name;
  unsigned type = STT_FUNC;
  unsigned binding = STB_GLOBAL;
  uint16_t section = 1;
};

enum class TinyHash { kSystemV, kGnu };

inline constexpr uint64_t kTinyAddress = 0x1000;  // where the file is loaded, from its first byte

// Of a file that TinyLibrary makes, in this order.
struct TinyLayout {
  size_t headers = sizeof(ElfW(Ehdr));  // program headers: one of all bytes, one of `dynamic`
  size_t dynamic = headers + 2 * sizeof(ElfW(Phdr));
  size_t hash = dynamic + 5 * sizeof(ElfW(Dyn));  // symbols, names, their size, hash, end
  size_t symbols = 0;
  size_t names = 0;
};

namespace tiny {

template <typename T>
void Append(Bytes& bytes, const T& value) {
  const auto* begin = reinterpret_cast<const uint8_t*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof(T));
}

// One bucket that holds all `count` symbols, the unnamed first not among them.
inline Bytes HashTable(TinyHash kind, uint32_t count) {
  Bytes table;
  if (kind == TinyHash::kSystemV) {
    for (const uint32_t word : {1U, count + 1, 1U}) Append(table, word);
    for (uint32_t i = 0; i <= count; ++i) Append(table, i == 0 || i == count ? 0 : i + 1);
  } else {
    for (const uint32_t word : {1U, 1U, 1U, 0U}) Append(table, word);
    Append(table, ElfW(Addr){0});
    Append(table, count > 0 ? 1U : 0U);
    for (uint32_t i = 1; i <= count; ++i) Append(table, i == count ? 0x11U : 0x10U);
  }
  while (table.size() % 8 != 0) table.push_back(0);
  return table;
}

}  // namespace tiny

inline Bytes TinyLibrary(const std::vector<TinySymbol>& symbols, TinyHash kind,
                         TinyLayout* where = nullptr) {
  TinyLayout layout;
  const Bytes hash = tiny::HashTable(kind, static_cast<uint32_t>(symbols.size()));
  Bytes table;
  Bytes names = {0};
  tiny::Append(table, ElfW(Sym){});
  for (const TinySymbol& symbol : symbols) {
    ElfW(Sym) entry{};
    entry.st_name = static_cast<ElfW(Word)>(names.size());
    entry.st_info = static_cast<unsigned char>(symbol.binding << 4U | symbol.type);
    entry.st_shndx = symbol.section;
    tiny::Append(table, entry);
    names.insert(names.end(), symbol.name.begin(), symbol.name.end());
    names.push_back(0);
  }
  layout.symbols = layout.hash + hash.size();
  layout.names = layout.symbols + table.size();
  const size_t size = layout.names + names.size();
  if (where != nullptr) *where = layout;

  ElfW(Ehdr) header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
  header.e_phoff = layout.headers;
  header.e_phentsize = sizeof(ElfW(Phdr));
  header.e_phnum = 2;
  Bytes file;
  tiny::Append(file, header);
  ElfW(Phdr) segment{};
  segment.p_type = PT_LOAD;
  segment.p_vaddr = kTinyAddress;
  segment.p_filesz = segment.p_memsz = size;
  tiny::Append(file, segment);
  segment.p_type = PT_DYNAMIC;
  segment.p_offset = layout.dynamic;
  segment.p_vaddr = kTinyAddress + layout.dynamic;
  segment.p_filesz = segment.p_memsz = layout.hash - layout.dynamic;
  tiny::Append(file, segment);
  const std::pair<int64_t, uint64_t> entries[] = {
      {DT_SYMTAB, kTinyAddress + layout.symbols},
      {DT_STRTAB, kTinyAddress + layout.names},
      {DT_STRSZ, names.size()},
      {kind == TinyHash::kGnu ? DT_GNU_HASH : DT_HASH, kTinyAddress + layout.hash},
      {DT_NULL, 0}};
  for (const auto& [tag, value] : entries) {
    ElfW(Dyn) entry{};
    entry.d_tag = static_cast<decltype(entry.d_tag)>(tag);
    entry.d_un.d_val = static_cast<decltype(entry.d_un.d_val)>(value);
    tiny::Append(file, entry);
  }
  for (const ByteSpan part : {ByteSpan(hash), ByteSpan(table), ByteSpan(names)}) {
    file.insert(file.end(), part.begin(), part.end());
  }
  return file;
}

}  // namespace qbench::checks
