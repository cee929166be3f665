// The images that stand beside the peers' models with the answers of the Keras models that they
// come from, and such models' inputs and outputs as numbers.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "single_op.h"

namespace qbench::kernels {

inline Bytes ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The float32 values of a .npy file of version 1: 10 bytes, a header of that length, the data.
inline std::vector<float> ReadNpy(const std::filesystem::path& path) {
  const Bytes bytes = ReadBytes(path);
  if (bytes.size() < 10) return {};
  const size_t begin = 10 + LoadUnaligned<uint16_t>(ByteSpan(bytes).subspan(8));
  std::vector<float> values((bytes.size() - begin) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(float));
  return values;
}

template <typename T>
void FillQuantized(std::span<uint8_t> to, const float* from, const graph::Quantization& q) {
  for (size_t i = 0; i < to.size() / sizeof(T); ++i) {
    const T value = QuantizedOf<T>(static_cast<double>(from[i]), q);
    std::memcpy(to.data() + i * sizeof(T), &value, sizeof(T));
  }
}

inline void Fill(const graph::Tensor& tensor, std::span<uint8_t> to, const float* from) {
  if (tensor.type == graph::DataType::kInt8) {
    FillQuantized<int8_t>(to, from, *tensor.quantization);
  } else {
    std::memcpy(to.data(), from, to.size());
  }
}

inline double Value(const graph::Tensor& tensor, std::span<const uint8_t> data, size_t i) {
  if (tensor.type == graph::DataType::kInt8) {
    const auto q = static_cast<int8_t>(data[i]);
    return static_cast<double>(tensor.quantization->scales[0]) *
           static_cast<double>(q - tensor.quantization->zero_points[0]);
  }
  return static_cast<double>(LoadUnaligned<float>(data.subspan(i * sizeof(float))));
}

// `<model>.check_x.npy` and `.check_y.npy` beside `<model>.<scheme>.tflite`.
struct CheckImages {
  std::vector<float> x, y;
  size_t count = 0, pixels = 0, classes = 0;

  const float* Input(size_t image) const { return x.data() + image * pixels; }
  float Score(size_t image, size_t c) const { return y[image * classes + c]; }
};

inline CheckImages ReadCheckImages(const std::filesystem::path& tflite, size_t pixels,
                                   size_t classes) {
  const std::string file = tflite.filename().string();
  const std::string stem = file.substr(0, file.find('.'));
  CheckImages images;
  images.x = ReadNpy(tflite.parent_path() / (stem + ".check_x.npy"));
  images.y = ReadNpy(tflite.parent_path() / (stem + ".check_y.npy"));
  images.pixels = pixels;
  images.classes = classes;
  images.count = images.x.size() / pixels;
  return images;
}

}  // namespace qbench::kernels
