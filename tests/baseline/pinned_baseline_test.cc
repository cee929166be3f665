// Pinning a run, reading it back, and what becomes of a folder that somebody changed.
#include "harness/baseline/pinned_baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "base/files.h"
#include "base/sealed_json.h"
#include "base/sha256.h"
#include "harness/baseline/pin.h"

namespace qbench::baseline {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PinnedBaseline : public ::testing::Test {
 protected:
  // A file below the test's folder; its hash.
  std::string Write(const std::string& name, const std::string& text) const {
    fs::create_directories(File(name).parent_path());
    EXPECT_TRUE(WriteFileAtomically(File(name), text).ok());
    return Sha256Hex(std::string_view(text));
  }
  fs::path File(const std::string& name) const { return folder_.path() / name; }

  // Two cells that worked, one that did not, and the row of the model's own file.
  store::RunData Run() const {
    store::RunData run;
    run.run.id = 12;
    run.run.qbench_version = "0.1.0";
    run.run.host = {{"board.model", "Raspberry Pi 5"}};
    run.run.settings = {{"repetitions", 3}};
    run.models[1] = {1, "net", File("net.h5").string(), "m", Write("net.h5.toml", "sidecar"), "f"};
    run.splits[1] = {1, "scenes", "test", "hash of the images", {"a"}, {{"a/1.jpg", 0}}};
    run.plugins[1] = {
        1, store::PluginKind::kQuantizer, "int8", "0.1.0", "int8.so", "q", Json::object()};
    run.plugins[2] = {2,
                      store::PluginKind::kRuntime,
                      "engine",
                      "0.1.0",
                      File("engine.so").string(),
                      Write("engine.so", "a plugin"),
                      Json::object()};
    run.plugins[2].facts = {{"library_path", File("libengine.so.2").string()},
                            {"library_sha256", Write("libengine.so.2", "an engine")},
                            {"library_variable", "QBENCH_ENGINE"}};
    run.plugins[3] = {3, store::PluginKind::kRuntime, "none", "0.1.0", "", "", Json::object()};
    for (const int64_t id : {1, 2}) {
      const std::string name = "artifact" + std::to_string(id) + ".tflite";
      store::Artifact& artifact = run.artifacts[id];
      artifact.id = id;
      artifact.model_id = artifact.quantizer_id = 1;
      artifact.sha256 = Write(name, name);
      artifact.file_bytes = 16;
      artifact.path = File(name).string();
      artifact.emitted = {{{"name", "invalid_accuracy"}, {"value", {{"reason", "made up"}}}}};
      artifact.warnings = {"a warning"};
    }
    for (const int threads : {1, 2, 4}) {
      store::Cell cell;
      cell.model_id = cell.split_id = cell.quantizer_id = 1;
      cell.runtime_id = 2;
      cell.quantizer_options = "io=int8";
      cell.runtime_options = "kernels=builtin";
      cell.threads = threads;
      cell.artifact_id = threads == 2 ? 2 : 1;
      cell.status = threads == 4 ? store::Outcome::kCrashed : store::Outcome::kOk;
      cell.reason = threads == 4 ? "it crashed" : "";
      run.cells.push_back({cell, {}});
    }
    store::Cell source;
    source.model_id = source.split_id = source.quantizer_id = 1;
    source.runtime_id = 3;
    source.status = store::Outcome::kOk;
    run.cells.push_back({source, {}});
    return run;
  }

  Result<Pinned> Pin(const std::string& name, const store::RunData& run) const {
    return PinRun(run, File("q.sqlite"), baselines_, name, {});
  }

  void ExpectRefused(const Status& status, StatusCode code, const std::string& text) const {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_THAT(status.message(), HasSubstr(text));
  }

