#include "harness/host/artifact_folder.h"

#include "base/files.h"
#include "gmock/gmock.h"
#include "qbench/host.h"

namespace qbench::host {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(ArtifactFolder, StoresOneModelAndWhatGoesBesideIt) {
  auto folder = TempDir::Create("qbench-test-");
  ASSERT_TRUE(folder.ok());
  ArtifactFolder artifacts(folder->path() / "new");
  EXPECT_FALSE(artifacts.has_artifact());
  ASSERT_TRUE(artifacts.Emit("model", QBENCH_MEDIA_TFLITE, AsBytes("bytes")).ok());
  ASSERT_TRUE(artifacts.Emit("ranges", QBENCH_MEDIA_JSON, AsBytes("{\"a\": 1}")).ok());
  EXPECT_TRUE(artifacts.has_artifact());
  EXPECT_EQ(*ReadTextFile(artifacts.artifact()), "bytes");
  ASSERT_THAT(artifacts.entries(), SizeIs(1));
  EXPECT_EQ(*ReadTextFile(artifacts.entries()[0].file), "{\"a\": 1}");
}

TEST(ArtifactFolder, RefusesWhatBreaksTheContract) {
  auto folder = TempDir::Create("qbench-test-");
  ASSERT_TRUE(folder.ok());
  ArtifactFolder artifacts(folder->path());
  ASSERT_TRUE(artifacts.Emit("model", QBENCH_MEDIA_TFLITE, AsBytes("x")).ok());
  ASSERT_TRUE(artifacts.Emit("a", QBENCH_MEDIA_JSON, AsBytes("1")).ok());
  const auto message = [&](std::string_view name, std::string_view type, std::string_view text) {
    return artifacts.Emit(name, type, AsBytes(text)).message();
  };
  EXPECT_THAT(message("model", QBENCH_MEDIA_TFLITE, "y"), HasSubstr("emitted before"));
  EXPECT_THAT(message("a", QBENCH_MEDIA_JSON, "2"), HasSubstr("emitted before"));
  EXPECT_THAT(message("b", QBENCH_MEDIA_TFLITE, "y"), HasSubstr("named \"model\""));
  EXPECT_THAT(message("c", "text/plain", "y"), HasSubstr("text/plain"));
  EXPECT_THAT(message("d", QBENCH_MEDIA_JSON, "{broken"), HasSubstr("cannot emit \"d\""));
  for (const char* name : {"", "../up", "a/b", ".hidden", "a b"}) {
    EXPECT_THAT(message(name, QBENCH_MEDIA_JSON, "1"), HasSubstr("cannot emit under the name"));
  }
  EXPECT_EQ(*ReadTextFile(artifacts.artifact()), "x");
}

TEST(ArtifactFolder, SaysWhereItCannotWrite) {
  ArtifactFolder artifacts("/proc/nowhere");
  const Status status = artifacts.Emit("model", QBENCH_MEDIA_TFLITE, AsBytes("x"));
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr("/proc/nowhere"));
}

}  // namespace
}  // namespace qbench::host
