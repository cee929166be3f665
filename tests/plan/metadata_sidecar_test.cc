#include "harness/plan/metadata_sidecar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/sha256.h"
#include "harness/plan/model_source.h"

namespace qbench::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<int32_t> kShape = {1, 6, 8, 3};
const Json kMetadata = {{"mean", {127.5}}, {"std", {128.0}}, {"labels", {"a", "b"}}};

TEST(MetadataSidecar, HasWhatTheFileSays) {
  const auto sidecar = SidecarOfMetadata(kMetadata, kShape);
  ASSERT_TRUE(sidecar.ok()) << sidecar.status().message();
  EXPECT_THAT(sidecar->labels, ElementsAre("a", "b"));
  EXPECT_EQ(sidecar->input.width, 8);
  EXPECT_EQ(sidecar->input.height, 6);
  EXPECT_EQ(sidecar->input.resize, datasets::Resize::kTfBilinear);
  EXPECT_THAT(sidecar->input.mean, ElementsAre(127.5F, 127.5F, 127.5F));
  EXPECT_THAT(sidecar->input.std, ElementsAre(128.0F, 128.0F, 128.0F));
  EXPECT_TRUE(SidecarOfMetadata({{"mean", {0}}, {"std", {255}}}, {1, 6, 8, 1})->labels.empty());
}

TEST(MetadataSidecar, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(SidecarOfMetadata({}, kShape).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(SidecarOfMetadata({{"name", "x"}}, kShape).status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(SidecarOfMetadata(kMetadata, {1, 10}).ok());
  EXPECT_THAT(SidecarOfMetadata({{"mean", {1, 2}}, {"std", {1, 2}}}, kShape).status().message(),
              HasSubstr("2 numbers \"mean\" for 3 channels"));
  EXPECT_FALSE(SidecarOfMetadata({{"mean", {1}}, {"std", {0}}}, kShape).ok());
}

// A .tflite file in a folder, whose import says `metadata`.
Result<PlannedModel> Load(const std::filesystem::path& folder, const Json& metadata) {
  const std::filesystem::path file = folder / "net.tflite";
  EXPECT_TRUE(WriteFileAtomically(file, std::string("\x20\0\0\0TFL3 and more", 17)).ok());
  const JobRunner import = [&](const jobs::Job& job, const jobs::JobSettings&,
                               const jobs::JobCallbacks&) {
    EXPECT_TRUE(WriteFileAtomically(std::get<jobs::ImportJob>(job).output, "imported").ok());
    jobs::ImportResult result;
    result.sha256 = Sha256Hex(std::string_view("imported"));
    result.inputs = result.outputs = 1;
    result.input_shape = kShape;
    result.output_shape = {1, 2};
    result.contents = {{"metadata", metadata}};
    jobs::JobOutcome outcome;
    outcome.status = store::Outcome::kOk;
    outcome.result = result;
    return outcome;
  };
  return LoadModel(file, folder / "cache", import);
}

TEST(MetadataSidecar, StandsInForTheFileThatIsMissing) {
  const TempDir folder = *TempDir::Create("metadata-sidecar-test");
  for (int i = 0; i < 2; ++i) {  // imported, and from the cache
    const auto model = Load(folder.path(), kMetadata);
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_THAT(model->sidecar.labels, ElementsAre("a", "b"));
    EXPECT_FALSE(model->sidecar_sha256.empty());
  }
  datasets::Sidecar own;
  own.input.width = own.input.height = 4;
  own.input.mean = own.input.std = {1, 1, 1};
  ASSERT_TRUE(datasets::WriteSidecar(folder.path() / "net.tflite", own).ok());
  EXPECT_EQ(Load(folder.path(), kMetadata)->sidecar.input.width, 4);
}

TEST(MetadataSidecar, WithoutMetadataTheSidecarIsAskedFor) {
  const TempDir folder = *TempDir::Create("metadata-sidecar-test");
  const Status status = Load(folder.path(), {}).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(),
              ::testing::AllOf(HasSubstr("net.tflite.toml, which says how"),
                               HasSubstr("(8 x 6 pixels, 3 channels; 2 classes)"),
                               HasSubstr("`qbench init "), HasSubstr(" --dataset IMAGES`")));
}

}  // namespace
}  // namespace qbench::plan