  // What is in the folder of baselines, temporary things included.
  std::vector<std::string> Entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(baselines_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  TempDir folder_ = *TempDir::Create("qbench-baseline-test");
  fs::path baselines_ = folder_.path() / "baselines";
};

TEST_F(PinnedBaseline, HoldsAllThatTheRunNeedsEachFileOnce) {
  const Result<Pinned> pinned = Pin("release-1.2", Run());
  ASSERT_TRUE(pinned.ok()) << pinned.status().message();
  EXPECT_THAT(pinned->left_out, ElementsAre("net · int8 · engine: it crashed"));
  const Result<Baseline> read = ReadBaseline(baselines_, "release-1.2");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->sha256, pinned->baseline.sha256);
  EXPECT_EQ(read->dataset, "scenes");
  EXPECT_EQ(read->split_sha256, "hash of the images");
  EXPECT_EQ(read->run.at("id"), 12);
  EXPECT_EQ(read->run.at("board"), "Raspberry Pi 5");
  ASSERT_EQ(read->runtimes.size(), 1U);
  const PinnedRuntime& runtime = read->runtimes[0];
  EXPECT_EQ(*ReadTextFile(runtime.file), "a plugin");
  EXPECT_EQ(runtime.file.filename(), "engine.so");
  EXPECT_EQ(*ReadTextFile(runtime.library), "an engine");
  EXPECT_THAT(runtime.Environment(), ElementsAre("QBENCH_ENGINE=" + runtime.library.string()));
  ASSERT_EQ(read->cells.size(), 2U);
  const PinnedCell& cell = read->cells[1];
  EXPECT_EQ(*ReadTextFile(cell.file), "artifact2.tflite");
  EXPECT_EQ(*ReadTextFile(cell.file.string() + ".toml"), "sidecar");
  EXPECT_EQ(cell.threads, 2);
  EXPECT_EQ(cell.quantizer_options, "io=int8");
  EXPECT_EQ(cell.runtime_options, "kernels=builtin");
  EXPECT_EQ(cell.artifact.emitted, Run().artifacts.at(2).emitted);
  EXPECT_THAT(cell.artifact.warnings, ElementsAre("a warning"));
  EXPECT_EQ(cell.model.stem, "net");
  EXPECT_EQ(read->files.size(), 6U);  // two artifacts, their sidecars, a plugin, a library
  EXPECT_TRUE(CheckFiles(*read).ok());
  EXPECT_THAT(BaselineNames(baselines_), ElementsAre("release-1.2"));
  EXPECT_THAT(Entries(), ElementsAre("release-1.2"));
}

TEST_F(PinnedBaseline, WithoutAVariableTheLibraryGoesBeforeTheSystems) {
  store::RunData run = Run();
  run.plugins[2].facts.erase("library_variable");
  const Result<Pinned> pinned = Pin("b", run);
  ASSERT_TRUE(pinned.ok());
  const PinnedRuntime& runtime = pinned->baseline.runtimes[0];
  ASSERT_EQ(runtime.Environment().size(), 1U);
  EXPECT_THAT(runtime.Environment()[0],
              HasSubstr("LD_LIBRARY_PATH=" + runtime.library.parent_path().string()));
  run.plugins[2].facts = Json::object();
  EXPECT_THAT(Pin("c", run)->baseline.runtimes[0].Environment(), IsEmpty());
}

TEST_F(PinnedBaseline, NamesAreSafeFileNames) {
  for (const char* name : {"a", "release-1.2_b", "2025-11-20"}) EXPECT_TRUE(CheckName(name).ok());
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string(".hidden"),
        std::string("a/b"), std::string("../a"), std::string("-a"), std::string("a b"),
        std::string("ä"), std::string("a\n"), std::string(65, 'a')}) {
    ExpectRefused(CheckName(name), StatusCode::kInvalidArgument, "is no name of a baseline");
    EXPECT_FALSE(Pin(name, Run()).ok());
    EXPECT_FALSE(ReadBaseline(baselines_, name).ok());
    EXPECT_FALSE(DropBaseline(baselines_, name).ok());
  }
}

TEST_F(PinnedBaseline, IsThereWholeOrNotAtAll) {
  const auto fails = [](const Baseline&) { return Error(StatusCode::kNotFound, "not loadable"); };
  ExpectRefused(PinRun(Run(), "q.sqlite", baselines_, "b", fails).status(), StatusCode::kNotFound,
                "not loadable");
  EXPECT_THAT(Entries(), IsEmpty());
  ASSERT_TRUE(Pin("b", Run()).ok());
  ExpectRefused(Pin("b", Run()).status(), StatusCode::kInvalidArgument, "qbench baseline drop b");
  EXPECT_THAT(Entries(), ElementsAre("b"));
  EXPECT_TRUE(DropBaseline(baselines_, "b").ok());
  EXPECT_THAT(Entries(), IsEmpty());
  ExpectRefused(DropBaseline(baselines_, "b"), StatusCode::kNotFound, "there is none yet");
}

TEST_F(PinnedBaseline, HasTheRightsThatTheUmaskGives) {
  for (const mode_t mask : {mode_t{077}, mode_t{022}}) {
    const std::string name = mask == 077 ? "own" : "read";
    const mode_t before = umask(mask);
    EXPECT_TRUE(Pin(name, Run()).ok());
    umask(before);
    EXPECT_EQ(fs::status(baselines_ / name).permissions(), fs::perms(0777 & ~mask)) << name;
  }
}

