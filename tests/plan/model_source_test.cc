// What an import left in the cache is taken only where it is what was written.
#include "harness/plan/model_source.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "base/sha256.h"
#include "harness/plan/model_files.h"

namespace qbench::plan {
namespace {

namespace fs = std::filesystem;

class ImportCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteFileAtomically(file(), "\x89HDF\r\n\x1a\n and a model").ok());
    datasets::Sidecar sidecar;
    sidecar.labels = {"a", "b"};
    sidecar.input.width = sidecar.input.height = 8;
    sidecar.input.mean = sidecar.input.std = {1, 1, 1};
    ASSERT_TRUE(datasets::WriteSidecar(file(), sidecar).ok());
  }

  fs::path file() const { return folder_.path() / "net.h5"; }

  PlannedModel Load() {
    const Result<PlannedModel> model = TryToLoad();
    EXPECT_TRUE(model.ok()) << model.status().message();
    return model.ok() ? *model : PlannedModel();
  }

  Result<PlannedModel> TryToLoad() {
    const JobRunner import = [&](const jobs::Job& job, const jobs::JobSettings&,
                                 const jobs::JobCallbacks&) {
      ++imports_;
      if (during_import_) during_import_();
      const auto& wanted = std::get<jobs::ImportJob>(job);
      asked_ = wanted.choice;
      EXPECT_TRUE(WriteFileAtomically(wanted.output, "imported").ok());
      jobs::ImportResult result;
      result.sha256 = Sha256Hex(std::string_view("imported"));
      result.float_model = true;
      result.summary = {{"macs", 2.5e9}};
      jobs::JobOutcome outcome;
      outcome.status = store::Outcome::kOk;
      outcome.result = result;
      return outcome;
    };
    return LoadModel(file(), folder_.path() / "cache", import, choice_);
  }

  TempDir folder_ = *TempDir::Create("model-source-test");
  int imports_ = 0;
  jobs::ImportChoice choice_;
  jobs::ImportChoice asked_;  // by the last import
  std::function<void()> during_import_;
};

TEST_F(ImportCacheTest, AFileThatIsReplacedMeanwhileIsNotKeptUnderTheOldHash) {
  const std::string sound = *ReadTextFile(file());
  during_import_ = [&] { ASSERT_TRUE(WriteFileAtomically(file(), sound + "!").ok()); };
  const Status status = TryToLoad().status();
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_NE(status.message().find("was changed while it was read; run again"), std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(file(), sound).ok());
  during_import_ = nullptr;
  Load();
  EXPECT_EQ(imports_, 2);  // nothing was taken from the cache
}

TEST_F(ImportCacheTest, IsTakenWhereItIsWholeAndMadeAgainWhereNot) {
  const PlannedModel first = Load();
  EXPECT_EQ(imports_, 1);
  EXPECT_DOUBLE_EQ(Load().gmacs, 2.5);
  EXPECT_EQ(imports_, 1);
  const fs::path facts = first.tflite.parent_path() / "import.json";
  const auto without_seal = [&] {
    const Result<Json> sealed = ParseJson(*ReadTextFile(facts));
    ASSERT_TRUE(WriteFileAtomically(facts, DumpJson((*sealed)["content"])).ok());
  };
  const auto changed_fact = [&] {
    std::string text = *ReadTextFile(facts);
    ASSERT_NE(text.find("true"), std::string::npos);
    ASSERT_TRUE(WriteFileAtomically(facts, text.replace(text.find("true"), 4, "false")).ok());
  };
  const std::vector<std::function<void()>> damages = {
      [&] { fs::remove(first.tflite); },
      [&] { ASSERT_TRUE(WriteFileAtomically(first.tflite, "impurted").ok()); },
      [&] { fs::remove(facts); }, without_seal, changed_fact};
  for (size_t i = 0; i < damages.size(); ++i) {
    SCOPED_TRACE(i);
    damages[i]();
    const PlannedModel again = Load();
    EXPECT_EQ(imports_, static_cast<int>(i) + 2);
    EXPECT_TRUE(again.float_model);
    EXPECT_EQ(*ReadTextFile(again.tflite), "imported");
  }
}

TEST_F(ImportCacheTest, AnotherModelIsImportedAndAnotherSidecarIsNot) {
  const PlannedModel first = Load();
  datasets::Sidecar sidecar = first.sidecar;
  sidecar.labels = {"b", "a"};
  ASSERT_TRUE(datasets::WriteSidecar(file(), sidecar).ok());
  const PlannedModel relabelled = Load();
  EXPECT_EQ(imports_, 1);
  EXPECT_EQ(relabelled.sidecar.labels, sidecar.labels);
  EXPECT_EQ(relabelled.sha256, first.sha256);
  EXPECT_NE(relabelled.sidecar_sha256, first.sidecar_sha256);
  ASSERT_TRUE(WriteFileAtomically(file(), "\x89HDF\r\n\x1a\n and another").ok());
  const PlannedModel other = Load();
  EXPECT_EQ(imports_, 2);
  EXPECT_NE(other.sha256, first.sha256);
  EXPECT_NE(other.tflite, first.tflite);
  EXPECT_EQ(other.stem, "net");
}

