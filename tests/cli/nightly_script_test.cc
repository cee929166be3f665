// scripts/nightly.sh as a timer runs it: small real nights, one after the other. Nothing is
// asserted of times: on a machine that runs tests beside, a night may be invalid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const fs::path kScript = fs::path(QBENCH_BINARY_DIR) / "libexec/qbench/nightly.sh";

class NightlyScriptTest : public ::testing::Test {
 protected:
  // Runs the matrix once and pins that as "b".
  void Pin() {
    std::vector<std::string> command = {"run"};
    for (const std::string& word : Matrix()) command.push_back(word);
    command.insert(command.end(), {"--repetitions", "1", "-q", "--db", Database(), "--report",
                                   place_.File("report.html").string()});
    const Answer run = place_.Run(command);
    ASSERT_EQ(run.status, 0) << run.err;
    const Answer pinned = place_.Run({"baseline", "pin", "b", "--db", Database()});
    ASSERT_EQ(pinned.status, 0) << pinned.err;
  }
  std::vector<std::string> Matrix() const {
    return {"mobilenetv2-035-96",
            "--dataset",
            scenes_,
            "--plugins",
            "fp16,reference",
            "--min-time",
            "0.02",
            "--warmup-time",
            "0.01",
            "--min-samples",
            "4"};
  }
  std::string Database() const { return (Nights() / "nights.sqlite").string(); }
  fs::path Nights() const { return place_.File("nights"); }

  // With hooks that write what they were told into a file.
  void Configure(const std::string& more = "", const std::string& baseline = "b") const {
    std::string words;
    for (const std::string& word : Matrix()) words += " '" + word + "'";
    const std::string tell =
        "echo \"$QBENCH_NIGHT_ANSWER after '$QBENCH_NIGHT_PREVIOUS' of "
        "$QBENCH_NIGHT_DATE\" >>" +
        place_.File("told").string();
    std::string text = "# nights of a test\nFOLDER=" + Nights().string() +
                       "\nBASELINE=" + baseline + "\nRUN=" + words +
                       " --repetitions 8\nQBENCH=" QBENCH_BINARY_DIR "/bin/qbench\n";
    for (const char* key : {"ON_REGRESSION", "ON_INVALID", "ON_ERROR", "ON_RECOVERY"}) {
      text += std::string(key) + "=" + tell + " # " + key + "\n";
    }
    ASSERT_TRUE(WriteFileAtomically(place_.File("nightly.conf"), text + more).ok());
  }
  Answer Night(const std::string& day, std::vector<std::string> environment = {}) const {
    environment.push_back("QBENCH_NIGHTLY_DATE=" + day);
    return place_.RunProgram(
        {"/bin/bash", kScript.string(), "--config", place_.File("nightly.conf").string()},
        environment);
  }
  std::string Of(const fs::path& name) const {
    const Result<std::string> text = ReadTextFile(Nights() / name);
    return text.ok() ? *text : "(there is no " + name.string() + ")";
  }
  std::string Told() const {
    const Result<std::string> text = ReadTextFile(place_.File("told"));
    return text.ok() ? *text : "";
  }
  std::vector<std::string> Folders() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(Nights())) {
      if (entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }
  // Where plugins are looked for, so that fp16's file is a byte larger.
  std::string LargerFile() const {
    const fs::path plugins = place_.File("plugins");
    fs::create_directories(plugins);
    fs::copy_file(fs::path(QBENCH_BINARY_DIR) / "lib/qbench/planted_larger/fp16.so",
                  plugins / "fp16.so", fs::copy_options::overwrite_existing);
    return "QBENCH_PLUGIN_PATH=" + plugins.string();
  }

  Workplace place_;
  std::string scenes_ = place_.SmallScenes(1).string();
};

