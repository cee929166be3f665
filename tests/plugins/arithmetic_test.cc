// `reference:arithmetic=M` against `litert:kernels=M`, byte for byte and tensor by tensor.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "graph/operators.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/checks/random_operator.h"
#include "tests/graph/peer_files.h"
#include "tests/plugins/runtime_comparison.h"

namespace qbench {
namespace {

constexpr const char* kModes[] = {"reference", "builtin", "xnnpack"};

// Without LiteRT there is nothing to compare with; that is said, or fails where it is not meant.
class Arithmetic : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = WhyNoLitert();
    if (reason.empty()) return;
    const char* allowed = std::getenv("QBENCH_ALLOW_NO_LITERT");
    if (allowed != nullptr && std::string_view(allowed) == "1") GTEST_SKIP() << reason;
    FAIL() << reason << " (QBENCH_ALLOW_NO_LITERT=1 skips this)";
  }
};

// Nothing but integers between QUANTIZE and DEQUANTIZE.
bool IsIntegerModel(const graph::Model& model) {
  return std::ranges::all_of(model.graph.ops, [&](const graph::Op& op) {
    const auto type = [&](graph::TensorId id) {
      return model.graph.tensors[static_cast<size_t>(id)].type;
    };
    const bool floats = type(op.inputs[0]) == graph::DataType::kFloat32 &&
                        type(op.outputs[0]) == graph::DataType::kFloat32;
    return !floats && type(op.inputs[0]) != graph::DataType::kFloat16;
  });
}

Result<graph::Model> ReadModel(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return graph::ReadTflite(std::make_shared<const Bytes>(std::istreambuf_iterator<char>(file),
                                                         std::istreambuf_iterator<char>()));
}

// Compares every tensor for one random image, and gives `check` what it found.
template <typename Check>
void CompareInMode(const std::filesystem::path& path, const graph::Model& model, const char* mode,
                   Check&& check) {
  graph::Random random(7);
  const graph::TensorId x = model.graph.inputs[0];
  const graph::Tensor& tensor = model.graph.tensors[static_cast<size_t>(x)];
  const Bytes input = graph::RandomValues(tensor.type, tensor.shape, random);
  SCOPED_TRACE(path.filename().string() + ", " + mode);
  const auto differences = CompareWithLitert(model, mode, {{input}});
  ASSERT_TRUE(differences.ok()) << differences.status().message();
  for (const TensorDifference& difference : *differences) {
    SCOPED_TRACE(fmt::format("{}: {} of {}, by up to {}", difference.op, difference.different,
                             difference.elements, difference.largest));
    ASSERT_NO_FATAL_FAILURE(check(difference));
  }
}
template <typename Check>
void CompareInEveryMode(const std::filesystem::path& path, const graph::Model& model,
                        Check&& check) {
  for (const char* mode : kModes) {
    ASSERT_NO_FATAL_FAILURE(CompareInMode(path, model, mode, check));
  }
}

TEST_F(Arithmetic, EveryTensorOfPeersIntegerModelsIsLitert) {
  const auto files = graph::PeerTfliteFiles("mbv2");
  if (files.empty()) GTEST_SKIP() << graph::kNoPeers;
  size_t compared = 0;
  for (const auto& path : files) {
    const auto model = ReadModel(path);
    ASSERT_TRUE(model.ok()) << model.status().message();
    if (!IsIntegerModel(*model)) continue;
    ASSERT_NO_FATAL_FAILURE(CompareInEveryMode(
        path, *model,
        [](const TensorDifference& difference) { ASSERT_EQ(difference.different, 0); }));
    ++compared;
  }
  EXPECT_GE(compared, 3U);
}

// Dynamic range with every layer's weights in int8: what is float in between (the mean and the
// softmax) may differ in its last bit, and nothing else.
TEST_F(Arithmetic, EveryLayerOfPeersDynamicRangeModelsIsLitert) {
  size_t compared = 0;
  for (const char* name : {"mbv2", "intelcnn"}) {
    for (const auto& path : graph::PeerTfliteFiles(name)) {
      if (path.filename().string().find("aeq_dynamic") == std::string::npos) continue;
      const auto model = ReadModel(path);
      ASSERT_TRUE(model.ok()) << model.status().message();
      ASSERT_NO_FATAL_FAILURE(
          CompareInEveryMode(path, *model, [](const TensorDifference& difference) {
            const bool sums =
                difference.op.starts_with("MEAN") || difference.op.starts_with("SOFTMAX");
            if (sums) {
              ASSERT_LE(difference.largest, 1e-6);
            } else {
              ASSERT_EQ(difference.different, 0);
            }
          }));
      ++compared;
    }
  }
  if (compared == 0) GTEST_SKIP() << graph::kNoPeers;
}