TEST_F(PinnedBaseline, TakesNothingThatTheRunDidNotMeasure) {
  const store::RunData run = Run();
  const auto changed = [&](const std::string& file) {
    Write(file, "another");
    const Status status = Pin("b", run).status();
    ExpectRefused(status, StatusCode::kCorrupt, File(file).string());
    EXPECT_THAT(status.message(), HasSubstr("run its command again, and pin that run"));
    fs::remove(File(file));
    ExpectRefused(Pin("b", run).status(), StatusCode::kNotFound, File(file).string());
    Run();  // writes them again
    EXPECT_THAT(Entries(), IsEmpty());
  };
  for (const char* file : {"engine.so", "libengine.so.2", "artifact2.tflite", "net.h5.toml"}) {
    changed(file);
  }
  store::RunData failed = run;
  for (store::CellData& data : failed.cells) data.cell.status = store::Outcome::kFailed;
  ExpectRefused(Pin("b", failed).status(), StatusCode::kInvalidArgument, "no cell that worked");
}

TEST_F(PinnedBaseline, ThatSomebodyChangedIsNotUsed) {
  const auto pin = [&] {
    if (!BaselineNames(baselines_).empty()) {
      EXPECT_TRUE(DropBaseline(baselines_, "b").ok());
    }
    return Pin("b", Run())->baseline;
  };
  const auto check = [&] { return CheckFiles(*ReadBaseline(baselines_, "b")); };
  for (size_t i = 0; i < 6; ++i) {
    const Baseline baseline = pin();
    const fs::path file = baseline.folder / baseline.files[i].path;
    ASSERT_TRUE(WriteFileAtomically(file, std::string_view("changed")).ok());
    ExpectRefused(check(), StatusCode::kCorrupt, "is not what was pinned");
    fs::remove(file);
    ExpectRefused(check(), StatusCode::kCorrupt, "gone; it cannot be measured any more");
    // A link is no file, whatever it leads to.
    fs::create_symlink(File("elsewhere"), file);
    ExpectRefused(check(), StatusCode::kCorrupt, "no plain file any more");
  }
  const Baseline baseline = pin();
  fs::rename(baseline.folder / "runtimes", File("runtimes"));
  fs::create_directory_symlink(File("runtimes"), baseline.folder / "runtimes");
  ExpectRefused(check(), StatusCode::kCorrupt, "no plain file any more");

  pin();
  fs::rename(baselines_ / "b", File("real"));
  fs::create_directory_symlink(File("real"), baselines_ / "b");
  ExpectRefused(ReadBaseline(baselines_, "b").status(), StatusCode::kCorrupt, "is no folder");
  EXPECT_FALSE(Pin("b", Run()).ok());
  EXPECT_THAT(BaselineNames(baselines_), IsEmpty());
}

TEST_F(PinnedBaseline, RefusesAManifestThatLeadsOutside) {
  ASSERT_TRUE(Pin("b", Run()).ok());
  const fs::path file = baselines_ / "b" / "baseline.json";
  const Json sound = *ReadSealedJson(file);
  const auto refused = [&](const std::function<void(Json&)>& change, const std::string& text) {
    Json json = sound;
    change(json);
    ASSERT_TRUE(WriteSealedJson(file, json).ok());
    const Status status = ReadBaseline(baselines_, "b").status();
    ExpectRefused(status, StatusCode::kCorrupt, text);
    EXPECT_THAT(status.message(), HasSubstr("qbench baseline drop b removes it"));
  };
  for (const char* path : {"../b2/x", "/etc/passwd", "", ".", "a/../../x", "a//b/."}) {
    refused([&](Json& json) { json["files"][0]["path"] = path; }, "outside of the folder");
  }
  refused([](Json& json) { json["cells"][0]["file"] = "baseline.json"; }, "is not listed");
  refused([](Json& json) { json["cells"][0]["runtime"] = 7; }, "no runtime");
  refused([](Json& json) { json["runtimes"][0]["library_variable"] = "LD_PRELOAD"; },
          "variable of another program");
  refused([](Json& json) { json["format"] = 2; }, "has the format 2");
  refused([](Json& json) { json.erase("cells"); }, "no key \"cells\"");
  refused([](Json& json) { json["cells"][0]["model"]["stem"] = 3; }, "wrong type");
  ASSERT_TRUE(WriteFileAtomically(file, std::string_view("{}")).ok());
  ExpectRefused(ReadBaseline(baselines_, "b").status(), StatusCode::kCorrupt, "baseline.json");
  EXPECT_TRUE(DropBaseline(baselines_, "b").ok());
}

}  // namespace
}  // namespace qbench::baseline
