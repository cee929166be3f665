// Where LiteRT's library is looked for, and what is said of one that cannot be used. None of these
// tests needs LiteRT.
#include "plugins/runtimes/litert/litert_library.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "plugins/runtimes/litert/profiler_api.h"

namespace qbench::litert {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kFake = QBENCH_BINARY_DIR "/tests/libfake_litert.so";

class LitertLibrary : public ::testing::Test {
 protected:
  // A file of the test's folder with these bytes.
  fs::path Write(const fs::path& name, const std::string& bytes) const {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(WriteFileAtomically(path, std::string_view(bytes)).ok());
    return path;
  }
  static std::string Bytes(const fs::path& path) { return *ReadTextFile(path); }

  TempDir folder_ = *TempDir::Create("litert-library-test");
};

Status Open(const std::vector<LibraryPlace>& places) { return OpenLibrary(places).status(); }

TEST_F(LitertLibrary, OneThatIsNamedMustBeThere) {
  const fs::path nowhere = folder_.path() / "nowhere.so";
  const Status status = Open({{nowhere, /*named=*/true}, {kFake}});
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), AllOf(HasSubstr(nowhere.string()), HasSubstr("--litert-library")));
  EXPECT_THAT(status.message(), ::testing::Not(HasSubstr(kFake)));
}

TEST_F(LitertLibrary, OneWithoutAProfilerIsNamed) {
  const Status status = OpenProfilerApi(kFake).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), AllOf(HasSubstr(kFake), HasSubstr("cannot be profiled"),
                                      HasSubstr("LiteRtCompiledModelGetProfiler")));
}

TEST_F(LitertLibrary, AFolderIsNoLibrary) {
  const Status status = Open({{folder_.path(), /*named=*/true}});
  EXPECT_THAT(status.message(), HasSubstr("no file"));
}

TEST_F(LitertLibrary, PlacesWithoutOneArePassedOver) {
  const Status status = Open({{folder_.path() / "a.so"}, {kFake}, {folder_.path() / "b.so"}});
  EXPECT_THAT(status.message(), HasSubstr(std::string(kFake) + " has no function"));
}

TEST_F(LitertLibrary, AFaultyOneIsNotPassedOver) {
  const fs::path text = Write("libLiteRt.so", "not a library at all");
  const Status status = Open({{text}, {kFake}});
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr(text.string() + " is no shared library"));
}

TEST_F(LitertLibrary, EveryPlaceIsTold) {
  const Status status = Open({{folder_.path() / "a.so"}, {"libNoSuchLiteRt.so"}});
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("a.so, the system's libraries: libNoSuchLiteRt.so"),
                    HasSubstr("scripts/setup.sh"), HasSubstr("--litert-library")));
}

TEST_F(LitertLibrary, NamesTheFunctionTheFileAndTheOldestVersion) {
  const Status status = Open({{kFake, /*named=*/true}});
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_EQ(status.message(),
            fmt::format("{} has no function LiteRtDestroyEnvironment: it is older than LiteRT {}, "
                        "or not LiteRT; run scripts/setup.sh, or name a libLiteRt.so with "
                        "--litert-library",
                        kFake, kOldestVersion));
}

TEST_F(LitertLibrary, TellsAnotherProcessorsLibrary) {
  std::string bytes = Bytes(kFake);
  uint16_t machine = 0;
  std::memcpy(&machine, bytes.data() + offsetof(Elf64_Ehdr, e_machine), sizeof(machine));
  machine = machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
  const Status status = Open({{Write("other.so", bytes), /*named=*/true}});
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("other.so is a library for "), HasSubstr("x86-64"),
                                      HasSubstr("aarch64"), HasSubstr("scripts/setup.sh")));
}

TEST_F(LitertLibrary, RefusesOneThatIsCutOff) {
  const std::string bytes = Bytes(kFake);
  for (const size_t size : {size_t{0}, size_t{3}, size_t{19}, size_t{64}, bytes.size() / 2}) {
    const fs::path cut = Write("cut.so", bytes.substr(0, size));
    const Status status = Open({{cut, /*named=*/true}});
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << size;
    EXPECT_THAT(status.message(), AllOf(HasSubstr("cut.so"), HasSubstr("scripts/setup.sh")));
  }
}

TEST_F(LitertLibrary, TheVersionStandsBesideIt) {
  const fs::path library = Write("site/ai_edge_litert/libLiteRt.so", "");
  EXPECT_EQ(VersionBeside(library), "unknown");
  Write("site/ai_edge_litert-2.2.0.dist-info/METADATA", "");
  EXPECT_EQ(VersionBeside(library), "2.2.0");
  Write("site/ai_edge_litert/VERSION", "2.3.0\n");
  EXPECT_EQ(VersionBeside(library), "2.3.0");
}

TEST_F(LitertLibrary, TheEnvironmentGoesBeforeEveryOtherPlace) {
  const fs::path plugin = "/opt/qbench/lib/plugins/litert.so";
  unsetenv("QBENCH_LITERT_LIBRARY");
  std::vector<LibraryPlace> places = LibraryPlaces(plugin);
  ASSERT_EQ(places.size(), 3U);
  EXPECT_EQ(places[0].path, "/opt/qbench/lib/litert/libLiteRt.so");
  EXPECT_EQ(places[1].path.filename(), "libLiteRt.so");
  EXPECT_EQ(places[2].path, "libLiteRt.so");
  for (const LibraryPlace& place : places) EXPECT_FALSE(place.named);

  setenv("QBENCH_LITERT_LIBRARY", "here.so", 1);
  places = LibraryPlaces(plugin);
  unsetenv("QBENCH_LITERT_LIBRARY");
  ASSERT_EQ(places.size(), 1U);
  EXPECT_EQ(places[0].path, fs::current_path() / "here.so");
  EXPECT_TRUE(places[0].named);
}

}  // namespace
}  // namespace qbench::litert
