// Real models that other converters wrote, against the outputs of the Keras model that they come
// from (four images each).
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "graph/tflite_reader.h"
#include "single_op.h"
#include "tests/graph/peer_files.h"

namespace qbench::kernels {
namespace {

Bytes ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The float32 values of a .npy file of version 1: 10 bytes, a header of that length, the data.
std::vector<float> ReadNpy(const std::filesystem::path& path) {
  const Bytes bytes = ReadBytes(path);
  if (bytes.size() < 10) return {};
  const size_t begin = 10 + LoadUnaligned<uint16_t>(ByteSpan(bytes).subspan(8));
  std::vector<float> values((bytes.size() - begin) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(float));
  return values;
}

// How far a scheme may be from the float model it comes from.
double ToleranceOf(const std::string& file) {
  if (file.find("tf_float.") != std::string::npos) return 1e-5;
  if (file.find("tf_float16") != std::string::npos) return 2e-3;
  if (file.find("tf_qat") != std::string::npos) return 1.0;  // trained on: other weights
  return 0.07;
}

template <typename T>
void FillQuantized(std::span<uint8_t> to, const float* from, const graph::Quantization& q) {
  for (size_t i = 0; i < to.size() / sizeof(T); ++i) {
    const T value = QuantizedOf<T>(static_cast<double>(from[i]), q);
    std::memcpy(to.data() + i * sizeof(T), &value, sizeof(T));
  }
}

void Fill(const graph::Tensor& tensor, std::span<uint8_t> to, const float* from) {
  if (tensor.type == graph::DataType::kInt8) {
    FillQuantized<int8_t>(to, from, *tensor.quantization);
  } else {
    std::memcpy(to.data(), from, to.size());
  }
}

double Value(const graph::Tensor& tensor, std::span<const uint8_t> data, size_t i) {
  if (tensor.type == graph::DataType::kInt8) {
    const auto q = static_cast<int8_t>(data[i]);
    return static_cast<double>(tensor.quantization->scales[0]) *
           static_cast<double>(q - tensor.quantization->zero_points[0]);
  }
  return static_cast<double>(LoadUnaligned<float>(data.subspan(i * sizeof(float))));
}

void CheckAgainstKeras(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const std::string file = path.filename().string();
  const std::string stem = file.substr(0, file.find('.'));
  const auto x = ReadNpy(path.parent_path() / (stem + ".check_x.npy"));
  const auto y = ReadNpy(path.parent_path() / (stem + ".check_y.npy"));
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
  ASSERT_EQ(x.size() / pixels, y.size() / classes);
  ASSERT_GE(x.size(), pixels);
  for (size_t image = 0; image < x.size() / pixels; ++image) {
    Fill(in, interpreter->TensorData(in_id), x.data() + image * pixels);
    ASSERT_TRUE(interpreter->Invoke().ok());
    for (size_t c = 0; c < classes; ++c) {
      ASSERT_NEAR(Value(out, interpreter->TensorData(out_id), c), y[image * classes + c],
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
