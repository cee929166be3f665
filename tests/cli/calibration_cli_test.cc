// Where an artifact's ranges come from, as a user gives and sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/json.h"
#include "base/sha256.h"
#include "base/toml.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kModel = "mobilenetv2-035-96";

Json ReadJson(const fs::path& file) {
  const Result<Json> json = ParseJson(*ReadTextFile(file));
  EXPECT_TRUE(json.ok()) << file << ": " << json.status().message();
  return json.ok() ? *json : Json();
}

class Calibration : public ::testing::Test {
 protected:
  // Quantizes into `name`, with what else the command needs.
  Answer Quantize(const std::string& name, const std::string& quantizer,
                  const std::vector<std::string>& more = {}) const {
    std::vector<std::string> args = {"quantize", kModel, "--plugins",
                                     quantizer,  "-o",   place_.File(name).string()};
    args.insert(args.end(), more.begin(), more.end());
    return place_.Run(args);
  }
  std::string Ranges(const std::string& name) const {
    return place_.File(name + ".ranges.json").string();
  }

  Workplace place_;
  const std::string scenes_ = place_.SmallScenes(2).string();
};

TEST_F(Calibration, RangesAreUsedAgainWithoutADataSet) {
  ASSERT_EQ(Quantize("first", "int8:calibration=minmax:images=12", {"--dataset", scenes_}).status,
            0);
  // Relative to the current folder, though workers run elsewhere.
  const std::string relative = fs::relative(Ranges("first")).string();
  ASSERT_FALSE(fs::path(relative).is_absolute());
  const Answer again = Quantize("again", "int8:ranges=" + relative);
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(*ReadFile(place_.File("again")), *ReadFile(place_.File("first")));
  EXPECT_EQ(ReadJson(Ranges("again"))["given"]["calibration"], "minmax");
  const Answer table = place_.Run({"inspect", relative});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr(relative + ": ranges by minmax on 12 images, "));
  EXPECT_THAT(table.out, HasSubstr("zero point  measured  tensor\n"));
  EXPECT_THAT(table.out, HasSubstr("  yes       input_1\n"));
  EXPECT_EQ(*ParseJson(place_.Run({"inspect", relative, "--json"}).out), ReadJson(Ranges("first")));
}

TEST_F(Calibration, WhatIsInTheFileOfRangesCountsAndNotItsName) {
  ASSERT_EQ(Quantize("first", "int8:calibration=minmax:images=12", {"--dataset", scenes_}).status,
            0);
  const auto artifacts = [&](const fs::path& ranges) {
    const Answer run = place_.Run(place_.QuickRun(
        {kModel, "--dataset", scenes_, "--plugins", "int8:ranges=" + ranges.string()}));
    EXPECT_EQ(run.status, 0) << run.err;
    const Json report = *ParseJson(place_.Run({"report", "--format", "json"}).out);
    return report["runs"].back()["artifacts"].back();
  };
  const Json first = artifacts(Ranges("first"));
  const fs::path copy = place_.File("copy.json");
  fs::copy_file(Ranges("first"), copy);
  EXPECT_EQ(artifacts(copy)["path"], first["path"]);  // the same place in the cache
  Json changed = ReadJson(copy);
  changed["tensors"][1]["max"] = 100;
  ASSERT_TRUE(WriteFileAtomically(copy, DumpJson(changed)).ok());
  const Json other = artifacts(copy);
  EXPECT_NE(other["path"], first["path"]);
  EXPECT_NE(other["sha256"], first["sha256"]);
  const auto hash_of = [](const Json& artifact) {
    for (const Json& entry : artifact["emitted"]) {
      if (entry["name"] == "option_files") return entry["value"]["ranges"].get<std::string>();
    }
    return std::string();
  };
  EXPECT_EQ(hash_of(first), *Sha256HexOfFile(Ranges("first")));
  EXPECT_EQ(hash_of(other), *Sha256HexOfFile(copy));
}