// Float layers add up in XNNPACK's order; a last bit's difference in the mean spreads from there
// on.
TEST_F(Arithmetic, FloatLayersOfPeersModelsAreXnnpacks) {
  size_t compared = 0;
  for (const char* file : {"mbv2_035_96.tf_float.tflite", "mbv2_035_96.tf_dyn_default.tflite",
                           "intelcnn.tf_dyn_default.tflite"}) {
    for (const auto& path : graph::PeerTfliteFiles(file)) {
      const auto model = ReadModel(path);
      ASSERT_TRUE(model.ok()) << model.status().message();
      bool exact = true;
      ASSERT_NO_FATAL_FAILURE(
          CompareInMode(path, *model, "xnnpack", [&exact](const TensorDifference& difference) {
            const std::string& op = difference.op;
            exact = exact && !op.starts_with("MEAN") && !op.starts_with("SOFTMAX");
            if (exact) {
              ASSERT_EQ(difference.different, 0);
            } else {
              ASSERT_LE(difference.largest, 1e-5);
            }
          }));
      ++compared;
    }
  }
  if (compared == 0) GTEST_SKIP() << graph::kNoPeers;
  EXPECT_EQ(compared, 3U);
}

std::vector<Bytes> RandomInputs(const graph::Model& model, graph::Random& random) {
  std::vector<Bytes> inputs;
  for (const graph::TensorId id : model.graph.inputs) {
    const graph::Tensor& tensor = model.graph.tensors[static_cast<size_t>(id)];
    inputs.push_back(graph::RandomValues(tensor.type, tensor.shape, random));
  }
  return inputs;
}

// The exceptions that docs/runtimes.md names: how many steps an output may be off; else 0.
double BoundOf(const graph::Model& model, std::string_view mode) {
  if (mode == "reference") return 0.0;
  const graph::Tensor& x = model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])];
  const graph::OpKind kind = model.graph.ops[0].kind;
  const bool sigmoid = kind == graph::OpKind::kLogistic || kind == graph::OpKind::kTanh;
  if (sigmoid && x.type == graph::DataType::kInt16) {
    const float scale = x.quantization->scales[0];
    return scale == std::exp2(std::round(std::log2(scale))) ? 16.0 : 0.0;
  }
  if (kind == graph::OpKind::kAdd && x.type == graph::DataType::kUInt8) {
    const graph::Tensor& other = model.graph.tensors[static_cast<size_t>(model.graph.inputs[1])];
    return x.shape == other.shape ? 0.0 : 1.0;
  }
  if (mode != "reference" && kind == graph::OpKind::kBatchMatMul) return 1.0;
  const bool of_one_step = sigmoid || kind == graph::OpKind::kMean || kind == graph::OpKind::kElu;
  if (mode == "xnnpack" && of_one_step) return 1.0;
  return 0.0;
}

// LiteRT's table of reference kernels has no ELU, and DEPTH_TO_SPACE of floats and uint8 alone.
bool LacksReference(graph::OpKind kind, graph::DataType type) {
  return kind == graph::OpKind::kElu ||
         (kind == graph::OpKind::kDepthToSpace && type == graph::DataType::kInt8);
}

// A model of one operator for each of `models` seeds, in each mode.
void ExpectLitertsBytes(graph::OpKind kind, graph::DataType type, graph::DataType to,
                        uint32_t models = 25) {
  for (const char* mode : kModes) {
    if (std::string_view(mode) == "reference" && LacksReference(kind, type)) continue;
    for (uint32_t seed = 0; seed < models; ++seed) {
      SCOPED_TRACE(fmt::format("{} {} -> {}, {}, seed {}", graph::OpKindName(kind),
                               graph::DataTypeName(type), graph::DataTypeName(to), mode, seed));
      graph::Random random(seed);
      graph::Random values(seed);
      const graph::Model model = graph::RandomOperator(kind, type, random, to);
      // The roundings of ADD differ in one output of 100,000.
      std::vector<std::vector<Bytes>> inputs(kind == graph::OpKind::kAdd ? 40 : 1);
      for (std::vector<Bytes>& run : inputs) run = RandomInputs(model, values);
      const auto differences = CompareWithLitert(model, mode, inputs);
      ASSERT_TRUE(differences.ok()) << differences.status().message();
      const TensorDifference& difference = (*differences)[0];
      if (const double bound = BoundOf(model, mode); bound > 0.0) {
        ASSERT_LE(difference.largest, bound);
        continue;
      }
      ASSERT_EQ(difference.different, 0)
          << "of " << difference.elements << ", by up to " << difference.largest;
    }
  }
}

