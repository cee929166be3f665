// Where an artifact's ranges come from, as a user gives and sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/sha256.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

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
}

}  // namespace
}  // namespace qbench::cli_test
