#include "base/base64.h"

#include <gtest/gtest.h>

#include <string_view>

namespace qbench {
namespace {

Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

// The test vectors of RFC 4648, section 10.
TEST(Base64, IsThatOfTheRfc) {
  EXPECT_EQ(Base64({}), "");
  EXPECT_EQ(Base64(BytesOf("f")), "Zg==");
  EXPECT_EQ(Base64(BytesOf("fo")), "Zm8=");
  EXPECT_EQ(Base64(BytesOf("foo")), "Zm9v");
  EXPECT_EQ(Base64(BytesOf("foob")), "Zm9vYg==");
  EXPECT_EQ(Base64(BytesOf("fooba")), "Zm9vYmE=");
  EXPECT_EQ(Base64(BytesOf("foobar")), "Zm9vYmFy");
}

TEST(Base64, TakesEveryByte) {
  EXPECT_EQ(Base64(Bytes{0x00, 0x10, 0x83, 0xFB, 0xEF, 0xBF}),
            "ABCD++"
            "+/");
  EXPECT_EQ(Base64(Bytes{0xFF, 0xFF, 0xFF}), "////");
}

}  // namespace
}  // namespace qbench
