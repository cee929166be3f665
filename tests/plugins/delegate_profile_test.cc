// Whose time a step of a delegate is, on planted partitions and steps.
#include "plugins/runtimes/common/delegate_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <tuple>

#include "plugins/runtimes/common/xnnpack_steps.h"

namespace qbench::plugin {
namespace {

using ::testing::ElementsAre;

constexpr const char* kConv = "Convolution (NHWC, QC8) IGEMM";
constexpr const char* kDepthwise = "Convolution (NHWC, QC8) DWConv";
constexpr const char* kGemm = "Fully Connected (NC, QS8, QC8W) GEMM";

std::vector<int32_t> Align(const std::vector<std::string>& kinds,
                           const std::vector<std::string>& steps) {
  std::vector<DelegatedOp> ops;
  for (const std::string& kind : kinds)
    ops.push_back({kind, kind == "CONCATENATION" ? size_t{2} : 1, kind == "FULLY_CONNECTED"});
  return AlignXnnpackSteps(ops, steps);
}

TEST(XnnpackSteps, KnowsXnnpacksNames) {
  EXPECT_THAT(Align({"QUANTIZE", "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD", "MEAN",
                     "RESHAPE", "FULLY_CONNECTED", "SOFTMAX", "LOGISTIC", "HARD_SWISH"},
                    {"Convert (NC)", kConv, kDepthwise, kGemm, "Add (ND)", "Mean (ND) Reduce",
                     "Static Reshape (NC)", kGemm, "Softmax (NC, F32)", "Sigmoid (NC)",
                     "HardSwish (NC, F32)"}),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

TEST(XnnpackSteps, FoldedOperatorsHaveNone) {
  EXPECT_THAT(Align({"PAD", "CONV_2D", "RELU", "MAX_POOL_2D"},
                    {kConv, "Clamp (NC, F32)", "Max Pooling (NHWC)"}),
              ElementsAre(1, 2, 3));
  EXPECT_THAT(Align({"PAD", "DEPTHWISE_CONV_2D", "CONV_2D"}, {kDepthwise, kGemm}),
              ElementsAre(1, 2));
}

TEST(XnnpackSteps, ConversionsBelongToWhatReadsThem) {
  const char* dynamic = "Fully Connected (NC, QD8, F32, QC8W) GEMM";
  EXPECT_THAT(Align({"CONV_2D", "FULLY_CONNECTED"}, {kConv, "Convert (NC, F32, QD8)", dynamic}),
              ElementsAre(0, 1, 1));
  // Of no operator: nothing tells why the engine converts here.
  EXPECT_THAT(Align({"CONV_2D", "FULLY_CONNECTED"}, {kConv, "Convert (NC)", kGemm}),
              ElementsAre(0, -1, 1));
}

TEST(XnnpackSteps, AFlatteningStepIsTheFullyConnectedLayersOwn) {
  const char* reshape = "Static Reshape (NC)";
  EXPECT_THAT(Align({"MEAN", "FULLY_CONNECTED"}, {"Mean (ND) Reduce2", reshape, kGemm}),
              ElementsAre(0, 1, 1));
  EXPECT_THAT(Align({"RESHAPE", "FULLY_CONNECTED", "FULLY_CONNECTED"},
                    {reshape, reshape, kGemm, reshape, kGemm}),
              ElementsAre(0, 1, 1, 2, 2));
  // One that does not flatten: the RESHAPE's.
  EXPECT_THAT(Align({"RESHAPE", "FULLY_CONNECTED"}, {reshape, kGemm}), ElementsAre(0, 1));
  // A 1x1 convolution has none.
  EXPECT_THAT(Align({"RESHAPE", "CONV_2D"}, {reshape, reshape, kGemm}), ElementsAre(-1, -1, 1));
}

TEST(XnnpackSteps, ConstantsAreComputedBefore) {
  const std::vector<DelegatedOp> ops = {{"DEQUANTIZE", 1, false}, {"DEQUANTIZE", 0, false}};
  const std::vector<std::string> steps = {"Convert (NC)"};
  EXPECT_THAT(AlignXnnpackSteps(ops, steps), ElementsAre(0));
}

TEST(XnnpackSteps, AConcatenationIsAStepAnInput) {
  EXPECT_THAT(Align({"CONV_2D", "CONCATENATION", "RESHAPE"},
                    {kConv, "Copy (NC, X8)", "Copy (NC, X8)", "Static Reshape (NC)"}),
              ElementsAre(0, 1, 1, 2));
}

TEST(XnnpackSteps, NeverGuesses) {
  // One of two: which one?
  EXPECT_THAT(Align({"ADD", "ADD"}, {"Add (ND)"}), ElementsAre(-1));
  // What stands around it tells.
  EXPECT_THAT(Align({"ADD", "MUL", "ADD"}, {"Multiply (ND)", "Add (ND)"}), ElementsAre(1, 2));
  EXPECT_THAT(Align({"ADD"}, {"Something New (NC)"}), ElementsAre(-1));
  EXPECT_THAT(Align({}, {"Add (ND)"}), ElementsAre(-1));
  EXPECT_THAT(Align({"ADD"}, {}), ElementsAre());
}

// The most pairs that keep the order, by trying everything.
int BestByTrying(const std::vector<std::string>& ops, const std::vector<std::string>& steps,
                 size_t i, size_t j) {
  if (i == ops.size() || j == steps.size()) return 0;
  int best = std::max(BestByTrying(ops, steps, i + 1, j), BestByTrying(ops, steps, i, j + 1));
  if (ops[i] == steps[j]) best = std::max(best, 1 + BestByTrying(ops, steps, i + 1, j + 1));
  return best;
}

// Collects what each step may be in any best alignment.
void AllBest(const std::vector<std::string>& ops, const std::vector<std::string>& steps, size_t i,
             size_t j, int left, std::vector<int32_t>& chosen,
             std::vector<std::set<int32_t>>& seen) {
  if (BestByTrying(ops, steps, i, j) < left) return;
  if (j == steps.size()) {
    for (size_t k = 0; k < steps.size(); ++k) seen[k].insert(chosen[k]);
    return;
  }
  chosen[j] = -1;
  AllBest(ops, steps, i, j + 1, left, chosen, seen);
  for (size_t op = i; op < ops.size(); ++op) {
    if (ops[op] != steps[j]) continue;
    chosen[j] = static_cast<int32_t>(op);
    AllBest(ops, steps, op + 1, j + 1, left - 1, chosen, seen);
  }
}

TEST(XnnpackSteps, AssignsWhatEveryBestAlignmentAgreesOn) {
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  const std::vector<std::string> names = {"ABS", "FLOOR", "ELU"};
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> ops(random() % 6);
    std::vector<std::string> steps(random() % 6);
    for (std::string& op : ops) op = names[random() % names.size()];
    for (std::string& step : steps) step = names[random() % names.size()];
    std::vector<std::set<int32_t>> seen(steps.size());
    std::vector<int32_t> chosen(steps.size(), -1);
    AllBest(ops, steps, 0, 0, BestByTrying(ops, steps, 0, 0), chosen, seen);
    const std::vector<int32_t> got = Align(ops, steps);
    for (size_t j = 0; j < steps.size(); ++j) {
      const int32_t expected = seen[j].size() == 1 ? *seen[j].begin() : -1;
      EXPECT_EQ(got[j], expected) << "step " << j << ", seed " << seed << ", round " << round;
    }
  }
}

// --- partitions ----------------------------------------------------------------------------------

EngineStep Own(uint64_t op, const std::string& tag) { return {false, op, tag}; }
EngineStep Taken(uint64_t index, const std::string& tag) { return {true, index, tag}; }

// (operator, partition, name) of each event.
std::vector<std::tuple<int32_t, int32_t, std::string>> Plan(const OpGraph& model,
                                                            const std::vector<EngineStep>& steps) {
  std::vector<std::tuple<int32_t, int32_t, std::string>> events;
  for (const PlannedEvent& event : PlanDelegateEvents(model, steps)) {
    EXPECT_EQ(event.name, event.source < 0 ? "" : steps[static_cast<size_t>(event.source)].tag);
    events.emplace_back(event.op, event.partition, event.name);
  }
  return events;
}

using Event = std::tuple<int32_t, int32_t, std::string>;

TEST(DelegateEvents, OfAChain) {
  const OpGraph model = ChainOf({"CONV_2D", "SOFTMAX", "RESHAPE", "DEQUANTIZE"});
  EXPECT_THAT(Plan(model, {Taken(0, kConv), Own(1, "SOFTMAX"), Taken(0, "Convert (NC)")}),
              ElementsAre(Event{0, 0, kConv}, Event{1, -1, "SOFTMAX"}, Event{2, 1, ""},
                          Event{3, 1, "Convert (NC)"}));
}

TEST(DelegateEvents, WithoutADelegate) {
  const OpGraph model = ChainOf({"CONV_2D", "SOFTMAX"});
  EXPECT_THAT(Plan(model, {Own(0, "CONV_2D"), Own(1, "SOFTMAX")}),
              ElementsAre(Event{0, -1, "CONV_2D"}, Event{1, -1, "SOFTMAX"}));
}

// Two branches of which one begins with what the delegate does not take: the other's operators run
// in the first partition, though they come later in the file.
TEST(DelegateEvents, APartitionTakesWhatCanRun) {
  const OpGraph model = {{.kind = "RELU", .inputs = {0}, .outputs = {1}},
                         {.kind = "TANH", .inputs = {1}, .outputs = {2}},
                         {.kind = "ADD", .inputs = {1, 9}, .outputs = {3}},
                         {.kind = "MUL", .inputs = {2, 3}, .outputs = {4}}};
  EXPECT_THAT(Plan(model, {Taken(0, "Clamp (NC)"), Taken(1, "Add (ND)"), Own(1, "TANH"),
                           Taken(0, "Multiply (ND)")}),
              ElementsAre(Event{0, 0, "Clamp (NC)"}, Event{2, 0, "Add (ND)"}, Event{1, -1, "TANH"},
                          Event{3, 1, "Multiply (ND)"}));
}

// An engine that cuts otherwise: no step is given to an operator, and still each has an event.
TEST(DelegateEvents, StepsThatDoNotFitAreNotAssigned) {
  const OpGraph model = ChainOf({"CONV_2D", "CONV_2D"});
  EXPECT_THAT(
      Plan(model, {Taken(0, kConv), Taken(0, kConv)}),
      ElementsAre(Event{-1, 0, kConv}, Event{-1, 1, kConv}, Event{0, 0, ""}, Event{1, 0, ""}));
}

}  // namespace
}  // namespace qbench::plugin
