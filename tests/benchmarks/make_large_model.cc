// Writes a Keras .h5 file with so many megabytes (10^6 bytes) of float weights, and its sidecar
// FILE.toml: for memory alone, as its weights are random. It sees 64 x 64 RGB images and tells six
// classes.
//
//     make_large_model OUT.h5 dense|conv MEGABYTES
//
// `dense`: one fully connected layer has nearly all of them. `conv`: they lie in 3 x 3 convolutions
// of 512 channels with batch normalization, 9.4 MB each.
#include <fmt/format.h>
#include <hdf5.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace qbench {
namespace {

constexpr hsize_t kSide = 64;
constexpr hsize_t kClasses = 6;

struct Variable {
  std::string name;  // "kernel"
  std::vector<hsize_t> shape;
};

struct Layer {
  std::string name;
  Json config;  // class_name and config, as Keras writes them
  std::vector<Variable> variables = {};
};

class Maker {
 public:
  explicit Maker(const char* file)
      : file_(H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {
    Add("image", "InputLayer", {{"batch_input_shape", {nullptr, kSide, kSide, 3}}}, {});
  }
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;
  ~Maker() { H5Fclose(file_); }

  void Dense(uint64_t weights) {
    Convolution(3, 16, 4);
    const hsize_t features = kSide / 4 * (kSide / 4) * 16;
    const hsize_t units = weights / features;
    Add("flatten", "Flatten", Json::object(), {});
    FullyConnected("large", features, units, "relu");
    FullyConnected("classes", units, kClasses, "softmax");
  }

  void Convolutions(uint64_t weights) {
    constexpr hsize_t kChannels = 512;
    Convolution(3, 32, 4);
    Convolution(32, kChannels, 4);
    const uint64_t layers = weights / (9 * kChannels * kChannels);
    for (uint64_t i = 0; i < layers; ++i) Convolution(kChannels, kChannels, 1);
    Add("mean", "GlobalAveragePooling2D", Json::object(), {});
    FullyConnected("classes", kChannels, kClasses, "softmax");
  }

  bool Write() {
    const Json config = {{"class_name", "Sequential"},
                         {"config", {{"name", "large"}, {"layers", layers_json_}}}};
    Text(file_, "keras_version", {"2.13.1"}, /*scalar=*/true);
    Text(file_, "model_config", {DumpJson(config)}, /*scalar=*/true);
    const hid_t weights = Group(file_, "model_weights");
    std::vector<std::string> names;
    for (const Layer& layer : layers_) names.push_back(layer.name);
    Text(weights, "layer_names", names, /*scalar=*/false);
    for (const Layer& layer : layers_) WriteLayer(weights, layer);
    H5Gclose(weights);
    return good_;
  }

 private:
  void Add(const std::string& name, const char* class_name, Json config,
           std::vector<Variable> variables) {
    config["name"] = name;
    config["dtype"] = "float32";
    layers_json_.push_back({{"class_name", class_name}, {"config", config}});
    layers_.push_back({name, {}, std::move(variables)});
  }

  void Convolution(hsize_t from, hsize_t to, hsize_t stride) {
    const size_t number = layers_.size();
    Add(fmt::format("conv{}", number), "Conv2D",
        {{"filters", to},
         {"kernel_size", {3, 3}},
         {"strides", {stride, stride}},
         {"padding", "same"},
         {"use_bias", false}},
        {{"kernel", {3, 3, from, to}}});
    Add(fmt::format("norm{}", number), "BatchNormalization", {{"axis", {3}}},
        {{"gamma", {to}}, {"beta", {to}}, {"moving_mean", {to}}, {"moving_variance", {to}}});
    Add(fmt::format("relu{}", number), "ReLU", {{"max_value", 6.0}}, {});
  }

  void FullyConnected(const char* name, hsize_t from, hsize_t to, const char* activation) {
    Add(name, "Dense", {{"units", to}, {"activation", activation}},
        {{"kernel", {from, to}}, {"bias", {to}}});
  }

  hid_t Group(hid_t parent, const std::string& name) {
    const hid_t group = H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    good_ = good_ && group >= 0;
    return group;
  }

  void Text(hid_t owner, const char* name, const std::vector<std::string>& texts, bool scalar) {
    size_t longest = 1;
    for (const std::string& text : texts) longest = std::max(longest, text.size());
    std::string padded;
    for (std::string text : texts) {
      text.resize(longest, '\0');
      padded += text;
    }
    // Attributes are at most 64 KiB, but for those of variable length.
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, scalar ? H5T_VARIABLE : longest);
    const hsize_t count = texts.size();
    const hid_t space = scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr);
    const hid_t attribute = H5Acreate2(owner, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const char* text = padded.c_str();
    const void* data = scalar ? static_cast<const void*>(&text) : padded.data();
    good_ = good_ && H5Awrite(attribute, type, data) >= 0;
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
  }

