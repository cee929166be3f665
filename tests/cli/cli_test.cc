// qbench as a user meets it: help, errors that name the next step, exit statuses, what is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "base/json.h"
#include "tests/cli/run_qbench.h"
#include "tests/graph/foreign_file.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// An error is one line on standard error that begins with the command and names the next step.
void ExpectError(const Answer& answer, const std::string& command, const std::string& text) {
  EXPECT_EQ(answer.status, 2);
  EXPECT_EQ(answer.out, "");
  EXPECT_THAT(answer.err, HasSubstr(command + ": "));
  EXPECT_THAT(answer.err, HasSubstr(text));
}

const Workplace& Shared() {
  static const Workplace place;
  return place;
}

TEST(Cli, HelpOfEveryCommandShowsAnExampleAndExitStatuses) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"run"},
                                             {"init"},
                                             {"report"},
                                             {"compare"},
                                             {"quantize"},
                                             {"inspect"},
                                             {"dataset", "list"},
                                             {"dataset", "import"},
                                             {"dataset", "verify"},
                                             {"dataset", "export-tensors"},
                                             {"plugin", "list"},
                                             {"plugin", "check"},
                                             {"doctor"}}) {
    std::vector<std::string> args = command;
    args.emplace_back("--help");
    const Answer answer = Shared().Run(args);
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(answer.out, HasSubstr("Usage: qbench " + command[0]));
    EXPECT_THAT(answer.out, HasSubstr("Example:\n  qbench "));
    EXPECT_THAT(answer.out, HasSubstr("Exit status: 0"));
  }
}

TEST(Cli, UsageErrors) {
  ExpectError(Shared().Run({"runn"}), "qbench", "qbench --help");
  ExpectError(Shared().Run({"run"}), "qbench run", "--dataset");
  ExpectError(Shared().Run({"run", "--speed"}), "qbench run", "see qbench run --help");
  ExpectError(Shared().Run({"run", "--dataset", "scenes", "--threads", "1,x"}), "qbench run",
              "as in 1,4");
  ExpectError(Shared().Run({"quantize", "x.tflite", "--calibration-seed", "-1"}), "qbench quantize",
              "--calibration-seed is a whole number from 0 on, not \"-1\"");
  ExpectError(Shared().Run({"run", "--dataset", "scenes", "--plugins", "int8:io"}), "qbench run",
              "NAME:option=value");
  ExpectError(Shared().Run({"dataset", "fetch"}), "qbench dataset", "qbench dataset --help");
  ExpectError(Shared().Run({"report", "--format", "pdf"}), "qbench report", "html");
}

TEST(Cli, UnknownNamesAreToldWithTheKnownOnes) {
  ExpectError(Shared().Run({"run", "--dataset", "scenes", "--plugins", "int3"}), "qbench run",
              "int8");
  ExpectError(Shared().Run({"run", "--dataset", "sceens"}), "qbench run", "scenes");
  ExpectError(Shared().Run({"run", "nonet", "--dataset", "scenes"}), "qbench run", "intel-cnn");
  ExpectError(Shared().Run({"run", "--dataset", "intel"}), "qbench run",
              "qbench dataset import intel");
}

TEST(Cli, ABrokenModelIsOneError) {
  const fs::path broken = Shared().File("broken.h5");
  const fs::path whole = fs::path(QBENCH_SOURCE_DIR) / "models/mobilenetv2-035-96.h5";
  fs::copy_file(whole, broken, fs::copy_options::overwrite_existing);
  fs::resize_file(broken, fs::file_size(whole) / 2);
  fs::copy_file(whole.string() + ".toml", broken.string() + ".toml",
                fs::copy_options::overwrite_existing);
  ExpectError(Shared().Run({"run", broken.string(), "--dataset", "scenes", "--plugins", "float"}),
              "qbench run", broken.string());
  ExpectError(Shared().Run({"inspect", broken.string()}), "qbench inspect", broken.string());
}

