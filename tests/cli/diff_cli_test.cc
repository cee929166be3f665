// `qbench diff` as a user runs it: on a sound artifact, on one that was ruined on purpose, and on
// what cannot be compared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "base/json.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/cli/run_qbench.h"
#include "tests/graph/peer_files.h"

namespace qbench::cli_test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kModel = "mobilenetv2-035-96";

class Diff : public ::testing::Test {
 protected:
  void SetUp() override { Quantize("int8:calibration=minmax:images=6"); }

  void Quantize(const std::string& quantizer) const {
    const Answer made =
        place_.Run({"quantize", kModel, "--plugins", quantizer, "--dataset", scenes_,
                    "--calibration-runtime", "reference", "-o", artifact_});
    ASSERT_EQ(made.status, 0) << made.err;
  }

  Answer Compare(const std::vector<std::string>& more) const {
    std::vector<std::string> args = {"diff",     kModel, artifact_,   "--dataset", scenes_,
                                     "--images", "2",    "--runtime", "reference", "-q"};
    args.insert(args.end(), more.begin(), more.end());
    return place_.Run(args);
  }
  Json CompareAsJson() const {
    const Answer answer = Compare({"--json"});
    EXPECT_EQ(answer.status, 0) << answer.err;
    const Result<Json> json = ParseJson(answer.out);
    EXPECT_TRUE(json.ok()) << answer.out;
    return json.ok() ? *json : Json();
  }

  // Turns the sign of the weights of one output channel of the layer called `name`.
  void RuinChannel(const std::string& name) const {
    Result<graph::Model> model =
        graph::ReadTflite(std::make_shared<const Bytes>(*ReadFile(artifact_)));
    ASSERT_TRUE(model.ok()) << model.status().message();
    graph::Graph& graph = model->graph;
    const auto op = std::ranges::find_if(
        graph.ops, [&](const graph::Op& each) { return DisplayName(graph, each) == name; });
    ASSERT_NE(op, graph.ops.end()) << name;
    graph::Tensor& weights = graph.tensors[static_cast<size_t>(op->inputs[1])];
    std::vector<int8_t> values = weights.constant->Values<int8_t>();
    const size_t inner = values.size() / static_cast<size_t>(weights.shape[0]);
    for (size_t i = 0; i < inner; ++i) {
      values[i] = static_cast<int8_t>(std::max(-127, -int{values[i]}));
    }
    weights.constant = graph::MakeConstant(values);
    const Result<Bytes> written = graph::WriteTflite(*model);
    ASSERT_TRUE(written.ok()) << written.status().message();
    ASSERT_TRUE(WriteFileAtomically(artifact_, *written).ok());
  }

  Workplace place_;
  const std::string scenes_ = place_.SmallScenes(2).string();
  const std::string artifact_ = place_.File("int8.tflite").string();
  const std::string database_ = place_.File("test.sqlite").string();
};

TEST_F(Diff, NamesTheLayerWithOneWrongChannelAndItsRecipeKeepsItInFloat) {
  Json json = CompareAsJson();
  EXPECT_EQ(json["images"], 2);
  EXPECT_TRUE(json["jump"].is_null()) << json["jump"];
  for (const Json& layer : json["layers"]) {
    // Null: equal to float's.
    if (!layer["own_sqnr_db"].is_null()) {
      EXPECT_GT(layer["own_sqnr_db"], 15.0) << layer;
    }
  }

  RuinChannel("block_6_project_BN");
  json = CompareAsJson();
  EXPECT_EQ(json["jump"], "block_6_project_BN");
  EXPECT_EQ(json["keep_in_float"], Json({"block_6_project_BN"}));

  const std::string recipe = place_.File("recipe.toml").string();
  ASSERT_TRUE(WriteFileAtomically(recipe, json["recipe"].get<std::string>()).ok());
  Quantize("int8:calibration=minmax:images=6:recipe=" + recipe);
  json = CompareAsJson();
  const auto layer = std::ranges::find_if(
      json["layers"], [](const Json& each) { return each["name"] == "block_6_project_BN"; });
  ASSERT_NE(layer, json["layers"].end());
  EXPECT_EQ((*layer)["type"], "float32");
  EXPECT_TRUE(json["jump"].is_null());
}

TEST_F(Diff, ShowsATableAndAPage) {
  RuinChannel("block_6_project_BN");
  const std::string page = place_.File("diff.html").string();
  const Answer answer = Compare({"--html", page});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("images, both on reference; "));
  EXPECT_THAT(answer.out, HasSubstr("  op  kind               sqnr dB  own dB    cosine"));
  EXPECT_THAT(answer.out, HasSubstr("The error jumps first at \"block_6_project_BN\""));
  const Result<std::string> html = ReadTextFile(page);
  ASSERT_TRUE(html.ok()) << html.status().message();
  EXPECT_THAT(*html, HasSubstr("<h1>int8.tflite against mobilenetv2-035-96</h1>"));
  EXPECT_THAT(*html, HasSubstr("<td>block_6_project_BN</td>"));
  EXPECT_THAT(*html, HasSubstr("layer = &quot;^block_6_project_BN$&quot;"));
}

// The section of a run's report about its artifacts' layers; empty where it has none.
std::string LayersSection(const std::filesystem::path& report) {
  const std::string html = *ReadTextFile(report);
  const size_t begin = html.find("<h2>Layers: where quantization departs from float</h2>");
  if (begin == std::string::npos) return "";
  return html.substr(begin, html.find("</section>", begin) - begin);
}