TEST_F(NightlyScriptTest, GoesThroughRegressionAndRecovery) {
  fs::create_directories(Nights());
  Pin();
  Configure("VERSION=echo abc123\nKEEP_FOLDERS=2\nKEEP_RUNS=2\n");
  // The same build: no regression, if the machine is quiet enough to say so.
  const Answer first = Night("2025-11-01");
  EXPECT_THAT(first.status, AnyOf(0, 4)) << first.out << first.err;
  for (const char* file : {"log.txt", "report.html", "verdict.json", "status", "summary.txt"}) {
    EXPECT_TRUE(fs::exists(Nights() / "2025-11-01" / file)) << file;
  }
  EXPECT_EQ(ParseJson(Of("2025-11-01/verdict.json"))->at("run_id"), 2);
  EXPECT_THAT(Of("index.html"), HasSubstr("2025-11-01/report.html"));
  EXPECT_THAT(Of("index.html"), HasSubstr("abc123 of 2025-11-01"));

  const Answer second = Night("2025-11-02", {LargerFile()});
  EXPECT_EQ(second.status, 1) << second.out << second.err;
  EXPECT_THAT(Of("2025-11-02/status"), StartsWith("regression: Regression: 1 of 1 cell is worse"));
  EXPECT_EQ(ParseJson(Of("2025-11-02/verdict.json"))->at("answer"), "regression");
  EXPECT_THAT(Told(), HasSubstr("regression after '"));

  // The build is as it was pinned again.
  const Answer third = Night("2025-11-03");
  EXPECT_THAT(third.status, AnyOf(0, 4)) << third.out << third.err;
  EXPECT_THAT(Told(), HasSubstr(third.status == 0 ? "good after 'regression' of 2025-11-03"
                                                  : "invalid after 'regression' of 2025-11-03"));
  // What is too old has gone; the baseline, and the run that it is of, stay.
  EXPECT_THAT(Folders(), ElementsAre("2025-11-02", "2025-11-03"));
  const Json runs = *ParseJson(place_.Run({"runs", "list", "--json", "--db", Database()}).out);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[2].at("run"), 1);
  EXPECT_EQ(place_.Run({"baseline", "show", "b"}).status, 0);
  // A second night of a day has a folder of its own.
  EXPECT_THAT(Night("2025-11-03").status, AnyOf(0, 4));
  EXPECT_THAT(Folders(), ElementsAre("2025-11-03", "2025-11-03-2"));
}

TEST_F(NightlyScriptTest, TellsOfErrorsAndOfInvalidNights) {
  fs::create_directories(Nights());
  Configure("HOOK_TIMEOUT=1\n", "none");
  const Answer error = Night("2025-11-01");
  EXPECT_EQ(error.status, 2) << error.out;
  EXPECT_THAT(Of("2025-11-01/status"), HasSubstr("no baseline \"none\""));
  EXPECT_THAT(Told(), HasSubstr("error after '' of 2025-11-01"));
  EXPECT_THAT(Of("2025-11-01/error.txt"), HasSubstr("no baseline \"none\""));

  // qbench itself replaced by one that ends as on an invalid night, then as on a good one.
  const std::string fake = place_.File("fake").string();
  const auto set_fake = [&](int status) {
    ASSERT_TRUE(WriteFileAtomically(fake,
                                    "#!/bin/bash\n[[ $1 == run ]] || exit 2\n"
                                    "echo 'The sentence.'\nexit " +
                                        std::to_string(status) + "\n")
                    .ok());
    fs::permissions(fake, fs::perms::owner_all);
  };
  set_fake(4);
  Configure("QBENCH=" + fake + "\nHOOK_TIMEOUT=1\nON_INVALID=sleep 60\n");
  const Answer invalid = Night("2025-11-02");
  EXPECT_EQ(invalid.status, 4) << invalid.out;
  EXPECT_THAT(Of("2025-11-02/log.txt"), HasSubstr("ON_INVALID took longer than 1 s"));
  EXPECT_THAT(Of("2025-11-02/status"), StartsWith("invalid: The sentence."));
  set_fake(0);
  Configure("QBENCH=" + fake + "\nON_RECOVERY=exit 7\n");
  EXPECT_EQ(Night("2025-11-03").status, 0);
  EXPECT_THAT(Of("2025-11-03/log.txt"), HasSubstr("ON_RECOVERY failed with 7"));
  EXPECT_THAT(Of("2025-11-03/status"), StartsWith("good: The sentence."));
  // Good after good is nothing to tell.
  EXPECT_EQ(Night("2025-11-04").status, 0);
  EXPECT_THAT(Of("2025-11-04/log.txt"), Not(HasSubstr("ON_RECOVERY")));
  // What is to be installed first fails: no night is measured.
  Configure("QBENCH=" + fake + "\nBEFORE=false\n");
  EXPECT_EQ(Night("2025-11-05").status, 2);
  EXPECT_THAT(Of("2025-11-05/status"), StartsWith("error: BEFORE failed with 1"));
}