TEST(Cli, WhatNeedsNoImagesNeedsNoSidecar) {
  const Workplace place;
  const fs::path bare = place.File("bare.h5");
  fs::copy_file(fs::path(QBENCH_SOURCE_DIR) / "models/mobilenetv2-035-96.h5", bare);
  const fs::path half = place.File("half.tflite");
  const std::string sidecar = half.string() + ".toml";
  const auto by_hand =
      ReadTextFile(fs::path(QBENCH_SOURCE_DIR) / "models/mobilenetv2-035-96.h5.toml");
  ASSERT_TRUE(by_hand.ok());
  ASSERT_TRUE(WriteFileAtomically(sidecar, *by_hand + "artifact_sha256 = \"00\"\n").ok());
  const std::vector<std::string> command = {"quantize", bare.string(), "-o", half.string()};
  const auto quantize = [&](std::vector<std::string> more) {
    more.insert(more.begin(), command.begin(), command.end());
    return place.Run(more);
  };
  const Answer answer = quantize({"--plugins", "fp16"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(fs::exists(half));
  EXPECT_FALSE(fs::exists(sidecar));
  ExpectError(quantize({"--plugins", "int8", "--dataset", "scenes"}), "qbench quantize",
              "qbench init");
  ASSERT_TRUE(WriteFileAtomically(sidecar, *by_hand).ok());
  EXPECT_EQ(quantize({"--plugins", "fp16"}).status, 0);
  EXPECT_EQ(*ReadTextFile(sidecar), *by_hand);
  fs::remove(sidecar);
  // A .tflite file without metadata, too.
  const Answer again = place.Run(
      {"quantize", half.string(), "--plugins", "float", "-o", place.File("again.tflite").string()});
  EXPECT_EQ(again.status, 0) << again.err;
}

TEST(Cli, ALabelThatTheModelLacksIsAnError) {
  const Workplace place;
  const fs::path small = place.SmallScenes(2);
  for (const char* split : {"train", "calibration", "test"}) {
    fs::rename(small / split / "sea", small / split / "lake");
  }
  const Answer answer =
      place.Run(place.QuickRun({"mobilenetv2-035-96", "--dataset", small.string()}));
  ExpectError(answer, "qbench run", "lake");
}

TEST(Cli, AnEmptyClassFolderIsAnError) {
  const Workplace place;
  const fs::path small = place.SmallScenes(2);
  fs::remove_all(small / "test" / "sea");
  fs::create_directory(small / "test" / "sea");
  const Answer answer =
      place.Run(place.QuickRun({"mobilenetv2-035-96", "--dataset", small.string()}));
  ExpectError(answer, "qbench run", "sea");
}

TEST(Cli, ABrokenImageIsLeftOutAndSaid) {
  const Workplace place;
  const fs::path small = place.SmallScenes(3);
  const fs::path image = fs::directory_iterator(small / "test" / "sea")->path();
  fs::resize_file(image, fs::file_size(image) / 2);
  const Answer answer =
      place.Run(place.QuickRun({"mobilenetv2-035-96", "--dataset", small.string(), "--plugins",
                                "float", "--csv", place.File("rows.csv").string()}));
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("sea/" + image.filename().string()));
  const auto rows = ParseCsv(*ReadTextFile(place.File("rows.csv")));
  const auto column = std::ranges::find(rows[0], "images") - rows[0].begin();
  EXPECT_EQ(rows[1][static_cast<size_t>(column)], "17");
}

TEST(Cli, ADatabaseThatCannotBeWrittenIsKnownBeforeAnythingIsMeasured) {
  if (geteuid() == 0) {
    // root may write everywhere but here
    ExpectError(Shared().Run({"run", "--dataset", "scenes", "--db", "/proc/none/qbench.sqlite"}),
                "qbench run", "/proc/none");
    return;
  }
  const fs::path folder = Shared().File("read-only");
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  ExpectError(Shared().Run({"run", "--dataset", "scenes", "--db", (folder / "q.sqlite").string()}),
              "qbench run", "--db");
}

TEST(Cli, ARunLeavesATableAReportAndRows) {
  const Workplace place;
  const std::string scenes = place.SmallScenes(3).string();
  const Answer answer = place.Run(place.QuickRun(
      {"mobilenetv2-035-96", "--dataset", scenes, "--plugins", "int8,float,reference", "--csv",
       place.File("rows.csv").string(), "--benchmark_out", place.File("rows.json").string()}));
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("mobilenetv2-035-96"));
  EXPECT_THAT(answer.out, HasSubstr("Report: " + place.File("report.html").string()));
  EXPECT_THAT(*ReadTextFile(place.File("report.html")), HasSubstr("</html>"));
  const auto rows = ParseCsv(*ReadTextFile(place.File("rows.csv")));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0][0], "run_id");
  EXPECT_EQ(place.Run({"report", "--format", "csv"}).out, *ReadTextFile(place.File("rows.csv")));
  EXPECT_EQ(place.Run({"report", "--format", "benchmark-json"}).out,
            *ReadTextFile(place.File("rows.json")));
  const auto predictions = ParseCsv(place.Run({"report", "--format", "csv", "--predictions"}).out);
  EXPECT_EQ(predictions.size(), 1U + 2 * 18);
  EXPECT_THAT(place.Run({"report", "--format", "json"}).out, HasSubstr("\"runs\""));
}

