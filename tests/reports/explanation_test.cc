// Each cause planted in a small network's profile; the paragraphs are approved as texts.
#include "reports/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/golden_file.h"

namespace qbench::reports {
namespace {

using store::MachinePeak;
using store::OperatorProfile;
using store::PeakKind;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A processor with a dot product, and memory that feeds it.
std::vector<MachinePeak> Peaks(double int8 = 200e9) {
  return {{0, 0, PeakKind::kMultiplyAdd, "float32", 1, 60e9, "x"},
          {0, 0, PeakKind::kMultiplyAdd, "int8", 1, int8, "x"},
          {0, 0, PeakKind::kBandwidth, "read", 1, 10e9, "x"},
          {0, 0, PeakKind::kBandwidth, "triad", 1, 9e9, "x"}};
}

OperatorProfile Op(int index, const std::string& kind, const std::string& type, double us,
                   int64_t macs, int64_t bytes) {
  OperatorProfile op;
  op.op = index;
  op.kind = kind;
  op.name = "layer" + std::to_string(index);
  op.input_type = op.output_type = type;
  if (macs > 0) op.weight_type = type;
  op.steps = kind;
  op.partition = 0;
  op.median_us = us;
  op.macs = macs;
  op.bytes_read = bytes * 3 / 4;
  op.bytes_written = bytes / 4;
  return op;
}

OperatorProfile Step(const std::string& name, double us) {
  OperatorProfile step;
  step.name = name;
  step.steps = name;
  step.partition = 0;
  step.median_us = us;
  return step;
}

void SetTimes(ProfiledVariant& variant, double between_us) {
  double us = between_us;
  for (const OperatorProfile& op : variant.operators) us += op.median_us;
  variant.profiled_ms = variant.quickest_ms = us / 1e3;
  variant.median_ms = us / 1e3;
}

// Four pairs of a convolution and a depthwise one, a fully connected layer and a softmax; one
// partition. `speed`: how many times as fast as float; `size`: how many times as small.
ProfiledVariant Network(const std::string& name, const std::string& type, double speed,
                        double depthwise_speed, int size) {
  ProfiledVariant variant;
  variant.name = name;
  variant.delegate = "XNNPACK";
  int index = 0;
  for (int pair = 0; pair < 4; ++pair) {
    variant.operators.push_back(
        Op(index++, "CONV_2D", type, 600 / speed, 18'000'000, 800'000 / size));
    variant.operators.push_back(
        Op(index++, "DEPTHWISE_CONV_2D", type, 150 / depthwise_speed, 1'200'000, 300'000 / size));
  }
  variant.operators.push_back(
      Op(index++, "FULLY_CONNECTED", type, 40 / speed, 1'000'000, 80'000 / size));
  variant.operators.push_back(Op(index++, "SOFTMAX", type, 2, 0, 80));
  SetTimes(variant, 20);
  return variant;
}

ExplanationFacts Facts(ProfiledVariant variant) {
  return {std::move(variant), Network("float", "float32", 1, 1, 1), Peaks(), 1};
}

ExplanationFacts GoodNews() { return Facts(Network("int8", "int8", 3, 2.5, 4)); }

// Dynamic range quantization: the delegate leaves the depthwise convolutions.
ExplanationFacts NotDelegated() {
  ExplanationFacts facts = Facts(Network("dynamic", "float32", 1.05, 1, 1));
  int partition = 0;
  for (OperatorProfile& op : facts.variant.operators) {
    if (op.macs > 0) op.weight_type = "int8";
    if (op.kind == "CONV_2D") op.steps = "Convolution (NHWC, QD8, F32, QC8W)";
    op.partition = partition;
    if (op.kind != "DEPTHWISE_CONV_2D") continue;
    op.partition = -1;
    op.median_us = 620;
    ++partition;
  }
  SetTimes(facts.variant, 30);
  return facts;
}

ExplanationFacts ManyPartitions() {
  ExplanationFacts facts = NotDelegated();
  for (OperatorProfile& op : facts.variant.operators) {
    if (op.partition < 0) op.median_us = 150;
  }
  SetTimes(facts.variant, 900);
  return facts;
}

ExplanationFacts Conversions() {
  ExplanationFacts facts = Facts(Network("int8", "int8", 1.1, 1, 4));
  auto& operators = facts.variant.operators;
  operators.insert(operators.begin(), Op(90, "QUANTIZE", "float32", 400, 0, 4000));
  operators.push_back(Op(91, "DEQUANTIZE", "int8", 350, 0, 4000));
  operators.push_back(Step("Convert (NC, QS8, F32)", 250));
  SetTimes(facts.variant, 20);
  return facts;
}

ExplanationFacts FloatArithmetic() {
  ExplanationFacts facts = Facts(Network("fp16", "float32", 1, 1, 1));
  for (OperatorProfile& op : facts.variant.operators) {
    if (op.macs > 0) op.weight_type = "float16";
  }
  return facts;
}

ExplanationFacts NoDotProduct() {
  ExplanationFacts facts = Facts(Network("int8", "int8", 0.8, 1.3, 4));
  facts.peaks = Peaks(66e9);
  return facts;
}

ExplanationFacts SlowIntegerKernels() {
  ExplanationFacts facts = Facts(Network("int16x8", "int16", 0.2, 1.3, 4));
  for (ProfiledVariant* variant : {&facts.variant, &*facts.base}) {
    variant->delegate.clear();
    for (OperatorProfile& op : variant->operators) op.partition = -1;
  }
  return facts;
}

ExplanationFacts Depthwise() { return Facts(Network("int8", "int8", 1.25, 0.5, 4)); }

ExplanationFacts MemoryBound() {
  ExplanationFacts facts = Facts(Network("int8", "int8", 3, 1.3, 4));
  // One layer of big weights that are used once each.
  facts.variant.operators.push_back(
      Op(20, "FULLY_CONNECTED", "int8", 2'500, 20'000'000, 20'000'000));
  facts.base->operators.push_back(
      Op(20, "FULLY_CONNECTED", "float32", 2'600, 20'000'000, 80'000'000));
  SetTimes(facts.variant, 20);
  SetTimes(*facts.base, 20);
  return facts;
}

ExplanationFacts SmallModel() {
  ExplanationFacts facts = Facts(Network("int8", "int8", 2, 2, 4));
  for (ProfiledVariant* variant : {&facts.variant, &*facts.base}) {
    for (OperatorProfile& op : variant->operators) op.median_us /= 100;
    SetTimes(*variant, variant == &facts.variant ? 70 : 40);
  }
  return facts;
}

ExplanationFacts WithoutBase() {
  ExplanationFacts facts = NotDelegated();
  facts.base.reset();
  return facts;
}

ExplanationFacts SameSpeed() {
  ExplanationFacts facts = Facts(Network("int8", "int8", 1.1, 0.8, 4));
  facts.variant.median_ms = *facts.base->median_ms * 1.01;
  return facts;
}

// With the pace that the medians have: as if processes that do not disagree had measured them.
Explanation Explained(ExplanationFacts facts) {
  if (facts.base && facts.base->median_ms && facts.variant.median_ms) {
    facts.pace = *facts.variant.median_ms < *facts.base->median_ms ? Pace::kFaster : Pace::kSlower;
  }
  return Explain(facts);
}

struct Planted {
  const char* title;
  ExplanationFacts facts;
  std::vector<CauseKind> causes;  // those expected, in this order
};

std::vector<Planted> Cases() {
  using enum CauseKind;
  return {{"good news", GoodNews(), {kDepthwise}},
          {"not delegated", NotDelegated(), {kNotDelegated}},
          {"many partitions", ManyPartitions(), {kPartitions}},
          {"conversions", Conversions(), {kConversion}},
          {"float arithmetic", FloatArithmetic(), {kFloatArithmetic}},
          {"no dot product", NoDotProduct(), {kNoDotProduct}},
          {"slow integer kernels", SlowIntegerKernels(), {kSlowIntegerKernels}},
          {"depthwise", Depthwise(), {kDepthwise}},
          {"memory", MemoryBound(), {kMemory, kDepthwise}},
          {"small model", SmallModel(), {kOverhead}},
          {"no float variant", WithoutBase(), {kNotDelegated}},
          {"same speed", SameSpeed(), {kSlowIntegerKernels, kDepthwise}}};
}

TEST(Explanation, FindsThePlantedCause) {
  for (const Planted& planted : Cases()) {
    std::vector<std::string> found;
    for (const Cause& cause : Explained(planted.facts).causes) {
      found.emplace_back(CauseName(cause.kind));
    }
    std::vector<std::string> expected;
    for (const CauseKind kind : planted.causes) expected.emplace_back(CauseName(kind));
    EXPECT_EQ(found, expected) << planted.title << ": " << Explained(planted.facts).paragraph;
  }
}

TEST(Explanation, Texts) {
  std::string text;
  for (const Planted& planted : Cases()) {
    text += std::string(planted.title) + "\n  " + Explained(planted.facts).paragraph + "\n\n";
  }
  ExpectGolden("reports/golden/explanations.txt", text);
}

TEST(Explanation, NumbersAreThoseOfTheProfile) {
  const Explanation explanation = Explained(NotDelegated());
  ASSERT_EQ(explanation.causes.size(), 1U);
  // 4 x 620 µs of 4 x (600 / 1.05 + 620) + 40 / 1.05 + 2 + 30; float takes 4 x 150 µs.
  EXPECT_NEAR(explanation.causes[0].share, 2480 / 4835.8, 1e-3);
  EXPECT_NEAR(*explanation.causes[0].extra_ms, 1.88, 1e-9);
  EXPECT_NEAR(*explanation.ratio, 4835.8 / 3062, 1e-3);
}

TEST(Explanation, WhatFloatPaysAsWellIsNoCause) {
  // The same softmax outside of the delegate in both.
  ExplanationFacts facts = Facts(Network("int8", "int8", 1.25, 0.3, 4));
  for (ProfiledVariant* variant : {&facts.variant, &*facts.base}) {
    variant->operators.back().partition = -1;
    variant->operators.back().median_us = 1000;
    SetTimes(*variant, 20);
  }
  const Explanation explanation = Explained(facts);
  EXPECT_GT(*explanation.ratio, kSameSpeed);
  ASSERT_FALSE(explanation.causes.empty());
  for (const Cause& cause : explanation.causes) {
    EXPECT_NE(CauseName(cause.kind), CauseName(CauseKind::kNotDelegated));
  }
}

TEST(Explanation, OperatorsArePairedByNameThenByPlace) {
  ExplanationFacts facts = NotDelegated();
  for (OperatorProfile& op : facts.variant.operators) op.name = "renamed " + op.name;
  EXPECT_NEAR(*Explained(facts).causes.at(0).extra_ms, 1.88, 1e-9);
  // Without a pair each, nothing is known of what float took.
  facts.base->operators.pop_back();
  facts.base->operators.erase(facts.base->operators.begin() + 1);
  EXPECT_NEAR(*Explained(facts).causes.at(0).extra_ms, 2.48, 1e-9);
}

TEST(Explanation, DynamicRangeQuantizationComputesInIntegers) {
  ExplanationFacts facts = FloatArithmetic();
  EXPECT_EQ(Explained(facts).causes.at(0).kind, CauseKind::kFloatArithmetic);
  for (OperatorProfile& op : facts.variant.operators) {
    if (op.macs > 0) op.weight_type = "int8";
    op.steps = "Fully Connected (NC, QD8, F32, QC8W)";
  }
  for (const Cause& cause : Explained(facts).causes) {
    EXPECT_NE(CauseName(cause.kind), CauseName(CauseKind::kFloatArithmetic));
  }
  // Kernels without a delegate do so as well; float ones that are the model as it is need no word.
  facts = FloatArithmetic();
  facts.variant.is_float = true;
  for (const Cause& cause : Explained(facts).causes) {
    EXPECT_NE(CauseName(cause.kind), CauseName(CauseKind::kFloatArithmetic));
  }
}

TEST(Explanation, WithoutPeaksNoRoofIsNamed) {
  for (ExplanationFacts facts : {MemoryBound(), NoDotProduct(), SlowIntegerKernels()}) {
    facts.peaks.clear();
    for (const Cause& cause : Explained(facts).causes) {
      EXPECT_NE(cause.kind, CauseKind::kMemory);
      EXPECT_NE(cause.kind, CauseKind::kNoDotProduct);
      EXPECT_NE(cause.kind, CauseKind::kSlowIntegerKernels);
    }
  }
}

TEST(Explanation, WhatACacheHoldsDoesNotWaitForMemory) {
  ExplanationFacts facts = MemoryBound();
  facts.cache_bytes = 32 << 20;  // all tensors together are 20 MB
  EXPECT_EQ(Explained(facts).causes.at(0).kind, CauseKind::kMemory);
  facts.cache_bytes = 64 << 20;
  for (const Cause& cause : Explained(facts).causes) EXPECT_NE(cause.kind, CauseKind::kMemory);
  // Faster than memory can be: it came from a cache whose size is not known.
  facts.cache_bytes = 0;
  for (MachinePeak& peak : facts.peaks) {
    if (peak.kind == PeakKind::kBandwidth) peak.per_second /= 2;
  }
  for (const Cause& cause : Explained(facts).causes) EXPECT_NE(cause.kind, CauseKind::kMemory);
}

TEST(Explanation, SaysWhereLatencyWasDisturbed) {
  ExplanationFacts facts = GoodNews();
  EXPECT_THAT(Explained(facts).paragraph, Not(HasSubstr("disturbed")));
  facts.variant.median_ms = 2;
  EXPECT_THAT(
      Explained(facts).paragraph,
      HasSubstr("Take this with care: something disturbed int8 (1.08 ms where it was profiled, "
                "2.00 ms where its latency was measured)."));
  facts.variant.median_ms.reset();
  facts.base->median_ms = 9;
  EXPECT_THAT(Explained(facts).paragraph, HasSubstr("care: something disturbed float ("));
}

TEST(Explanation, TheProfilersOwnTimeIsNoOverhead) {
  // A disturbed inference is no measure of what lies between operators either.
  ExplanationFacts disturbed = GoodNews();
  disturbed.variant.profiled_ms *= 1.2;
  disturbed.variant.median_ms = disturbed.variant.profiled_ms;
  EXPECT_NEAR(Explained(disturbed).causes.at(0).share, Explained(GoodNews()).causes.at(0).share,
              1e-9);
  // Operators of 30 µs; the profiled process took 70 µs more than they, the latency processes half
  // of one.
  ExplanationFacts facts = SmallModel();
  facts.variant.median_ms = facts.variant.profiled_ms - 0.0695;
  for (const Cause& cause : Explained(facts).causes) EXPECT_NE(cause.kind, CauseKind::kOverhead);
}

TEST(Explanation, ASlownessWithoutACauseIsSaidToBeOne) {
  // Fast enough kernels, no cut, no conversion: just slower.
  ExplanationFacts facts = Facts(Network("int8", "int8", 0.85, 1.3, 4));
  facts.peaks = Peaks(100e9);
  const Explanation explanation = Explained(facts);
  EXPECT_THAT(explanation.causes, IsEmpty());
  EXPECT_THAT(explanation.paragraph, HasSubstr("No single cause stands out"));
}

TEST(Explanation, WithoutLatencyThereIsNoRatio) {
  ExplanationFacts facts = NotDelegated();
  facts.variant.median_ms.reset();
  const Explanation explanation = Explained(facts);
  EXPECT_EQ(explanation.ratio, std::nullopt);
  EXPECT_THAT(explanation.paragraph, Not(HasSubstr("slower")));
  EXPECT_THAT(explanation.causes, Not(IsEmpty()));
}

TEST(Explanation, SaysFasterOnlyWhereTheProcessesTell) {
  ExplanationFacts facts = GoodNews();  // 2.8 times by the medians
  facts.pace = Pace::kTie;
  facts.ratio_range = "0.21–1.40";
  facts.coverage = "90 %";
  EXPECT_THAT(Explain(facts).headline,
              HasSubstr("int8 cannot be told apart from float here (1.08 ms against 3.06 ms; 90 % "
                        "interval of the ratio 0.21–1.40)."));
  facts.pace = Pace::kNoisy;
  EXPECT_THAT(Explain(facts).headline, HasSubstr("too noisily to be held against float"));
  facts.pace = Pace::kUnknown;
  EXPECT_THAT(Explain(facts).headline, HasSubstr("too few processes to be held against float"));
  facts.pace = Pace::kSame;
  EXPECT_THAT(Explain(facts).headline, HasSubstr("int8 is the same file as float"));
  for (const Pace pace : {Pace::kTie, Pace::kNoisy, Pace::kUnknown, Pace::kSame}) {
    facts.pace = pace;
    EXPECT_THAT(Explain(facts).paragraph, Not(HasSubstr("faster")));
    EXPECT_THAT(Explain(facts).paragraph, Not(HasSubstr("GMAC/s together")));
  }
}

TEST(Explanation, NothingProfiledNothingSaid) {
  const Explanation explanation = Explained({});
  EXPECT_EQ(explanation.paragraph, "");
  EXPECT_THAT(explanation.causes, IsEmpty());
}

}  // namespace
}  // namespace qbench::reports