TEST_F(NightlyScriptTest, RunsOneNightAtATime) {
  fs::create_directories(Nights());
  Configure();
  const FileDescriptor lock(open((Nights() / ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644));
  ASSERT_EQ(flock(lock.get(), LOCK_EX), 0);
  const Answer night = Night("2025-11-01");
  EXPECT_EQ(night.status, 2);
  EXPECT_THAT(night.err, HasSubstr("another night is running"));
  EXPECT_THAT(Folders(), ElementsAre());
}

TEST_F(NightlyScriptTest, RefusesAConfigurationWithMistakes) {
  const auto refuses = [&](const std::string& text, const std::string& why) {
    ASSERT_TRUE(WriteFileAtomically(place_.File("nightly.conf"), text).ok());
    const Answer night = Night("2025-11-01");
    EXPECT_EQ(night.status, 2) << text;
    EXPECT_THAT(night.err, HasSubstr(why)) << text;
    EXPECT_EQ(std::ranges::count(night.err, '\n'), 1) << night.err;
  };
  const std::string sound = "FOLDER=" + Nights().string() + "\nBASELINE=b\n";
  refuses("BASELINE=b\nRUN=x\n", "FOLDER is missing");
  refuses(sound, "RUN is missing");
  refuses(sound + "RUN=x\nFLODER=y\n", "line 4: there is no key FLODER");
  refuses(sound + "RUN=x\nwhat is this\n", "line 4: write KEY=VALUE");
  refuses(sound + "RUN=x\nKEEP_RUNS=many\n", "KEEP_RUNS is a number from 1, not 'many'");
  refuses(sound + "RUN=--gate\n", "RUN has --gate, which is nightly.sh's own");
  refuses("FOLDER=here\nBASELINE=b\nRUN=x\n", "FOLDER begins with /");
  // Nothing of it is run.
  refuses(sound + "RUN=--db=$(touch " + place_.File("touched").string() + ")\n", "RUN has --db=");
  EXPECT_FALSE(fs::exists(place_.File("touched")));
  EXPECT_FALSE(fs::exists(Nights()));
}

TEST(NightlyUnits, AreWhatSystemdTakes) {
  const fs::path analyze = "/usr/bin/systemd-analyze";
  if (!fs::exists(analyze)) GTEST_SKIP() << "no systemd-analyze here";
  const Workplace place;
  // The program of the build in place of the one that will be installed.
  std::string service =
      *ReadTextFile(fs::path(QBENCH_BINARY_DIR) / "scripts/qbench-nightly.service");
  const size_t begin = service.find("ExecStart=/");
  ASSERT_NE(begin, std::string::npos);
  service.replace(begin, service.find('\n', begin) - begin, "ExecStart=" + kScript.string());
  ASSERT_TRUE(WriteFileAtomically(place.File("qbench-nightly.service"), service).ok());
  fs::copy_file(fs::path(QBENCH_SOURCE_DIR) / "scripts/systemd/qbench-nightly.timer",
                place.File("qbench-nightly.timer"));
  const Answer answer = place.RunProgram(
      {analyze.string(), "verify", "--user", "--man=no",
       place.File("qbench-nightly.timer").string(), place.File("qbench-nightly.service").string()},
      {"XDG_RUNTIME_DIR=" + place.folder().string()});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.err, Not(HasSubstr("qbench-nightly"))) << answer.err;
}

}  // namespace
}  // namespace qbench::cli_test
