// `qbench run` with a sidecar that does not fit: it says so, and names the keys. A right one is not
// accused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class WrongInputCliTest : public ::testing::Test {
 protected:
  // The run's answer, of the shipped model with its sidecar's `from` replaced by `to`.
  Answer Run(const std::string& from, const std::string& to, bool json = false) const {
    const fs::path shipped = fs::path(QBENCH_SOURCE_DIR) / "models/mobilenetv2-035-96.h5";
    const fs::path model = place_.File("net.h5");
    fs::copy_file(shipped, model, fs::copy_options::overwrite_existing);
    std::string sidecar = *ReadTextFile(shipped.string() + ".toml");
    for (size_t at = sidecar.find(from); !from.empty() && at != std::string::npos;
         at = sidecar.find(from, at + to.size())) {
      sidecar.replace(at, from.size(), to);
    }
    EXPECT_TRUE(WriteFileAtomically(model.string() + ".toml", sidecar).ok());
    std::vector<std::string> args = {model.string(), "--dataset",     scenes_, "--plugins",
                                     "float,litert", "--repetitions", "1"};
    if (json) args.emplace_back("--json");
    const Answer answer = place_.Run(place_.QuickRun(args));
    EXPECT_EQ(answer.status, 0) << answer.err;
    return answer;
  }

  Workplace place_;
  std::string scenes_ = place_.SmallScenes(20).string();
};

TEST_F(WrongInputCliTest, ARightSidecarIsNotAccused) {
  EXPECT_THAT(Run("", "").out, AllOf(HasSubstr("float"), Not(HasSubstr("Wrong input?"))));
}

TEST_F(WrongInputCliTest, LabelsInAnotherOrderAreNoticed) {
  const std::string out = Run(R"("buildings", "forest", "glacier", "mountain", "sea", "street")",
                              R"("street", "sea", "mountain", "glacier", "forest", "buildings")")
                              .out;
  EXPECT_THAT(out, HasSubstr("warning: Wrong input? net ("));
  EXPECT_THAT(out, HasSubstr("buildings ↔ street"));
  EXPECT_THAT(out, HasSubstr("Look at labels in the model's sidecar."));
  const Answer page =
      place_.Run({"report", "--db", place_.File("test.sqlite").string(), "--format", "markdown"});
  EXPECT_THAT(page.out, HasSubstr("Look at labels in the model's sidecar."));
}

TEST_F(WrongInputCliTest, AnotherStdIsNoticedByTheFirstLayer) {
  const Answer answer = Run("std = [127.5, 127.5, 127.5]", "std = [255.0, 255.0, 255.0]", true);
  const Result<Json> json = ParseJson(answer.out);
  ASSERT_TRUE(json.ok()) << answer.out;
  const Json& run = json->at("runs").at(0);
  ASSERT_FALSE(run.at("input_warnings").empty());
  const Json& warning = run.at("input_warnings").at(0);
  EXPECT_EQ(warning.at("kind"), "scaling");
  EXPECT_EQ(warning.at("keys"), Json({"mean", "std"}));
  EXPECT_THAT(warning.at("text").get<std::string>(),
              HasSubstr("with mean = [127.5, 127.5, 127.5], std = [127.5, 127.5, 127.5]"));
  const auto texts = run.at("warnings").get<std::vector<std::string>>();
  EXPECT_THAT(texts, Contains(warning.at("text").get<std::string>()));
  EXPECT_THAT(*ReadTextFile(place_.File("report.html")), HasSubstr("Wrong input? net ("));
}

TEST_F(WrongInputCliTest, AnInputThatSuitsBetterIsFoundByTryingIt) {
  const std::string out = Run("std = [127.5, 127.5, 127.5]", "std = [1.0, 1.0, 1.0]").out;
  EXPECT_THAT(out, HasSubstr("with pixels -1 to 1 (exact McNemar test, p = "));
  EXPECT_THAT(out, HasSubstr("Look at mean and std in the model's sidecar; `qbench init`"));
}

}  // namespace
}  // namespace qbench::cli_test
