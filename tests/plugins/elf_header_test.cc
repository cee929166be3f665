#include "plugins/runtimes/litert/elf_header.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/files.h"

namespace qbench::litert {
namespace {

using ::testing::HasSubstr;

class ElfHeaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("elf_header_test");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(*folder));
    auto self = ReadFile("/proc/self/exe", uint64_t{1} << 30);
    ASSERT_TRUE(self.ok()) << self.status().message();
    self_ = std::move(*self);
  }
  Status Check(const Bytes& bytes) {
    const std::filesystem::path file = folder_->path() / "library.so";
    const Status written = WriteFileAtomically(file, bytes);
    return written.ok() ? CheckElfHeader(file) : written;
  }

  std::optional<TempDir> folder_;
  Bytes self_;  // a sound file for this machine
};

TEST_F(ElfHeaderTest, TakesAFileForThisMachine) {
  EXPECT_TRUE(Check(self_).ok()) << Check(self_).message();
}

TEST_F(ElfHeaderTest, RefusesOneThatIsCutOff) {
  ElfW(Ehdr) header{};
  std::memcpy(&header, self_.data(), sizeof(header));
  size_t end = 0;  // of what is loaded; sections that nobody loads follow
  for (size_t i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    std::memcpy(&segment, self_.data() + header.e_phoff + i * sizeof(segment), sizeof(segment));
    end = std::max<size_t>(end, segment.p_offset + segment.p_filesz);
  }
  for (const size_t size : {end - 1, sizeof(header) + 3, sizeof(header) - 1}) {
    const Bytes part(self_.begin(), self_.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(Check(part).code(), StatusCode::kUnsupported) << size;
  }
}

TEST_F(ElfHeaderTest, NamesBothProcessors) {
  const uint16_t other = EM_PPC64;
  std::memcpy(self_.data() + offsetof(ElfW(Ehdr), e_machine), &other, sizeof(other));
  const Status status = Check(self_);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("64-bit processor number 21"));
  EXPECT_THAT(status.message(), HasSubstr("this qbench runs on"));
}

TEST_F(ElfHeaderTest, RefusesWhatIsNoLibrary) {
  for (const Bytes& bytes : {Bytes(), Bytes{0x7F, 'E', 'L', 'F'}, Bytes(4096, 'x')}) {
    const Status status = Check(bytes);
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_THAT(status.message(), HasSubstr("no shared library"));
  }
  EXPECT_EQ(CheckElfHeader(folder_->path()).code(), StatusCode::kUnsupported);
  EXPECT_EQ(CheckElfHeader(folder_->path() / "none.so").code(), StatusCode::kIo);
}

// A file whose segment begins where no file ends.
TEST_F(ElfHeaderTest, RefusesOffsetsThatOverflow) {
  ElfW(Ehdr) header{};
  std::memcpy(&header, self_.data(), sizeof(header));
  ElfW(Phdr) segment{};
  std::memcpy(&segment, self_.data() + header.e_phoff, sizeof(segment));
  segment.p_offset = ~ElfW(Off){0};
  segment.p_filesz = 2;
  std::memcpy(self_.data() + header.e_phoff, &segment, sizeof(segment));
  EXPECT_EQ(Check(self_).code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace qbench::litert
