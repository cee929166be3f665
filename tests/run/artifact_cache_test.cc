// Everything that the cache hands out is what was written, or is not handed out.
#include "harness/run/artifact_cache.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "base/sha256.h"
#include "harness/jobs/job_json.h"
#include "harness/run/run_records.h"

namespace qbench::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModel = "the model's bytes";
constexpr std::string_view kInvalid = R"({"reason": "its ranges are made up"})";
constexpr const char* kKey = "key";

// What a quantize job leaves in the cache.
class ArtifactCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path folder = cache_.Folder(kKey);
    fs::create_directories(folder);
    result_.artifact = folder / "model.tflite";
    result_.sha256 = Sha256Hex(kModel);
    result_.file_bytes = kModel.size();
    const fs::path document = folder / "invalid_accuracy.json";
    result_.entries = {
        {"invalid_accuracy", "application/json", document, Sha256Hex(kInvalid), kInvalid.size()}};
    result_.warnings = {"a warning"};
    result_.wall_seconds = 0.1;
    Write("model.tflite", kModel);
    Write("invalid_accuracy.json", kInvalid);
    ASSERT_TRUE(cache_.Save(kKey, result_).ok());
  }

  void Write(const std::string& name, std::string_view text) const {
    const Status written = WriteFileAtomically(cache_.Folder(kKey) / name, text);
    ASSERT_TRUE(written.ok()) << written.message();
  }
  void Replace(const std::string& name, const std::string& old, const std::string& now) const {
    std::string text = *ReadTextFile(cache_.Folder(kKey) / name);
    const size_t place = text.find(old);
    ASSERT_NE(place, std::string::npos) << text;
    Write(name, text.replace(place, old.size(), now));
  }

  TempDir folder_ = *TempDir::Create("artifact-cache-test");
  ArtifactCache cache_{folder_.path()};
  jobs::QuantizeResult result_;
};

TEST_F(ArtifactCacheTest, HandsOutWhatIsWhole) {
  const auto found = cache_.Find(kKey);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->artifact, result_.artifact);
  EXPECT_EQ(found->warnings, result_.warnings);
  const Result<store::Artifact> record = ArtifactRecord(*found);
  ASSERT_TRUE(record.ok()) << record.status().message();
  EXPECT_EQ(InvalidAccuracy(*record, {}), "its ranges are made up");
  EXPECT_FALSE(cache_.Find("another key").has_value());
}

TEST_F(ArtifactCacheTest, WhatIsNotWhatWasWrittenIsNotHandedOut) {
  const fs::path model = result_.artifact;
  const fs::path document = result_.entries[0].file;
  const std::map<std::string, std::function<void()>> damages = {
      {"no model", [&] { fs::remove(model); }},
      {"a cut model", [&] { fs::resize_file(model, kModel.size() - 1); }},
      {"another model of the same size", [&] { Replace("model.tflite", "bytes", "bites"); }},
      {"no document", [&] { fs::remove(document); }},
      {"an empty document", [&] { fs::resize_file(document, 0); }},
      {"another document", [&] { Replace("invalid_accuracy.json", "made up", "all fine"); }},
      {"a document that cannot be read",
       [&] {
         fs::remove(document);
         fs::create_directory(document);
       }},
      {"no result", [&] { fs::remove(cache_.Folder(kKey) / "result.json"); }},
      {"a result that is no JSON", [&] { Write("result.json", "{"); }},
      {"a document of another name",
       [&] {
         Replace("result.json", R"("name":"invalid_accuracy")", R"("name":"invalid_ackuracy")");
       }},
      {"another warning", [&] { Replace("result.json", "a warning", "no warning"); }}};
  for (const auto& [name, damage] : damages) {
    SCOPED_TRACE(name);
    fs::remove_all(folder_.path() / "artifacts");
    SetUp();
    ASSERT_TRUE(cache_.Find(kKey).has_value());
    damage();
    EXPECT_FALSE(cache_.Find(kKey).has_value());
  }
}