TEST_F(Diff, IsPartOfTheReportOfARun) {
  std::vector<std::string> run = place_.QuickRun(
      {kModel, "--dataset", scenes_, "--plugins",
       "int8:calibration=minmax:images=6,float,reference", "--calibration-runtime", "reference"});
  Answer answer = place_.Run(run);
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(LayersSection(place_.File("report.html")), "");

  // The artifact of the run is the file that was quantized by itself, byte for byte.
  answer = Compare({"--run", "1", "--db", database_});
  ASSERT_EQ(answer.status, 0) << answer.err;
  ASSERT_EQ(
      place_.Run({"report", "--db", database_, "-o", place_.File("kept.html").string()}).status, 0);
  const std::string kept = LayersSection(place_.File("kept.html"));
  EXPECT_THAT(kept, HasSubstr("<summary>int8:calibration=minmax:images=6 <span>the last layer at"));
  EXPECT_THAT(kept, HasSubstr("<td>block_6_project_BN</td>"));

  // What --diff makes, on all images of the split, is the same but for their number.
  run.emplace_back("--diff");
  answer = place_.Run(run);
  ASSERT_EQ(answer.status, 0) << answer.err;
  const std::string measured = LayersSection(place_.File("report.html"));
  EXPECT_THAT(measured, HasSubstr("<td>block_6_project_BN</td>"));
  EXPECT_EQ(measured.find("<summary>float"), std::string::npos);
  const Json report = *ParseJson(place_.Run({"report", "--db", database_, "--format", "json"}).out);
  EXPECT_EQ(report["runs"][0]["comparisons"][0]["layers"].size(), 65U);
  EXPECT_THAT(report["runs"][0]["comparisons"][0]["images"], ::testing::Gt(2));

  RuinChannel("block_6_project_BN");
  answer = Compare({"--run", "1", "--db", database_});
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("no artifact of run 1 has the bytes of"));
  answer = Compare({"--run", "7", "--db", database_});
  EXPECT_THAT(answer.err, HasSubstr("there is no run 7"));
}

TEST_F(Diff, QuantizesItselfWhereAQuantizerIsNamed) {
  const Answer file = Compare({});
  const Answer named = place_.Run({"diff", kModel, "int8:calibration=minmax:images=6", "--dataset",
                                   scenes_, "--images", "2", "--runtime", "reference", "-q"});
  ASSERT_EQ(named.status, 0) << named.err;
  EXPECT_EQ(named.out, file.out);
}

TEST_F(Diff, PairsEveryLayerOfOtherConvertersFiles) {
  const std::vector<std::filesystem::path> files = graph::PeerTfliteFiles("mbv2_035_96.");
  if (files.empty()) GTEST_SKIP() << graph::kNoPeers;
  const std::string model = files[0].parent_path() / "mbv2_035_96.h5";
  for (const std::filesystem::path& file : files) {
    if (file.filename() == "mbv2_035_96.tf_float.tflite") continue;
    const Answer answer = place_.Run({"diff", model, file.string(), "--dataset", scenes_,
                                      "--images", "1", "--runtime", "reference", "--json", "-q"});
    ASSERT_EQ(answer.status, 0) << file << answer.err;
    const Json json = *ParseJson(answer.out);
    EXPECT_EQ(json["layers"].size(), 65U) << file;
    EXPECT_EQ(json["only_in_float"], Json::array()) << file;
    EXPECT_EQ(json["only_in_quantized"], Json::array()) << file;
    EXPECT_GT(json["layers"].back()["cosine"], 0.99) << file;
  }
}

TEST_F(Diff, RefusesWhatItCannotCompareInOneLine) {
  const auto refused = [&](const std::vector<std::string>& args) {
    const Answer answer = place_.Run(args);
    EXPECT_EQ(answer.status, 2) << answer.out;
    EXPECT_EQ(std::ranges::count(answer.err, '\n'), 1) << answer.err;
    return answer.err;
  };
  EXPECT_THAT(refused({"diff", kModel, artifact_}), HasSubstr("'--dataset' is required"));
  EXPECT_THAT(refused({"diff", kModel, "--dataset", scenes_}), HasSubstr("name the float model"));
  EXPECT_THAT(refused({"diff", kModel, "none.tflite", "--dataset", scenes_}),
              HasSubstr("there is no such .tflite file"));
  EXPECT_THAT(refused({"diff", kModel, "int7", "--dataset", scenes_}),
              HasSubstr("neither a file nor a quantizer"));
  EXPECT_THAT(refused({"diff", kModel, "int8,fp16", "--dataset", scenes_}),
              HasSubstr("one quantizer is taken here"));
  const std::vector<std::string> quick = {"--dataset", scenes_,     "--images", "1",
                                          "--runtime", "reference", "-q"};
  const auto compare = [&](const std::string& a, const std::string& b) {
    std::vector<std::string> args = {"diff", a, b};
    args.insert(args.end(), quick.begin(), quick.end());
    return refused(args);
  };
  EXPECT_THAT(compare("intel-cnn", artifact_), HasSubstr("not the same network"));
  EXPECT_THAT(compare(artifact_, artifact_), HasSubstr("is quantized: name the float model first"));
  const std::string plain = place_.File("float.tflite").string();
  ASSERT_EQ(place_.Run({"quantize", kModel, "--plugins", "float", "-o", plain}).status, 0);
  EXPECT_THAT(compare(kModel, plain), HasSubstr("is a float model: name what the first was"));
}

}  // namespace
}  // namespace qbench::cli_test
