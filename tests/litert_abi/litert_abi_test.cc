// The installed LiteRT has the ABI that qbench declares; a library that has not is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "base/process.h"
#include "plugins/runtimes/litert/litert_library.h"

namespace qbench::litert {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Answer {
  int status = -1;
  std::string text;
};

Answer Ask(const fs::path& library) {
  const TempDir scratch = *TempDir::Create("litert-abi-test");
  ChildOptions options;
  options.argv = {QBENCH_BINARY_DIR "/tests/litert_abi_probe", library};
  options.out = Redirect::File(scratch.path() / "out.txt");
  const Result<ChildEnd> end = RunChild(options, {});
  EXPECT_TRUE(end.ok()) << end.status().message();
  if (!end.ok()) return {};
  return {end->exit_status, *ReadTextFile(scratch.path() / "out.txt")};
}

TEST(LitertAbi, OfTheInstalledLibraryIsAsDeclared) {
  const Result<Library> library =
      OpenLibrary(LibraryPlaces(QBENCH_BINARY_DIR "/lib/qbench/plugins/litert.so"));
  if (!library.ok()) {
    const char* allowed = std::getenv("QBENCH_ALLOW_NO_LITERT");
    if (allowed != nullptr && std::string_view(allowed) == "1") {
      GTEST_SKIP() << library.status().message();
    }
    FAIL() << library.status().message() << " (QBENCH_ALLOW_NO_LITERT=1 skips this)";
  }
  const Answer answer = Ask(library->path);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.text,
            "known_model: ok\nfloat: ok\nint8: ok\ntypes: ok\nlayouts: ok\noptions: ok\n"
            "profile: ok\n");
}

TEST(LitertAbi, WhatIsMissingIsTold) {
  const Answer answer = Ask(QBENCH_BINARY_DIR "/tests/libfake_litert.so");
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.text, HasSubstr("float: "));
  EXPECT_THAT(answer.text, HasSubstr("has no function LiteRtDestroyEnvironment"));
}

}  // namespace
}  // namespace qbench::litert