TEST_F(Arithmetic, IntegerOperatorsAreLiterts) {
  using graph::DataType;
  using graph::OpKind;
  for (const DataType type : {DataType::kInt8, DataType::kUInt8, DataType::kInt16}) {
    for (const graph::OperatorInfo& op : graph::AllOperators()) {
      if (op.kind == OpKind::kQuantize) continue;  // below
      if (graph::HasKernel(op.kind, type)) ExpectLitertsBytes(op.kind, type, type);
    }
    ExpectLitertsBytes(OpKind::kQuantize, DataType::kFloat32, type);
    ExpectLitertsBytes(OpKind::kQuantize, type, DataType::kInt8);
    if (type == DataType::kInt16) continue;
    ExpectLitertsBytes(OpKind::kQuantize, type, DataType::kUInt8);
  }
}

// Scales so far apart that LiteRT does not give the operator to XNNPACK. (Its own ADD and MUL for
// x86 wrap where the output's scale is the smaller one by far.)
TEST_F(Arithmetic, WhatXnnpackDoesNotTakeIsLiterts) {
  using graph::DataType;
  using graph::OpKind;
  struct Case {
    OpKind kind;
    float ratio;  // scale of the first input, of MUL of both, to that of the output
  };
  for (const Case& c : {Case{OpKind::kAdd, 0x1p-11F}, Case{OpKind::kSub, 0x1p-11F},
                        Case{OpKind::kSub, 0x1p9F}, Case{OpKind::kMul, 0x1p-18F},
                        Case{OpKind::kLeakyRelu, 0x1p-9F}, Case{OpKind::kLeakyRelu, 0x1p8F}}) {
    for (uint32_t seed = 0; seed < 10; ++seed) {
      SCOPED_TRACE(fmt::format("{} by {}, seed {}", graph::OpKindName(c.kind), c.ratio, seed));
      graph::Random random(seed);
      graph::Model model = graph::RandomOperator(c.kind, DataType::kInt8, random);
      const auto scale = [&](graph::TensorId id) -> float& {
        return model.graph.tensors[static_cast<size_t>(id)].quantization->scales[0];
      };
      const graph::Op& op = model.graph.ops[0];
      const float input = scale(op.inputs[0]) * (c.kind == OpKind::kMul ? scale(op.inputs[1]) : 1);
      scale(op.outputs[0]) = input / c.ratio;
      const auto differences = CompareWithLitert(model, "xnnpack", {RandomInputs(model, random)});
      ASSERT_TRUE(differences.ok()) << differences.status().message();
      EXPECT_EQ((*differences)[0].different, 0)
          << "of " << (*differences)[0].elements << ", by up to " << (*differences)[0].largest;
    }
  }
}

// Up to where LiteRT's 32 bits hold a value times its multiplier.
TEST_F(Arithmetic, Int16SigmoidsOfWideInputsAreLiterts) {
  for (const graph::OpKind kind : {graph::OpKind::kLogistic, graph::OpKind::kTanh}) {
    for (const float scale : {2.5F, 3.0F, 5.3F}) {
      for (const char* mode : kModes) {
        SCOPED_TRACE(fmt::format("{} of scale {}, {}", graph::OpKindName(kind), scale, mode));
        graph::Random random(1);
        graph::Model model = graph::RandomOperator(kind, graph::DataType::kInt16, random);
        const auto input = static_cast<size_t>(model.graph.inputs[0]);
        model.graph.tensors[input].quantization->scales[0] = scale;
        const auto differences = CompareWithLitert(model, mode, {RandomInputs(model, random)});
        ASSERT_TRUE(differences.ok()) << differences.status().message();
        EXPECT_EQ((*differences)[0].different, 0);
      }
    }
  }
}

TEST_F(Arithmetic, DynamicRangeOperatorsAreLiterts) {
  using graph::DataType;
  using graph::OpKind;
  for (const OpKind kind : {OpKind::kConv2D, OpKind::kDepthwiseConv2D, OpKind::kFullyConnected}) {
    ExpectLitertsBytes(kind, DataType::kFloat32, DataType::kFloat32, /*models=*/200);
  }
}

TEST_F(Arithmetic, FloatLayersAreXnnpacks) {
  using graph::OpKind;
  for (const OpKind kind : {OpKind::kConv2D, OpKind::kDepthwiseConv2D, OpKind::kFullyConnected}) {
    for (uint32_t seed = 0; seed < 200; ++seed) {
      SCOPED_TRACE(fmt::format("{} seed {}", graph::OpKindName(kind), seed));
      graph::Random random(seed);
      const graph::Model model = graph::RandomOperator(kind, graph::kOperatorTypes[0], random);
      const auto differences = CompareWithLitert(model, "xnnpack", {RandomInputs(model, random)});
      ASSERT_TRUE(differences.ok()) << differences.status().message();
      EXPECT_EQ((*differences)[0].different, 0)
          << "of " << (*differences)[0].elements << ", by up to " << (*differences)[0].largest;
    }
  }
}

}  // namespace
}  // namespace qbench