TEST_F(Calibration, TheSidecarSaysWhatWasCalibratedOn) {
  const Answer answer = Quantize("out", "int8:calibration=minmax:images=6",
                                 {"--dataset", scenes_, "--calibration-runtime", "reference",
                                  "--calibration-seed", "5", "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(ParseJson(answer.out)->at("calibration_images"), 6);
  EXPECT_THAT(ParseJson(answer.out)->at("calibration_runtime"), StartsWith("reference "));
  EXPECT_THAT(ReadJson(Ranges("out"))["runtime"], StartsWith("reference "));
  const toml::table sidecar = *ReadTomlFile(place_.File("out.toml"));
  const auto said = sidecar["origin"]["calibration"];
  EXPECT_THAT(*said["runtime"].value<std::string>(), StartsWith("reference "));
  EXPECT_EQ(said["seed"].value<int64_t>(), 5);
  ASSERT_EQ(said["images"].as_array()->size(), 6U);  // one of each class
  std::set<std::string> classes;
  for (size_t i = 0; i < 6; ++i) {
    const fs::path image = *said["images"][i].value<std::string>();
    EXPECT_TRUE(fs::exists(fs::path(scenes_) / "calibration" / image)) << image;
    classes.insert(image.parent_path().string());
  }
  EXPECT_EQ(classes.size(), 6U);
  EXPECT_THAT(Quantize("x", "int8", {"--dataset", scenes_, "--calibration-runtime", "none"}).err,
              HasSubstr("--calibration-runtime: no runtime \"none\""));
}

TEST_F(Calibration, AnalyticBiasCorrectionNeedsNoImagesButTheNormalization) {
  constexpr const char* kAnalytic = "int8:calibration=dummy:bias_correction=analytic";
  ASSERT_EQ(Quantize("plain", "int8:calibration=dummy").status, 0);
  const Answer corrected = Quantize("corrected", kAnalytic);
  ASSERT_EQ(corrected.status, 0) << corrected.err;
  EXPECT_NE(*ReadFile(place_.File("corrected")), *ReadFile(place_.File("plain")));
  // The artifact of float says no more what was folded into it.
  ASSERT_EQ(Quantize("float.tflite", "float").status, 0);
  const Answer lost = place_.Run({"quantize", place_.File("float.tflite").string(), "--plugins",
                                  kAnalytic, "-o", place_.File("lost").string()});
  EXPECT_NE(lost.status, 0);
  EXPECT_THAT(lost.err, HasSubstr("does not say what it was (a Keras .h5 does)"));
}

// The closing table, and every format of the report.
TEST_F(Calibration, RangesThatAreMadeUpGiveNoAccuracyAndEveryReportSaysSo) {
  const Answer made = Quantize("made-up.tflite", "int8:calibration=dummy:default_ranges_max=3");
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("the accuracy means nothing"));
  const std::string csv = place_.File("rows.csv").string();
  for (const std::vector<std::string>& measured :
       {std::vector<std::string>{kModel, "--plugins", "int8:calibration=dummy,reference"},
        {place_.File("made-up.tflite").string(), "--plugins", "float,reference"}}) {
    std::vector<std::string> args = measured;
    args.insert(args.end(), {"--dataset", scenes_, "--repetitions", "1", "--csv", csv});
    const Answer run = place_.Run(place_.QuickRun(args));
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("accuracy means nothing"));
    EXPECT_THAT(*ReadTextFile(place_.File("report.html")), HasSubstr("accuracy means nothing"));
    for (const char* format : {"csv", "md", "json"}) {
      EXPECT_THAT(place_.Run({"report", "--format", format}).out,
                  HasSubstr("accuracy means nothing"));
    }
    const auto rows = ParseCsv(*ReadTextFile(csv));
    ASSERT_EQ(rows.size(), 2U);
    const auto column = [&](const char* name) {
      return rows[1][static_cast<size_t>(std::ranges::find(rows[0], name) - rows[0].begin())];
    };
    EXPECT_EQ(column("accuracy_status"), "invalid");
    EXPECT_EQ(column("top1"), "");
    EXPECT_NE(column("median_ms"), "");
  }
}

TEST_F(Calibration, AFileOfRangesThatDoesNotFitIsOneError) {
  const Answer missing = Quantize("x", "int8:ranges=none.json");
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr("int8:ranges=none.json: "));
  ASSERT_TRUE(WriteFileAtomically(place_.File("bad.json"),
                                  R"({"tensors": [{"name": "input_2", "min": 0, "max": 1}]})")
                  .ok());
  const Answer bad = Quantize("x", "int8:ranges=" + place_.File("bad.json").string());
  EXPECT_EQ(bad.status, 2);
  EXPECT_THAT(bad.err, HasSubstr("no activation \"input_2\"; near: \"input_1\""));
  EXPECT_FALSE(fs::exists(place_.File("x")));
  ASSERT_TRUE(WriteFileAtomically(place_.File("bad.json"), "{}").ok());
  EXPECT_THAT(place_.Run({"inspect", place_.File("bad.json").string()}).err,
              HasSubstr("bad.json: not a file of ranges"));
}

}  // namespace
}  // namespace qbench::cli_test