TEST_F(ArtifactCacheTest, TheKeyIsTheContents) {
  const Json content = {{"model", "a"}, {"quantizer", "int8"}};
  const std::string key = ArtifactCache::Key(content);
  EXPECT_EQ(key.size(), 64U);  // and fit to be a folder's name
  EXPECT_EQ(key.find_first_not_of("0123456789abcdef"), std::string::npos);
  Json same;
  same["quantizer"] = "int8";
  same["model"] = "a";
  EXPECT_EQ(ArtifactCache::Key(same), key);
  for (const Json& other : {Json{{"model", "b"}, {"quantizer", "int8"}}, Json{{"model", "a"}},
                            Json{{"model", "a"}, {"quantizer", "int8"}, {"seed", nullptr}}}) {
    EXPECT_NE(ArtifactCache::Key(other), key) << other;
  }
}

TEST_F(ArtifactCacheTest, KeysDoNotGetInEachOthersWay) {
  const std::string other = "other";
  fs::copy(cache_.Folder(kKey), cache_.Folder(other));
  fs::remove(cache_.Folder(kKey) / "model.tflite");
  EXPECT_FALSE(cache_.Find(kKey).has_value());
  const auto found = cache_.Find(other);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->artifact, cache_.Folder(other) / "model.tflite");
  EXPECT_FALSE(cache_.Find("").has_value());
}

TEST_F(ArtifactCacheTest, EveryFieldOfTheResultIsKept) {
  result_.facts = {{"library", "1.0"}};
  result_.calibration_runtime = "litert 2.3.0";
  result_.peak_rss_bytes = 1234;
  ASSERT_TRUE(cache_.Save(kKey, result_).ok());
  const auto found = cache_.Find(kKey);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(jobs::ResultToJson(*found), jobs::ResultToJson(result_));
}

TEST_F(ArtifactCacheTest, WhatIsMadeAgainTakesThePlaceOfWhatWasDamaged) {
  Write("model.tflite", "damaged");
  ASSERT_FALSE(cache_.Find(kKey).has_value());
  Write("model.tflite", kModel);
  result_.entries.clear();  // and it emits nothing now
  ASSERT_TRUE(cache_.Save(kKey, result_).ok());
  const auto found = cache_.Find(kKey);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->entries.empty());
}

TEST_F(ArtifactCacheTest, AResultThatNamesAnotherFolderHandsOutNothingFromThere) {
  const fs::path outside = folder_.path() / "outside.tflite";
  ASSERT_TRUE(WriteFileAtomically(outside, kModel).ok());
  for (const fs::path& named : {outside, fs::path("../../outside.tflite"), fs::path(".."),
                                fs::path("."), fs::path("/"), fs::path()}) {
    SCOPED_TRACE(named);
    result_.artifact = named;
    ASSERT_TRUE(cache_.Save(kKey, result_).ok());
    EXPECT_FALSE(cache_.Find(kKey).has_value());
  }
}

TEST_F(ArtifactCacheTest, AFolderThatCannotBeWrittenIsAnError) {
  const Status status = cache_.Save("no/such/folder", result_);
  EXPECT_FALSE(status.ok());
}

// As versions before wrote it: the result itself, whose documents have no hashes.
TEST_F(ArtifactCacheTest, AnEntryWithoutHashesIsNotHandedOut) {
  Json old = jobs::ResultToJson(result_);
  for (Json& entry : old["entries"]) {
    entry.erase("sha256");
    entry.erase("file_bytes");
  }
  Write("result.json", DumpJson(old));
  EXPECT_FALSE(cache_.Find(kKey).has_value());
}

TEST_F(ArtifactCacheTest, ACacheThatWasMovedIsStillGood) {
  const fs::path moved = folder_.path() / "elsewhere";
  fs::create_directories(moved);
  fs::rename(folder_.path() / "artifacts", moved / "artifacts");
  const auto found = ArtifactCache(moved).Find(kKey);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(*ReadTextFile(found->artifact), kModel);
  EXPECT_EQ(*ReadTextFile(found->entries.at(0).file), kInvalid);
}

// Between the cache's look and the store's: no document is left out in silence.
TEST_F(ArtifactCacheTest, ADocumentThatIsGoneIsAnError) {
  fs::remove(result_.entries[0].file);
  const Result<store::Artifact> record = ArtifactRecord(result_);
  ASSERT_FALSE(record.ok());
  EXPECT_NE(record.status().message().find("invalid_accuracy.json"), std::string::npos);
  Write("invalid_accuracy.json", "{}");
  EXPECT_EQ(ArtifactRecord(result_).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::run
