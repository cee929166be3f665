#include "harness/run/artifact_sidecar.h"

#include <gtest/gtest.h>

namespace qbench::run {
namespace {

plan::PlannedModel Model() {
  plan::PlannedModel model;
  model.path = "/models/net.h5";
  model.sha256 = "hash of net";
  model.sidecar.labels = {"sea", "town"};
  model.sidecar.input.width = model.sidecar.input.height = 8;
  model.sidecar.input.mean = model.sidecar.input.std = {1, 1, 1};
  model.sidecar.origin.insert("trained_by", "us");
  return model;
}

TEST(ArtifactSidecar, SaysWhereTheArtifactComesFromAndReadsBack) {
  ArtifactOrigin origin{.sha256 = "hash of the artifact",
                        .quantizer = "int8:images=2:recipe=a.toml",
                        .quantizer_version = "1.2",
                        .option_files = {{"recipe", "hash of a.toml"}},
                        .invalid_accuracy = {},
                        .calibration = CalibrationOrigin{.runtime = "litert 2.3.0",
                                                         .dataset = "coast",
                                                         .seed = 7,
                                                         .images = {"sea/1.jpg", "town/2.jpg"}}};
  const std::string text = datasets::FormatSidecar(ArtifactSidecar(Model(), origin));
  const Result<datasets::Sidecar> read = datasets::ParseSidecar(text, "test");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->labels, Model().sidecar.labels);
  const toml::table& said = read->origin;
  EXPECT_EQ(said["trained_by"].value<std::string>(), "us");
  EXPECT_EQ(said["float_model"].value<std::string>(), "net.h5");
  EXPECT_EQ(said["float_model_sha256"].value<std::string>(), "hash of net");
  EXPECT_EQ(said["artifact_sha256"].value<std::string>(), "hash of the artifact");
  EXPECT_EQ(said["quantizer"].value<std::string>(), "int8:images=2:recipe=a.toml");
  EXPECT_EQ(said["option_files"]["recipe"].value<std::string>(), "hash of a.toml");
  EXPECT_EQ(said["calibration"]["runtime"].value<std::string>(), "litert 2.3.0");
  EXPECT_EQ(said["calibration"]["dataset"].value<std::string>(), "coast");
  EXPECT_EQ(said["calibration"]["split"].value<std::string>(), "calibration");
  EXPECT_EQ(said["calibration"]["seed"].value<int64_t>(), 7);
  EXPECT_EQ(said["calibration"]["images"][1].value<std::string>(), "town/2.jpg");
  EXPECT_FALSE(said.contains("invalid_accuracy"));
}

TEST(ArtifactSidecar, SaysWhatThereIsAlone) {
  const ArtifactOrigin origin{.sha256 = "hash",
                              .quantizer = "int8:calibration=dummy",
                              .quantizer_version = "1.2",
                              .option_files = Json::object(),
                              .invalid_accuracy = "made up",
                              .calibration = {}};
  const datasets::Sidecar sidecar = ArtifactSidecar(Model(), origin);
  EXPECT_EQ(sidecar.origin["invalid_accuracy"].value<std::string>(), "made up");
  EXPECT_FALSE(sidecar.origin.contains("calibration"));
  EXPECT_FALSE(sidecar.origin.contains("option_files"));
}

}  // namespace
}  // namespace qbench::run