TEST(Cli, AHostilePluginCostsItsRowsAndNothingElse) {
  const Workplace place;
  const std::string scenes = place.SmallScenes(2).string();
  const std::vector<std::string> environment = {"QBENCH_PLUGIN_PATH=" QBENCH_BINARY_DIR
                                                "/lib/qbench/hostile"};
  const Answer answer =
      place.Run(place.QuickRun({"mobilenetv2-035-96", "--dataset", scenes, "--plugins",
                                "segfault_init,throws_quantize,float,reference", "--csv",
                                place.File("rows.csv").string()}),
                environment);
  ASSERT_EQ(answer.status, 0) << answer.err;
  // Quantizers and runtimes of these names: three by three, and the one good pair among them.
  const auto rows = ParseCsv(*ReadTextFile(place.File("rows.csv")));
  ASSERT_EQ(rows.size(), 1U + 9);
  int good = 0;
  for (size_t i = 1; i < rows.size(); ++i) {
    const std::string& quantizer = rows[i][2];
    const std::string& runtime = rows[i][4];
    const std::string& status = rows[i][9];
    const std::string& reason = rows[i][12];
    SCOPED_TRACE(fmt::format("{} on {}: {}, {}", quantizer, runtime, status, reason));
    if (quantizer == "segfault_init") {
      EXPECT_EQ(status, "crashed");
      EXPECT_THAT(reason, HasSubstr("segfault_init"));
    } else if (quantizer == "throws_quantize") {
      EXPECT_EQ(status, "failed");
      EXPECT_THAT(reason, HasSubstr("thrown on purpose"));
    } else if (runtime == "segfault_init") {
      EXPECT_EQ(status, "crashed");
    } else {
      EXPECT_EQ(status, "ok");
      ++good;
    }
  }
  EXPECT_EQ(good, 2);  // float on reference, and on the runtime that misbehaves as a quantizer only
}

TEST(Cli, QuantizeWritesAnArtifactWithItsSidecar) {
  const Workplace place;
  const std::string scenes = place.SmallScenes(2).string();
  const fs::path file = place.File("small.tflite");
  const Answer answer = place.Run({"quantize", "mobilenetv2-035-96", "--plugins", "int8",
                                   "--dataset", scenes, "-o", file.string()});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(*ReadTextFile(file.string() + ".toml"), HasSubstr("[input]"));
  // The artifact is a model like any other.
  const Answer run =
      place.Run(place.QuickRun({file.string(), "--dataset", scenes, "--plugins", "float"}));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(place.Run({"inspect", file.string()}).out, HasSubstr("QUANTIZE"));
}

