// Which images are tried, what is concluded of what a model answers, and how it is written down.
#include "harness/plan/preprocessing_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/plan/sidecar_draft.h"

namespace qbench::plan {
namespace {

using datasets::Channels;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kClasses = 3;
constexpr size_t kImages = 60;
const std::vector<std::string> kLabels = {"ape", "bee", "cow"};

FirstGuess GuessOf(const char* name, bool guess = true) {
  FirstGuess first;
  first.normalization = datasets::UsualNormalization(name, 3);
  first.guess = guess;
  first.source = "somebody says so";
  return first;
}

LabelSource Labels(bool guess = true) { return {kLabels, "the class folders of zoo", guess}; }

// Images of the three classes in turn, and a model that answers by chance whatever is tried.
CheckedInputs Checked(const FirstGuess& guess, const std::vector<std::string>& given = kLabels) {
  CheckedInputs checked;
  checked.tried = InputsToTry(guess);
  checked.orders = UsualOrders(given);
  for (size_t i = 0; i < kImages; ++i) checked.image_label.push_back(kLabels[i % kClasses]);
  uint32_t state = 7;
  for (TriedInput& tried : checked.tried) {
    for (size_t i = 0; i < kImages; ++i) {
      state = state * 1664525U + 1013904223U;
      tried.outputs.push_back(static_cast<int32_t>((state >> 16) % kClasses));
    }
  }
  return checked;
}

TriedInput& Find(CheckedInputs& checked, const char* name, Channels channels = Channels::kRgb) {
  const auto found = std::ranges::find_if(checked.tried, [&](const TriedInput& tried) {
    return tried.normalization.name == name && tried.channels == channels;
  });
  EXPECT_NE(found, checked.tried.end());
  return *found;
}

// The model is right for all but every `wrong`-th image; output i stands for `labels`[i].
void MakeRight(TriedInput& tried, size_t wrong, const std::vector<std::string>& labels = kLabels) {
  for (size_t i = 0; i < kImages; ++i) {
    const auto place = std::ranges::find(labels, kLabels[i % kClasses]) - labels.begin();
    const auto other = (static_cast<size_t>(place) + 1) % kClasses;
    tried.outputs[i] = static_cast<int32_t>(i % wrong == 0 ? other : static_cast<size_t>(place));
  }
}

std::string NameOf(const CheckedInputs& checked, const CheckVerdict& verdict) {
  const TriedInput& tried = checked.tried[verdict.tried];
  return tried.normalization.name + " " + std::string(datasets::ChannelsName(tried.channels));
}

TEST(InputsToTry, AreTheUsualOnesAndTheGuess) {
  EXPECT_EQ(InputsToTry(GuessOf(datasets::kPixels)).size(), 10U);
  FirstGuess own;
  own.normalization = {"the metadata's", {100, 100, 100}, {50, 50, 50}};
  EXPECT_EQ(InputsToTry(own).size(), 12U);
  own.normalization = {"-1 to 1", {127, 127, 127}, {128, 128, 128}};  // stands for its twin
  const std::vector<TriedInput> tried = InputsToTry(own);
  EXPECT_EQ(tried.size(), 10U);
  EXPECT_EQ(tried[4].normalization, own.normalization);
  FirstGuess gray;
  gray.normalization = datasets::UsualNormalization(datasets::kZeroToOne, 1);
  gray.channels = Channels::kGray;
  EXPECT_EQ(InputsToTry(gray).size(), 3U);
}

TEST(JudgeInputs, TakesWhatStandsOut) {
  const FirstGuess guess = GuessOf(datasets::kMinusOneToOne);
  CheckedInputs checked = Checked(guess);
  MakeRight(Find(checked, datasets::kCaffe, Channels::kBgr), 20);
  const CheckVerdict verdict = JudgeInputs(checked, guess, Labels());
  EXPECT_EQ(NameOf(checked, verdict), "Caffe mean BGR");
  EXPECT_EQ(verdict.right, 57);
  EXPECT_LT(verdict.next_right, 40);
  EXPECT_TRUE(verdict.beyond_chance);
  EXPECT_TRUE(verdict.stands_out);
  EXPECT_FALSE(verdict.overrules);
  EXPECT_EQ(verdict.other_order, std::nullopt);
}

TEST(JudgeInputs, OfEqualsTheGuessStays) {
  const FirstGuess guess = GuessOf(datasets::kImageNet);
  CheckedInputs checked = Checked(guess);
  for (const char* name : {datasets::kZeroToOne, datasets::kImageNet}) {
    MakeRight(Find(checked, name), 20);
  }
  const CheckVerdict verdict = JudgeInputs(checked, guess, Labels());
  EXPECT_EQ(NameOf(checked, verdict), "ImageNet mean/std RGB");
  EXPECT_TRUE(verdict.beyond_chance);
  EXPECT_FALSE(verdict.stands_out);
  EXPECT_EQ(verdict.next_right, 57);
}

// Of colours in another order, how sure the model is tells; not of other numbers.
TEST(JudgeInputs, OfEqualColoursTheSurerOneIsTaken) {
  const FirstGuess guess = GuessOf(datasets::kZeroToOne);
  CheckedInputs checked = Checked(guess);
  for (TriedInput& tried : checked.tried) tried.confidence.assign(kImages, 0.7F);
  for (const Channels channels : {Channels::kRgb, Channels::kBgr}) {
    MakeRight(Find(checked, datasets::kZeroToOne, channels), 20);
  }
  Find(checked, datasets::kZeroToOne, Channels::kBgr).confidence.assign(kImages, 0.9F);
  CheckVerdict verdict = JudgeInputs(checked, guess, Labels());
  EXPECT_EQ(NameOf(checked, verdict), "0 to 1 BGR");
  EXPECT_TRUE(verdict.stands_out);
  MakeRight(Find(checked, datasets::kPixels), 20);
  Find(checked, datasets::kPixels).confidence.assign(kImages, 1);
  verdict = JudgeInputs(checked, guess, Labels());
  EXPECT_EQ(NameOf(checked, verdict), "0 to 1 BGR");
  EXPECT_FALSE(verdict.stands_out);
}

TEST(JudgeInputs, TheConventionOfAFamilyYieldsOnlyBeyondChance) {
  FirstGuess guess = GuessOf(datasets::kMinusOneToOne);
  CheckedInputs checked = Checked(guess);
  MakeRight(Find(checked, datasets::kMinusOneToOne), 15);  // 56
  MakeRight(Find(checked, datasets::kImageNet), 20);       // 57
  EXPECT_EQ(NameOf(checked, JudgeInputs(checked, guess, Labels())), "ImageNet mean/std RGB");
  guess.convention = true;
  EXPECT_EQ(NameOf(checked, JudgeInputs(checked, guess, Labels())), "-1 to 1 RGB");
  MakeRight(Find(checked, datasets::kMinusOneToOne), 2);  // 30
  EXPECT_EQ(NameOf(checked, JudgeInputs(checked, guess, Labels())), "ImageNet mean/std RGB");
}

TEST(JudgeInputs, WhereNothingIsBeyondChanceTheGuessStays) {
  const FirstGuess guess = GuessOf(datasets::kImageNet);
  const CheckedInputs checked = Checked(guess);
  const CheckVerdict verdict = JudgeInputs(checked, guess, Labels());
  EXPECT_EQ(NameOf(checked, verdict), "ImageNet mean/std RGB");
  EXPECT_FALSE(verdict.beyond_chance);
  EXPECT_FALSE(verdict.stands_out);
}

TEST(JudgeInputs, WhatIsKnownYieldsOnlyToWhatIsBetterBeyondChance) {
  const FirstGuess known = GuessOf(datasets::kZeroToOne, false);
  CheckedInputs checked = Checked(known);
  MakeRight(Find(checked, datasets::kZeroToOne), 15);      // 56
  MakeRight(Find(checked, datasets::kMinusOneToOne), 20);  // 57
  CheckVerdict verdict = JudgeInputs(checked, known, Labels());
  EXPECT_EQ(NameOf(checked, verdict), "0 to 1 RGB");
  EXPECT_FALSE(verdict.overrules);
  MakeRight(Find(checked, datasets::kZeroToOne), 2);  // 30
  verdict = JudgeInputs(checked, known, Labels());
  EXPECT_EQ(NameOf(checked, verdict), "-1 to 1 RGB");
  EXPECT_TRUE(verdict.overrules);
}

TEST(JudgeInputs, LabelsMayBeMeantSorted) {
  const FirstGuess guess = GuessOf(datasets::kZeroToOne);
  const std::vector<std::string> given = {"cow", "ape", "bee"};
  CheckedInputs checked = Checked(guess, given);
  MakeRight(Find(checked, datasets::kZeroToOne), 20);  // by kLabels, which is sorted
  const LabelSource source{given, "a file", false};
  const CheckVerdict verdict = JudgeInputs(checked, guess, source);
  EXPECT_EQ(checked.orders[verdict.order].name, "sorted");
  EXPECT_TRUE(verdict.overrules);
  EXPECT_EQ(verdict.right, 57);
}

TEST(JudgeInputs, AnOrderThatNobodyGaveIsTold) {
  const FirstGuess guess = GuessOf(datasets::kZeroToOne);
  CheckedInputs checked = Checked(guess);
  MakeRight(Find(checked, datasets::kPixels), 20, {"bee", "cow", "ape"});
  const CheckVerdict verdict = JudgeInputs(checked, guess, Labels());
  ASSERT_TRUE(verdict.other_order.has_value());
  EXPECT_THAT(verdict.other_order->labels, ElementsAre("bee", "cow", "ape"));
  EXPECT_EQ(verdict.other_order->right, 57);
  EXPECT_EQ(checked.tried[verdict.other_order->tried].normalization.name, datasets::kPixels);
}

TEST(JudgeInputs, WhatGaveNoOutputsIsNeverRight) {
  const FirstGuess guess = GuessOf(datasets::kZeroToOne);
  CheckedInputs checked = Checked(guess);
  for (TriedInput& tried : checked.tried) tried.outputs.assign(kImages, -1);
  const CheckVerdict verdict = JudgeInputs(checked, guess, Labels());
  EXPECT_EQ(verdict.right, 0);
  EXPECT_FALSE(verdict.beyond_chance);
}

TEST(CheckTable, MarksTheOneThatIsChosen) {
  const FirstGuess guess = GuessOf(datasets::kZeroToOne);
  CheckedInputs checked = Checked(guess, {"cow", "ape", "bee"});
  MakeRight(Find(checked, datasets::kZeroToOne, Channels::kBgr), 20);
  const CheckVerdict verdict = JudgeInputs(checked, guess, Labels());
  const std::vector<std::string> lines = CheckTable(checked, verdict);
  ASSERT_EQ(lines.size(), 12U);  // two orders of labels, each with a head and five inputs
  EXPECT_EQ(lines[0], "labels as given            RGB         BGR");
  EXPECT_THAT(lines[8], AllOf(HasSubstr("0 to 1"), ::testing::EndsWith("95.0 %<")));
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_LE(lines[i].size(), 78U);
    EXPECT_EQ(lines[i].find('<') != std::string::npos, i == 8);
  }
}

datasets::Dataset DatasetOf(size_t calibration, size_t train) {
  datasets::Dataset dataset;
  dataset.name = "zoo";
  dataset.labels = kLabels;
  size_t number = 0;
  const auto add = [&](const char* name, size_t count) {
    datasets::Split split;
    split.name = name;
    for (size_t i = 0; i < count; ++i, ++number) {
      split.images.push_back({fmt::format("{}/{}.png", kLabels[i % kClasses], number), "",
                              static_cast<int>(i % kClasses), fmt::format("{:064}", number)});
    }
    if (count > 0) dataset.splits.push_back(split);
  };
  add("test", 9);
  add("calibration", calibration);
  add("train", train);
  return dataset;
}

datasets::Preprocessing Square(int side) {
  datasets::Preprocessing input;
  input.width = input.height = side;
  return input;
}

TEST(ImagesToTry, AreThoseOfCalibrationAndElseOfTraining) {
  const datasets::Preprocessing input = Square(8);
  EXPECT_EQ(ImagesToTry(DatasetOf(30, 30), 12, input)->images.size(), 12U);
  datasets::Dataset dataset = DatasetOf(6, 30);
  dataset.splits[2].images[0].sha256 = dataset.splits[1].images[0].sha256;  // in both
  dataset.splits[2].images[1].sha256 = dataset.splits[0].images[0].sha256;  // tested on
  const auto some = ImagesToTry(dataset, 60, input);
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(some->images.size(), 6U + 28U);
  for (const datasets::Image& image : some->images) {
    EXPECT_NE(image.sha256, dataset.splits[0].images[0].sha256);
    EXPECT_THAT(image.path, ::testing::AnyOf(::testing::StartsWith("calibration/"),
                                             ::testing::StartsWith("train/")));
  }
  const Status none = ImagesToTry(DatasetOf(0, 0), 60, input).status();
  EXPECT_EQ(none.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(none.message(), AllOf(HasSubstr("zoo has no calibration or training images"),
                                    HasSubstr("a folder train"), HasSubstr("--images 0")));
  EXPECT_LT(ImagesToTry(DatasetOf(30, 30), 60, Square(4096))->images.size(), 10U);
}

PlannedModel Model() {
  PlannedModel model;
  model.path = "some/net.h5";
  model.input_shape = {1, 6, 8, 3};
  model.output_shape = {1, 3};
  return model;
}

void ExpectReads(const SidecarDraft& draft) {
  const auto read = datasets::ParseSidecar(FormatDraft(draft), "draft");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(datasets::FormatSidecar(*read), datasets::FormatSidecar(draft.sidecar));
}

TEST(SidecarDraft, SaysWhatIsAGuess) {
  const FirstGuess guess = GuessOf(datasets::kImageNet);
  const SidecarDraft draft = MakeDraft(Model(), kClasses, guess, Labels());
  ExpectReads(draft);
  EXPECT_EQ(draft.sidecar.input.width, 8);
  EXPECT_EQ(draft.sidecar.input.height, 6);
  const std::string text = FormatDraft(draft);
  EXPECT_THAT(text, HasSubstr("a guess: the class folders of zoo"));
  EXPECT_THAT(text, HasSubstr("ImageNet mean/std, a guess: somebody says so"));
  SidecarDraft bare = MakeDraft(Model(), kClasses, GuessOf(datasets::kPixels, false), {});
  ExpectReads(bare);
  EXPECT_THAT(FormatDraft(bare), HasSubstr("# labels = [3 names"));
  EXPECT_THAT(FormatDraft(bare), HasSubstr("Here 0 to 255, somebody says so"));
}

TEST(SidecarDraft, TakesWhatTheImagesSay) {
  const FirstGuess guess = GuessOf(datasets::kImageNet);
  CheckedInputs checked = Checked(guess);
  MakeRight(Find(checked, datasets::kCaffe, Channels::kBgr), 20);
  SidecarDraft draft = MakeDraft(Model(), kClasses, guess, Labels());
  TakeVerdict(checked, JudgeInputs(checked, guess, Labels()), guess, Labels(), "60 images", draft);
  ExpectReads(draft);
  EXPECT_EQ(draft.sidecar.input.channels, Channels::kBgr);
  EXPECT_THAT(draft.sidecar.input.mean, ElementsAre(103.939F, 116.779F, 123.68F));
  const std::string text = FormatDraft(draft);
  EXPECT_THAT(text, HasSubstr("Caffe mean, by the check: 57 of 60 images are right"));
  EXPECT_THAT(text, HasSubstr("\n# Caffe mean "));
  EXPECT_THAT(text, HasSubstr("95.0 %<\n"));
}

TEST(SidecarDraft, IsSoundWhateverTheNames) {
  PlannedModel model = Model();
  model.path = "a\nlabels = []\n.h5";
  LabelSource labels;
  for (int i = 0; i < 40; ++i) labels.labels.push_back(fmt::format("\"{}\\ {}", i, "x#y"));
  labels.source = "a\n[input]";
  const SidecarDraft draft = MakeDraft(model, 40, GuessOf(datasets::kPixels), labels);
  ExpectReads(draft);
  EXPECT_THAT(FormatDraft(draft), HasSubstr("labels = [\n"));
}

}  // namespace
}  // namespace qbench::plan
