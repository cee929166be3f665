#include "harness/worker/classifier_io.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"

namespace qbench::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

host::TensorInfo Tensor(qbench_type type, float scale = 0, int32_t zero_point = 0) {
  return {.name = "t", .type = type, .dims = {1, 4}, .scale = scale, .zero_point = zero_point};
}

std::vector<int> Int8Input(const host::TensorInfo& input, const std::vector<float>& values) {
  Bytes bytes(values.size());
  WriteModelInput(input, values, bytes);
  std::vector<int> result;
  for (const uint8_t byte : bytes) {
    result.push_back(input.type == QBENCH_INT8 ? static_cast<int8_t>(byte) : byte);
  }
  return result;
}

TEST(WriteModelInput, QuantizesAsTheKernelsDo) {
  // Halves go to the even number before the zero point is added; what is outside is clamped.
  EXPECT_THAT(Int8Input(Tensor(QBENCH_INT8, 1, 1), {0.5F, 1.5F, -0.5F, 300}),
              ElementsAre(1, 3, 1, 127));
  EXPECT_THAT(Int8Input(Tensor(QBENCH_INT8, 0.5F, -128), {0, 127.5F, -1, 64}),
              ElementsAre(-128, 127, -128, 0));
  EXPECT_THAT(Int8Input(Tensor(QBENCH_UINT8, 1.0F / 128, 128), {-1, 0, 0.9921875F, 1}),
              ElementsAre(0, 128, 255, 255));
  // x * (1 / s), which is not always x / s: 0.1 / 0.1 is 1, 5 * (1 / 10) 0.5.
  EXPECT_THAT(Int8Input(Tensor(QBENCH_INT8, 10, 0), {5, 15, 25, -15}), ElementsAre(0, 2, 2, -2));
}

TEST(WriteModelInput, CopiesFloats) {
  Bytes bytes(8);
  const std::vector<float> values = {1.5F, -2};
  WriteModelInput(Tensor(QBENCH_FLOAT32), values, bytes);
  EXPECT_EQ(LoadUnaligned<float>(bytes), 1.5F);
}

host::TensorInfo Image(qbench_type type, std::vector<int32_t> dims, float scale = 0) {
  return {.name = "t", .type = type, .dims = std::move(dims), .scale = scale};
}

TEST(CheckModelInput, NamesWhatDoesNotFit) {
  const std::vector<int32_t> dims = {1, 4, 8, 3};
  const host::TensorInfo sample = Image(QBENCH_FLOAT32, dims);
  EXPECT_TRUE(CheckModelInput(sample, sample).ok());
  EXPECT_TRUE(CheckModelInput(Image(QBENCH_INT8, dims, 0.1F), sample).ok());
  EXPECT_THAT(CheckModelInput(Image(QBENCH_INT8, dims), sample).message(),
              HasSubstr("without a scale"));
  EXPECT_EQ(CheckModelInput(Image(QBENCH_INT64, dims), sample).code(), StatusCode::kUnsupported);
  EXPECT_THAT(CheckModelInput(Image(QBENCH_FLOAT32, {1, 8, 8, 3}), sample).message(),
              HasSubstr("[1, 8, 8, 3], its sidecar's [input] makes [1, 4, 8, 3]"));
  for (const std::vector<int32_t>& other : {std::vector<int32_t>{1, 3, 4, 8}, {-1, 4, 8, 3}}) {
    EXPECT_EQ(CheckModelInput(Image(QBENCH_FLOAT32, other), sample).code(),
              StatusCode::kUnsupported);
  }
}

TEST(CheckModelOutput, WantsOneScoreAClass) {
  EXPECT_TRUE(CheckModelOutput(Tensor(QBENCH_FLOAT32), 4).ok());
  EXPECT_TRUE(CheckModelOutput(Image(QBENCH_INT8, {1, 1}, 1.0F / 256), 2).ok());
  EXPECT_THAT(CheckModelOutput(Image(QBENCH_FLOAT32, {1, 1}), 3).message(),
              HasSubstr("one output, which tells two classes apart, the data set has 3 classes"));
  EXPECT_EQ(CheckModelOutput(Tensor(QBENCH_INT8), 4).code(), StatusCode::kUnsupported);
}

TEST(Predict, OneScoreIsTheProbabilityOfTheSecondClass) {
  const auto predict = [](std::vector<float> scores) { return Predict(scores); };
  EXPECT_EQ(predict({0.75F}).output, 1);
  EXPECT_EQ(predict({0.75F}).confidence, 0.75F);
  EXPECT_EQ(predict({0.5F}).output, 0);
  EXPECT_EQ(predict({0.25F}).output, 0);
  EXPECT_EQ(predict({0.25F}).confidence, 0.75F);
  EXPECT_EQ(predict({std::nanf("")}).output, -1);
  EXPECT_EQ(predict({0.1F, 0.7F, 0.2F}).output, 1);
  EXPECT_EQ(predict({0.1F, 0.7F, 0.2F}).confidence, 0.7F);
  EXPECT_EQ(predict({0.1F, std::nanf("")}).output, -1);
  EXPECT_EQ(predict({}).output, -1);
}

TEST(CheckScores, RefusesOneScoreThatIsNoProbability) {
  EXPECT_TRUE(CheckScores(std::vector<float>{0}).ok());
  EXPECT_TRUE(CheckScores(std::vector<float>{1}).ok());
  EXPECT_TRUE(CheckScores(std::vector<float>{-3, 8}).ok());
  for (const float logit : {-0.5F, 1.5F}) {
    EXPECT_THAT(CheckScores(std::vector<float>{logit}).message(),
                HasSubstr("end the model with a sigmoid"));
  }
}

TEST(ReadScores, Dequantizes) {
  const Bytes bytes = {0, 127, 128, 255};
  EXPECT_THAT(ReadScores(Tensor(QBENCH_INT8, 0.5F, -128), bytes),
              ElementsAre(64, 127.5F, 0, 63.5F));
  EXPECT_THAT(ReadScores(Tensor(QBENCH_UINT8, 2, 1), bytes), ElementsAre(-2, 252, 254, 508));
  EXPECT_THAT(ReadScores(Tensor(QBENCH_INT16, 1), bytes), ElementsAre(32512, -128));
}

TEST(HighestScore, TakesTheLowestOfEqualOnesAndNoNaN) {
  EXPECT_EQ(HighestScore(std::vector<float>{0, 3, 3, 1}), 1);
  EXPECT_EQ(HighestScore(std::vector<float>{-5}), 0);
  EXPECT_EQ(HighestScore(std::vector<float>{0, std::nanf(""), 9}), -1);
  EXPECT_EQ(HighestScore(std::vector<float>{std::nanf(""), 9}), -1);
  EXPECT_EQ(HighestScore({}), -1);
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(HighestScore(std::vector<float>{-infinity, infinity}), 1);
}

}  // namespace
}  // namespace qbench::worker