TEST_F(ImportCacheTest, SaysWhatIsWrongWithTheFile) {
  const auto status_of = [&](const jobs::JobOutcome& import) {
    return LoadModel(file(), folder_.path() / "cache",
                     [&](const jobs::Job&, const jobs::JobSettings&, const jobs::JobCallbacks&) {
                       return import;
                     })
        .status();
  };
  jobs::JobOutcome failed;
  failed.status = store::Outcome::kFailed;
  failed.code = StatusCode::kUnsupported;
  failed.reason = "net.h5: layer \"odd\" is not known";
  EXPECT_EQ(status_of(failed).message(), failed.reason);
  // A folder of the cache that cannot be made.
  fs::remove_all(folder_.path() / "cache");
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "cache", "a file").ok());
  EXPECT_NE(status_of(failed).message().find("choose another folder with --cache"),
            std::string::npos);
  fs::remove(datasets::SidecarPath(file()));
  EXPECT_FALSE(status_of(failed).ok());
  ASSERT_TRUE(WriteFileAtomically(file(), "a text").ok());
  EXPECT_NE(status_of(failed).message().find("net.h5"), std::string::npos);
  fs::remove(file());
  EXPECT_EQ(status_of(failed).code(), StatusCode::kNotFound);
}

TEST_F(ImportCacheTest, AnotherChoiceIsAnotherModel) {
  const PlannedModel whole = Load();
  choice_.outputs = {"logits"};
  const PlannedModel part = Load();
  EXPECT_EQ(imports_, 2);
  EXPECT_EQ(part.sha256, whole.sha256);
  EXPECT_NE(part.tflite, whole.tflite);
  EXPECT_EQ(asked_, choice_);
  choice_ = {};
  EXPECT_EQ(Load().tflite, whole.tflite);
  EXPECT_EQ(imports_, 2);
}

TEST(ModelFiles, AFolderIsItsFilesNamesAndContents) {
  const TempDir folder = *TempDir::Create("model-files-test");
  const fs::path model = folder.path() / "net.savedmodel";
  fs::create_directories(model / "variables");
  ASSERT_TRUE(WriteFileAtomically(model / "saved_model.pb", "graph").ok());
  ASSERT_TRUE(WriteFileAtomically(model / "variables/variables.index", "index").ok());
  const auto hash = [&] { return *ModelFiles::Find(model)->Sha256(); };
  const ModelFiles before = *ModelFiles::Find(model);
  const std::string first = hash();
  EXPECT_EQ(hash(), first);
  EXPECT_TRUE(before.Unchanged());
  EXPECT_EQ(before.bytes(), 10);
  ASSERT_TRUE(WriteFileAtomically(model / "variables/variables.index", "other").ok());
  EXPECT_NE(hash(), first);
  EXPECT_FALSE(before.Unchanged());
  ASSERT_TRUE(WriteFileAtomically(model / "variables/variables.index", "index").ok());
  EXPECT_EQ(hash(), first);
  fs::rename(model / "variables/variables.index", model / "variables/renamed");
  EXPECT_NE(hash(), first);
  EXPECT_EQ(datasets::SidecarPath(model), folder.path() / "net.savedmodel.toml");
}

TEST(FindModel, TakesAFileThenAShippedModel) {
  const TempDir folder = *TempDir::Create("find-model-test");
  const fs::path models = folder.path() / "models";
  fs::create_directories(models);
  for (const char* name : {"two.h5", "two.tflite", "one.tflite", "one.toml", "README.md"}) {
    ASSERT_TRUE(WriteFileAtomically(models / name, "x").ok());
  }
  EXPECT_EQ(*FindModel((models / "README.md").string(), folder.path()), models / "README.md");
  EXPECT_EQ(*FindModel(models.string() + "/", folder.path()), models);
  EXPECT_EQ(*FindModel("two", folder.path()), models / "two.h5");
  EXPECT_EQ(*FindModel("one", folder.path()), models / "one.tflite");
  const Status none = FindModel("three", folder.path()).status();
  EXPECT_EQ(none.code(), StatusCode::kNotFound);
  EXPECT_NE(none.message().find("no model \"three\": neither a file nor a shipped model (one, "),
            std::string::npos);
  EXPECT_EQ(none.message().find("README"), std::string::npos);
  EXPECT_EQ(FindModel("three", folder.path() / "nowhere").status().code(), StatusCode::kNotFound);
}

TEST(JobOutcome, KeepsTheReasonAsAStatus) {
  jobs::JobOutcome outcome;
  outcome.status = store::Outcome::kTimeout;
  outcome.code = StatusCode::kTimeout;
  outcome.reason = "why";
  EXPECT_EQ(outcome.ToStatus().code(), StatusCode::kTimeout);
  EXPECT_EQ(outcome.ToStatus().message(), "why");
  outcome.status = store::Outcome::kOk;
  EXPECT_TRUE(outcome.ToStatus().ok());
}

}  // namespace
}  // namespace qbench::plan
