// Real models that other converters wrote, against the outputs of the Keras model that they come
// from (four images each).
#include <gtest/gtest.h>

#include "graph/tflite/tflite_reader.h"
#include "peer_images.h"
#include "tests/graph/peer_files.h"

namespace qbench::kernels {
namespace {

// How far a scheme may be from the float model it comes from.
double ToleranceOf(const std::string& file) {
  if (file.find("tf_float.") != std::string::npos) return 1e-5;
  if (file.find("tf_float16") != std::string::npos) return 2e-3;
  if (file.find("tf_qat") != std::string::npos) return 1.0;  // trained on: other weights
  return 0.07;
}

void CheckAgainstKeras(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const std::string file = path.filename().string();
  auto read = graph::ReadTflite(std::make_shared<Bytes>(ReadBytes(path)));
  ASSERT_TRUE(read.ok()) << read.status().message();
  const auto model = std::make_shared<graph::Model>(std::move(*read));
  auto interpreter = Interpreter::Create(model);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();

  const graph::TensorId in_id = model->graph.inputs[0];
  const graph::TensorId out_id = model->graph.outputs[0];
  const graph::Tensor& in = model->graph.tensors[static_cast<size_t>(in_id)];
  const graph::Tensor& out = model->graph.tensors[static_cast<size_t>(out_id)];
  const auto pixels = static_cast<size_t>(graph::ElementCount(in.shape));
  const auto classes = static_cast<size_t>(graph::ElementCount(out.shape));
  const CheckImages images = ReadCheckImages(path, pixels, classes);
  ASSERT_EQ(images.count, images.y.size() / classes);
  ASSERT_GE(images.count, 1U);
  for (size_t image = 0; image < images.count; ++image) {
    Fill(in, interpreter->TensorData(in_id), images.Input(image));
    ASSERT_TRUE(interpreter->Invoke().ok());
    for (size_t c = 0; c < classes; ++c) {
      ASSERT_NEAR(Value(out, interpreter->TensorData(out_id), c), images.Score(image, c),
                  ToleranceOf(file))
          << "image " << image << ", class " << c;
    }
  }
}

TEST(PeerModels, AgreeWithKeras) {
  const auto files = graph::PeerTfliteFiles();
  if (files.empty()) GTEST_SKIP() << graph::kNoPeers;
  for (const auto& path : files) CheckAgainstKeras(path);
}

}  // namespace
}  // namespace qbench::kernels