// Of a file with operators that qbench does not know: all operators, and all that is missing.
TEST(Cli, InspectListsAForeignFile) {
  const Workplace place;
  const fs::path file = place.File("foreign.tflite");
  ASSERT_TRUE(WriteFileAtomically(
                  file, graph::ForeignFile{.code = 108, .more_codes = {19, 152, 108}}.Build())
                  .ok());
  const Answer text = place.Run({"inspect", file.string()});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("operators that qbench does not know: COS (2 of them, the first "
                                  "'t1'), RELU_0_TO_1 ('t3')\n"));
  EXPECT_THAT(text.out, HasSubstr("4 operators: 2 COS 1 RELU 1 RELU_0_TO_1\n"));
  const Answer machine = place.Run({"inspect", file.string(), "--json"});
  EXPECT_EQ(machine.status, 0) << machine.err;
  const Result<Json> json = ParseJson(machine.out);
  ASSERT_TRUE(json.ok()) << machine.out;
  EXPECT_EQ(json->at("operators"), Json({{"COS", 2}, {"RELU_0_TO_1", 1}, {"RELU", 1}}));
  EXPECT_EQ(json->at("ops").at(2).at("kind"), "RELU_0_TO_1");
  EXPECT_EQ(json->at("ops").at(2).at("known"), false);
  EXPECT_EQ(json->at("unsupported").size(), 1U);
}

// Of a Keras file that cannot be imported: all that is missing, at once.
TEST(Cli, InspectListsAllThatIsMissing) {
  const Workplace place;
  const std::string file =
      (fs::path(QBENCH_SOURCE_DIR) / "tests/import/data/unreadable.keras3.h5").string();
  const Answer text = place.Run({"inspect", file});
  EXPECT_EQ(text.status, 2);
  EXPECT_THAT(text.out, HasSubstr("layer \"attention\" (Attention): layers of this class"));
  EXPECT_THAT(text.out, HasSubstr("layer \"exp\" (Exp): the operator Exp cannot be read"));
  const Answer machine = place.Run({"inspect", file, "--json"});
  EXPECT_EQ(machine.status, 2);
  const Result<Json> json = ParseJson(machine.out);
  ASSERT_TRUE(json.ok()) << machine.out;
  EXPECT_EQ(json->at("missing").size(), 5U);
  EXPECT_THAT(json->at("error").get<std::string>(), HasSubstr("TFLiteConverter"));
}

