// What an import left in the cache is taken only where it is what was written.
#include "harness/plan/model_source.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "base/sha256.h"

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
    return LoadModel(file(), folder_.path() / "cache", import);
  }

  TempDir folder_ = *TempDir::Create("model-source-test");
  int imports_ = 0;
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

}  // namespace
}  // namespace qbench::plan
