// Reads the models that TensorFlow's converter and other tools wrote, and writes them again.
#include <memory>
#include <set>

#include "base/files.h"
#include "gmock/gmock.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/graph/peer_files.h"

namespace qbench::graph {
namespace {

class PeersTest : public testing::Test {
 protected:
  void SetUp() override {
    files_ = PeerTfliteFiles();
    if (files_.empty()) GTEST_SKIP() << kNoPeers;
  }

  static std::shared_ptr<const Bytes> Read(const std::filesystem::path& path) {
    Result<Bytes> bytes = ReadFile(path);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    return std::make_shared<const Bytes>(std::move(bytes).value());
  }

  std::vector<std::filesystem::path> files_;
};

TEST_F(PeersTest, EveryFileReadsValidatesAndComesBackEqual) {
  for (const std::filesystem::path& path : files_) {
    SCOPED_TRACE(path.filename());
    const std::shared_ptr<const Bytes> bytes = Read(path);
    const Result<Model> model = ReadTflite(bytes);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_TRUE(Validate(*model).ok());
    EXPECT_GT(model->graph.ops.size(), 5U);
    ASSERT_TRUE(model->signature.has_value());
    EXPECT_EQ(model->signature->key, "serving_default");

    const Result<Bytes> written = WriteTflite(*model);
    ASSERT_TRUE(written.ok()) << written.status().message();
    EXPECT_LE(written->size(), bytes->size());
    const Result<Model> again = ReadTflite(std::make_shared<const Bytes>(*written));
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_TRUE(*again == *model);
    EXPECT_EQ(*WriteTflite(*again), *written);
  }
}

TEST_F(PeersTest, ConstantsAreNotCopied) {
  const std::shared_ptr<const Bytes> bytes = Read(files_.front());
  const Result<Model> model = ReadTflite(bytes);
  ASSERT_TRUE(model.ok());
  for (const Tensor& tensor : model->graph.tensors) {
    if (!tensor.constant) continue;
    EXPECT_GE(tensor.constant->bytes().data(), bytes->data());
    EXPECT_LE(tensor.constant->bytes().data(), bytes->data() + bytes->size());
  }
}

TEST_F(PeersTest, InspectAgreesWithTheReader) {
  for (const std::filesystem::path& path : files_) {
    SCOPED_TRACE(path.filename());
    const std::shared_ptr<const Bytes> bytes = Read(path);
    const Result<TfliteInfo> info = InspectTflite(*bytes);
    const Result<Model> model = ReadTflite(bytes);
    ASSERT_TRUE(info.ok()) << info.status().message();
    ASSERT_TRUE(model.ok());
    EXPECT_EQ(info->description, model->description);
    EXPECT_EQ(info->subgraphs, 1);
    ASSERT_EQ(static_cast<size_t>(info->operators), model->graph.ops.size());
    for (size_t i = 0; i < model->graph.ops.size(); ++i) {
      EXPECT_EQ(info->operator_names[i], OpKindName(model->graph.ops[i].kind));
    }
    ASSERT_EQ(info->inputs.size(), 1U);
    const Tensor& input = model->graph.tensors[static_cast<size_t>(model->graph.inputs[0])];
    EXPECT_EQ(info->inputs[0].name, input.name);
    EXPECT_EQ(info->inputs[0].type, input.type);
    EXPECT_EQ(info->inputs[0].shape, input.shape);
    EXPECT_EQ(info->inputs[0].quantization, input.quantization);
  }
}

}  // namespace
}  // namespace qbench::graph