TEST(Cli, InspectSaysWhatThePassesDid) {
  const Answer text = Shared().Run({"inspect", "mobilenetv2-035-96"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("\npasses   FoldBatchNorm -"));
  const Answer machine = Shared().Run({"inspect", "mobilenetv2-035-96", "--json"});
  const Result<Json> json = ParseJson(machine.out);
  ASSERT_TRUE(json.ok()) << machine.out;
  const Json& passes = json->at("passes");
  int64_t fewer = 0;
  for (const auto& [pass, operators] : passes.at("operators_fewer").items()) {
    fewer += operators.get<int64_t>();
  }
  EXPECT_EQ(passes.at("operators_before").get<int64_t>() - fewer,
            static_cast<int64_t>(json->at("ops").size()));
}

TEST(Cli, InspectShowsWhatQuantizationAwareTrainingLeft) {
  const Workplace place;
  const std::string file = QBENCH_SOURCE_DIR "/tests/import/data/qat.h5";
  const Answer text = place.Run({"inspect", file});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("note     trained with simulated quantization: the ranges of"));
  EXPECT_THAT(text.out, HasSubstr("weights, which int8 and uint8 use\n"));
  EXPECT_THAT(text.out, HasSubstr("float32 1x8x8x3, learned -1 to 1\n"));
  EXPECT_THAT(text.out, HasSubstr("4 learned ranges"));
  const Result<Json> json = ParseJson(place.Run({"inspect", file, "--json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->at("inputs").at(0).at("learned_range").at("max"), Json::array({1.0}));
}

// What the author of a .tflite file says of it, and the labels in the zip behind it.
TEST(Cli, InspectShowsMetadata) {
  const Workplace place;
  const std::string file = QBENCH_SOURCE_DIR "/tests/cli/data/labelled.tflite";
  const Answer text = place.Run({"inspect", file});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("name     classifier (metadata)\n"));
  EXPECT_THAT(text.out, HasSubstr("mean [127.5], std [128.0] (metadata)\n"));
  EXPECT_THAT(text.out, HasSubstr("labels   2: [\"cat\",\"dog\"] in labels.txt (metadata)\n"));
  const Result<Json> json = ParseJson(place.Run({"inspect", file, "--json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->at("metadata").at("labels"), Json::array({"cat", "dog"}));
}

// Before the sidecar is asked for, which such a file will never have.
TEST(Cli, AFileThatIsNoModelIsNamed) {
  const Workplace place;
  const fs::path page = place.File("model.h5");
  ASSERT_TRUE(
      WriteFileAtomically(page, std::string("<!doctype html><title>model.h5</title>")).ok());
  ExpectError(place.Run({"run", page.string(), "--dataset", "scenes"}), "qbench run", "a web page");
  ExpectError(place.Run({"inspect", page.string()}), "qbench inspect", "a web page");
  const fs::path folder = place.File("saved");
  fs::create_directories(folder);
  ExpectError(place.Run({"run", folder.string(), "--dataset", "scenes"}), "qbench run",
              "no saved_model.pb in it");
  ASSERT_TRUE(WriteFileAtomically(folder / "saved_model.pb", std::string("x")).ok());
  ExpectError(place.Run({"inspect", folder.string() + "/"}), "qbench inspect",
              "not a SavedModel, or damaged");
  ExpectError(place.Run({"inspect", "intel-cnn", "--outputs", "a"}), "qbench inspect",
              "are for SavedModel folders and frozen graphs");
  ExpectError(place.Run({"inspect", "intel-cnn", "--outputs", "a,,b"}), "qbench inspect",
              "write names separated by commas");
}

TEST(Cli, ExportTensorsWritesNumpyAndAList) {
  const Workplace place;
  const std::string scenes = place.SmallScenes(2).string();
  const fs::path file = place.File("test.npy");
  const Answer answer =
      place.Run({"dataset", "export-tensors", scenes, "--model", "intel-cnn", "-o", file.string()});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ((*ReadTextFile(file)).substr(1, 5), "NUMPY");
  EXPECT_GT(fs::file_size(file), 12U * 100 * 100 * 3 * 4);
}

TEST(Cli, PluginListAndCheck) {
  const Answer list = Shared().Run({"plugin", "list"});
  EXPECT_EQ(list.status, 0) << list.err;
  for (const char* name : {"float", "fp16", "dynamic", "int8", "reference"}) {
    EXPECT_THAT(list.out, HasSubstr(name));
  }
  // What quantizers have in common stands once; what differs, with each.
  EXPECT_EQ(list.out.find("  equalization="), list.out.rfind("  equalization="));
  EXPECT_THAT(list.out, HasSubstr("and the options of int16x8, int8 and uint8, below"));
  EXPECT_THAT(list.out, HasSubstr("type of the model's input and output (default uint8)"));
  EXPECT_EQ(
      Shared().Run({"plugin", "check", QBENCH_BINARY_DIR "/lib/qbench/plugins/int8.so"}).status, 0);
  ExpectError(Shared().Run({"plugin", "check", QBENCH_SOURCE_DIR "/LICENSE"}), "qbench plugin",
              "LICENSE");
}

TEST(Cli, DoctorNamesWhatKeepsTheMachineFromBeingFit) {
  const Answer answer = Shared().Run({"doctor", "--no-peak", "--json"});
  const Result<Json> json = ParseJson(answer.out);
  ASSERT_TRUE(json.ok()) << answer.out << answer.err;
  EXPECT_EQ(answer.status, json->at("fit").get<bool>() ? 0 : 2);
  EXPECT_EQ(json->at("fit").get<bool>(), json->at("errors").empty());
  std::set<std::string> names;
  for (const Json& check : json->at("checks")) {
    names.insert(check.at("name").get<std::string>());
    if (check.at("level") == "error") {
      EXPECT_NE(check.at("remedy"), "") << check;
    }
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"processor", "arithmetic", "reference", "scenes",
                                              "cache", "database", "quantizers"}));
  EXPECT_TRUE(json->at("machine_peaks").empty());
  EXPECT_EQ(json->at("host_id").get<std::string>().size(), 64U);

  const Answer text = Shared().Run({"doctor", "--no-peak"}, {"QBENCH_PLUGIN_PATH=/nowhere"});
  EXPECT_EQ(text.status, 2);
  EXPECT_THAT(text.out, HasSubstr("error plugins"));
  EXPECT_THAT(text.out, HasSubstr("Not fit to measure on: mend "));
}

}  // namespace
}  // namespace qbench::cli_test
