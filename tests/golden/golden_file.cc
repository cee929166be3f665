#include "tests/golden/golden_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"

namespace qbench {

void ExpectGolden(const std::string& below_tests, const std::string& text) {
  const auto path = std::filesystem::path(QBENCH_SOURCE_DIR) / "tests" / below_tests;
  const char* approve = std::getenv("QBENCH_APPROVE_GOLDENS");
  if (approve != nullptr && std::string(approve) == "1") {
    const Status status = WriteFileAtomically(path, text);
    EXPECT_TRUE(status.ok()) << status.message();
    return;
  }
  const auto golden = ReadTextFile(path);
  ASSERT_TRUE(golden.ok()) << golden.status().message();
  // Not EXPECT_EQ: it would print both texts whole.
  size_t line = 1;
  size_t begin = 0;
  for (size_t i = 0; i < text.size() && i < golden->size() && text[i] == (*golden)[i]; ++i) {
    if (text[i] == '\n') {
      ++line;
      begin = i + 1;
    }
  }
  EXPECT_TRUE(text == *golden) << path << " differs from line " << line << " on, which is now:\n"
                               << text.substr(begin, 300)
                               << "\nIf that is right, run scripts/approve_goldens.sh.";
}

}  // namespace qbench