  void WriteLayer(hid_t weights, const Layer& layer) {
    const hid_t group = Group(weights, layer.name);
    std::vector<std::string> names;
    for (const Variable& variable : layer.variables) {
      names.push_back(layer.name + "/" + variable.name + ":0");
    }
    Text(group, "weight_names", names, /*scalar=*/false);
    if (!layer.variables.empty()) {
      const hid_t inner = Group(group, layer.name);
      for (const Variable& variable : layer.variables) WriteValues(inner, variable);
      H5Gclose(inner);
    }
    H5Gclose(group);
  }

  void WriteValues(hid_t group, const Variable& variable) {
    size_t count = 1;
    for (const hsize_t dimension : variable.shape) count *= dimension;
    // Of a size that keeps activations from growing.
    const float limit = variable.shape.size() == 1
                            ? 0.1F
                            : 2.5F / std::sqrt(static_cast<float>(count / variable.shape.back()));
    const bool scale = variable.name == "gamma" || variable.name == "moving_variance";
    std::vector<float> values(count);
    for (float& value : values) {
      const float random = static_cast<float>(random_()) / static_cast<float>(random_.max());
      value = limit * (2.0F * random - 1.0F) + (scale ? 1.0F : 0.0F);
    }
    const hid_t space =
        H5Screate_simple(static_cast<int>(variable.shape.size()), variable.shape.data(), nullptr);
    const hid_t data = H5Dcreate2(group, (variable.name + ":0").c_str(), H5T_NATIVE_FLOAT, space,
                                  H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    good_ = good_ &&
            H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0;
    H5Dclose(data);
    H5Sclose(space);
  }

  hid_t file_;
  bool good_ = true;
  Json layers_json_ = Json::array();
  std::vector<Layer> layers_;
  std::minstd_rand random_{1};
};

Status Make(const std::string& file, std::string_view kind, int megabytes) {
  if (megabytes < 1 || megabytes > 1500 || (kind != "dense" && kind != "conv")) {
    return Error(StatusCode::kInvalidArgument, "dense or conv, and 1 to 1500 megabytes");
  }
  const uint64_t weights = static_cast<uint64_t>(megabytes) * 1'000'000 / sizeof(float);
  Maker maker(file.c_str());
  if (kind == "dense") {
    maker.Dense(weights);
  } else {
    maker.Convolutions(weights);
  }
  if (!maker.Write()) return Error(StatusCode::kIo, "cannot write {}", file);
  const std::string sidecar = fmt::format(
      "labels = [\"buildings\", \"forest\", \"glacier\", \"mountain\", \"sea\", \"street\"]\n\n"
      "[input]\nwidth = {}\nheight = {}\nchannels = \"RGB\"\nresize = \"pil-bilinear\"\n"
      "mean = [0.0, 0.0, 0.0]\nstd = [255.0, 255.0, 255.0]\n",
      kSide, kSide);
  return WriteFileAtomically(file + ".toml", sidecar);
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: make_large_model OUT.h5 dense|conv MEGABYTES\n", stderr);
    return 2;
  }
  const qbench::Status status = qbench::Make(argv[1], argv[2], std::atoi(argv[3]));
  if (status.ok()) return 0;
  fmt::print(stderr, "make_large_model: {}\n", status.message());
  return 2;
}
