// The symbols of sound libraries, and that damaged ones are refused.
#include "harness/checks/exported_symbols.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/conformance/tiny_elf.h"

namespace qbench::checks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<TinySymbol> kTwo = {{"second"}, {"first", STT_OBJECT}};

template <typename T>
Bytes With(Bytes file, size_t offset, T value) {
  EXPECT_LE(offset + sizeof(T), file.size());
  std::memcpy(file.data() + offset, &value, sizeof(T));
  return file;
}

void ExpectCorrupt(const Bytes& file) {
  const auto symbols = ElfSymbols(file);
  EXPECT_EQ(symbols.status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(symbols.status().message(), HasSubstr("not a whole shared library: "));
}

class ElfSymbolsTest : public ::testing::TestWithParam<TinyHash> {
 protected:
  TinyLayout layout_;
  Bytes sound_ = TinyLibrary(kTwo, GetParam(), &layout_);
};
INSTANTIATE_TEST_SUITE_P(Hash, ElfSymbolsTest,
                         ::testing::Values(TinyHash::kSystemV, TinyHash::kGnu),
                         [](const auto& hash) {
                           return hash.param == TinyHash::kGnu ? "Gnu" : "SystemV";
                         });

TEST_P(ElfSymbolsTest, AreTheFunctionsAndObjectsThatOthersSee) {
  EXPECT_THAT(*ElfSymbols(sound_), ElementsAre("first", "second"));
  const std::vector<TinySymbol> symbols = {{"mine", STT_FUNC, STB_LOCAL},
                                           {"theirs", STT_FUNC, STB_GLOBAL, SHN_UNDEF},
                                           {"VERSION_1", STT_OBJECT, STB_GLOBAL, SHN_ABS},
                                           {"thread", STT_TLS},
                                           {"weak", STT_FUNC, STB_WEAK},
                                           {"shown"}};
  EXPECT_THAT(*ElfSymbols(TinyLibrary(symbols, GetParam())), ElementsAre("shown", "weak"));
  EXPECT_THAT(*ElfSymbols(TinyLibrary({}, GetParam())), IsEmpty());
}

TEST_P(ElfSymbolsTest, OfACutLibraryAreRefused) {
  for (size_t size = 0; size < sound_.size(); ++size) {
    SCOPED_TRACE(size);
    ExpectCorrupt(Bytes(sound_.begin(), sound_.begin() + static_cast<std::ptrdiff_t>(size)));
  }
}

TEST_P(ElfSymbolsTest, HeadersThatPointOutsideAreRefused) {
  ExpectCorrupt(With(sound_, 0, uint8_t{0}));
  ExpectCorrupt(With(sound_, offsetof(ElfW(Ehdr), e_type), uint16_t{ET_EXEC}));
  ExpectCorrupt(With(sound_, offsetof(ElfW(Ehdr), e_phentsize), uint16_t{8}));
  ExpectCorrupt(With(sound_, offsetof(ElfW(Ehdr), e_phnum), uint16_t{0}));
  ExpectCorrupt(With(sound_, offsetof(ElfW(Ehdr), e_phnum), uint16_t{0xFFFF}));
  ExpectCorrupt(With(sound_, offsetof(ElfW(Ehdr), e_phoff), ~ElfW(Off){0}));
  for (size_t i = 0; i < 2; ++i) {
    const size_t segment = layout_.headers + i * sizeof(ElfW(Phdr));
    ExpectCorrupt(With(sound_, segment + offsetof(ElfW(Phdr), p_type), ElfW(Word){PT_NOTE}));
    ExpectCorrupt(With(sound_, segment + offsetof(ElfW(Phdr), p_offset), ~ElfW(Off){0} - 8));
    ExpectCorrupt(With(sound_, segment + offsetof(ElfW(Phdr), p_filesz), ~ElfW(Xword){0} - 8));
  }
  Bytes other = With(sound_, EI_CLASS, uint8_t{sizeof(void*) == 8 ? ELFCLASS32 : ELFCLASS64});
  EXPECT_EQ(ElfSymbols(other).status().code(), StatusCode::kUnsupported);
  other = With(sound_, EI_DATA, uint8_t{ELFDATA2MSB});
  EXPECT_EQ(ElfSymbols(other).status().code(), StatusCode::kUnsupported);
}

TEST_P(ElfSymbolsTest, TablesThatPointOutsideAreRefused) {
  for (size_t entry = 0; entry < 4; ++entry) {
    const size_t value = layout_.dynamic + entry * sizeof(ElfW(Dyn)) + offsetof(ElfW(Dyn), d_un);
    for (const ElfW(Addr) address : {~ElfW(Addr){0}, ElfW(Addr){kTinyAddress + sound_.size()},
                                     ElfW(Addr){kTinyAddress + sound_.size() - 1}}) {
      SCOPED_TRACE(::testing::Message() << "entry " << entry << ": " << address);
      ExpectCorrupt(With(sound_, value, address));
    }
    // Its tag: it is not there at all.
    ExpectCorrupt(With(sound_, layout_.dynamic + entry * sizeof(ElfW(Dyn)), ElfW(Addr){DT_DEBUG}));
  }
}

TEST_P(ElfSymbolsTest, CountsAndNamesThatPointOutsideAreRefused) {
  // The number of buckets, where symbols begin, and the words behind them.
  for (const size_t word : {0, 1, 2}) {
    const Bytes file = With(sound_, layout_.hash + word * sizeof(uint32_t), 0xFFFFFFF0U);
    if (GetParam() == TinyHash::kSystemV && word != 1) {
      EXPECT_THAT(*ElfSymbols(file), ElementsAre("first", "second"));  // not needed
    } else {
      ExpectCorrupt(file);
    }
  }
  const size_t second = layout_.symbols + 2 * sizeof(ElfW(Sym)) + offsetof(ElfW(Sym), st_name);
  ExpectCorrupt(With(sound_, second, ~ElfW(Word){0}));
  ExpectCorrupt(With(sound_, second, ElfW(Word){0}));            // no name at all
  ExpectCorrupt(With(sound_, sound_.size() - 1, uint8_t{'x'}));  // a name without an end
}

TEST(GnuHash, AChainWithoutAnEndIsRefused) {
  TinyLayout layout;
  const Bytes sound = TinyLibrary(kTwo, TinyHash::kGnu, &layout);
  Bytes file = sound;
  for (size_t i = layout.hash + 4 * sizeof(uint32_t) + sizeof(ElfW(Addr)) + sizeof(uint32_t);
       i < file.size(); ++i) {
    file[i] = 0;
  }
  ExpectCorrupt(file);
}

// What the linker made: one exported symbol, the entry table.
TEST(ExportedSymbols, OfAPluginAreItsEntry) {
  const std::filesystem::path fakes = std::filesystem::path(QBENCH_BINARY_DIR) / "lib/qbench/fake";
  const auto symbols = ExportedSymbols(fakes / "fake_runtime.so");
  ASSERT_TRUE(symbols.ok()) << symbols.status().message();
  EXPECT_THAT(*symbols, ElementsAre("qbench_plugin_entry"));
}

TEST(ExportedSymbols, NameTheFileThatIsNoLibrary) {
  const TempDir folder = *TempDir::Create("exported-symbols-test");
  const std::filesystem::path file = folder.path() / "text.so";
  EXPECT_EQ(ExportedSymbols(file).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(file, "no library").ok());
  const Status status = ExportedSymbols(file).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("text.so"));
}

}  // namespace
}  // namespace qbench::checks
