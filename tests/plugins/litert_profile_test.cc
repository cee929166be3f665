// The profile of the `litert` plugin: what is delegated, in which partitions, and that every
// operator is accounted for. Nothing here looks at times.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "base/aligned_bytes.h"
#include "base/files.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/host/plugin_host.h"
#include "harness/host/plugin_library.h"
#include "quantize/weights/dynamic_weights.h"
#include "tests/graph/peer_files.h"
#include "tests/quantize/tiny_models.h"

namespace qbench {
namespace {

using ::testing::IsEmpty;

// What a profile says of a model.
struct Seen {
  std::string delegate;
  std::map<std::string, int> undelegated;  // kind → operators
  std::set<int32_t> partitions;
  int operators = 0;
  int without_step = 0;  // operators without time of their own
  int unassigned = 0;    // steps that belong to no operator
};

class LitertProfile : public ::testing::Test {
 protected:
  void SetUp() override {
    auto library = host::PluginLibrary::Load(QBENCH_BINARY_DIR "/lib/qbench/plugins/litert.so");
    ASSERT_TRUE(library.ok()) << library.status().message();
    library_ = *library;
    const Status here = library_->ProbeRuntime("litert");
    if (here.ok()) return;
    const char* allowed = std::getenv("QBENCH_ALLOW_NO_LITERT");
    if (allowed != nullptr && std::string_view(allowed) == "1") GTEST_SKIP() << here.message();
    FAIL() << here.message() << " (QBENCH_ALLOW_NO_LITERT=1 skips this)";
  }

  // Loads, profiles three inferences on zeros and checks the contract.
  Result<Seen> Profile(ByteSpan file, const std::string& kernels) {
    const AlignedBytes model{file};
    QB_ASSIGN_OR_RETURN(const graph::TfliteInfo info, graph::InspectTflite(file));
    QB_ASSIGN_OR_RETURN(host::Runtime runtime, library_->CreateRuntime("litert", host_.host()));
    const host::Option option{"kernels", kernels};
    QB_RETURN_IF_ERROR(runtime.Init({&option, 1}, 1));
    QB_RETURN_IF_ERROR(runtime.EnableProfile());
    QB_RETURN_IF_ERROR(runtime.Load(model.span()));
    const Bytes zeros(runtime.inputs()[0].ByteSize());
    QB_RETURN_IF_ERROR(runtime.SetInput(0, zeros));
    Seen seen;
    std::vector<std::string> names;
    for (int run = 0; run < 3; ++run) {
      QB_RETURN_IF_ERROR(runtime.Invoke());
      QB_ASSIGN_OR_RETURN(const host::Profile profile, runtime.ReadProfile());
      EXPECT_EQ(profile.resolution_ns, 1000U);
      std::vector<std::string> again;
      for (const host::ProfileEvent& event : profile.events) again.push_back(event.name);
      if (run == 0) names = again;
      EXPECT_EQ(again, names);
      seen = Look(profile, info);
    }
    return seen;
  }

  static Seen Look(const host::Profile& profile, const graph::TfliteInfo& info) {
    Seen seen;
    seen.delegate = profile.delegate;
    std::map<int32_t, int> events_of;
    for (const host::ProfileEvent& event : profile.events) {
      if (event.partition >= 0) seen.partitions.insert(event.partition);
      if (event.op < 0) {
        ++seen.unassigned;
        continue;
      }
      EXPECT_LT(event.op, info.operators);
      if (++events_of[event.op] > 1) continue;
      ++seen.operators;
      if (event.name.empty()) ++seen.without_step;
      if (event.partition < 0) {
        ++seen.undelegated[info.operator_names[static_cast<size_t>(event.op)]];
      }
    }
    EXPECT_EQ(events_of.size(), static_cast<size_t>(info.operators));
    return seen;
  }

  // Of a file of other converters, beside the clone; empty where it is not there.
  static Bytes Peer(const std::string& name) {
    for (const std::filesystem::path& path : graph::PeerTfliteFiles(name)) {
      if (path.stem() == name) return *ReadFile(path);
    }
    return {};
  }

  std::shared_ptr<host::PluginLibrary> library_;
  host::PluginHost host_{"litert", {}};
};

struct Expected {
  const char* file;
  std::map<std::string, int> undelegated;
  size_t partitions;
};

TEST_F(LitertProfile, SaysWhatTheDelegateTook) {
  // With LiteRT 2.3 (measured with a program of a few lines on its C API).
  const Expected expected[] = {
      {"mbv2_035_96.tf_float", {}, 1},
      {"mbv2_035_96.tf_float16", {}, 1},
      {"mbv2_035_96.aeq_weight_only_wi8_afp32", {}, 1},
      {"mbv2_035_96.tf_int8_floatio", {{"SOFTMAX", 1}}, 2},
      {"mbv2_035_96.tf_dyn_default", {{"DEPTHWISE_CONV_2D", 10}}, 11},
  };
  for (const Expected& one : expected) {
    SCOPED_TRACE(one.file);
    const Bytes file = Peer(one.file);
    if (file.empty()) GTEST_SKIP() << graph::kNoPeers;
    const Result<Seen> seen = Profile(file, "xnnpack");
    ASSERT_TRUE(seen.ok()) << seen.status().message();
    EXPECT_EQ(seen->delegate, "XNNPACK");
    EXPECT_EQ(seen->undelegated, one.undelegated);
    EXPECT_EQ(seen->partitions.size(), one.partitions);
    EXPECT_EQ(seen->unassigned, 0);
  }
}

// A network with every kind of layer that has weights, and the operators of MobileNetV3 and
// EfficientNet between them.
graph::Model EveryKindOfLayer() {
  using graph::OpKind;
  quantize::ModelBuilder builder(4);
  const auto first = builder.Conv(builder.Input({1, 16, 16, 3}), 128, 3);
  const auto depthwise = builder.Depthwise(builder.Unary(OpKind::kHardSwish, first), 3);
  const auto pixels = builder.Conv(depthwise, 128, 1, graph::Activation::kNone);
  const auto sum = builder.Binary(OpKind::kAdd, depthwise, pixels);
  const auto gated = builder.Binary(OpKind::kMul, sum,
                                    builder.Unary(OpKind::kLogistic, builder.Conv(sum, 128, 1)));
  const auto pooled = builder.Mean(builder.Depthwise(builder.Pool(OpKind::kMaxPool2D, gated), 3));
  const auto hidden = builder.Dense(pooled, 32);
  return builder.Finish({builder.Unary(OpKind::kSoftmax, builder.Dense(hidden, 64))});
}

TEST_F(LitertProfile, DynamicIsDelegatedWholly) {
  std::vector<graph::Model> models = {EveryKindOfLayer()};
  if (const Bytes file = Peer("mbv2_035_96.tf_float"); !file.empty()) {
    models.push_back(*graph::ReadTflite(std::make_shared<const Bytes>(file)));
  }
  for (const graph::Model& floats : models) {
    for (const auto hybrid :
         {quantize::HybridOperators::kDelegated, quantize::HybridOperators::kAll}) {
      graph::Model model = floats;
      ASSERT_TRUE(quantize::QuantizeWeightsDynamically(model, {}, hybrid).ok());
      const Result<Seen> seen = Profile(*graph::WriteTflite(model), "xnnpack");
      ASSERT_TRUE(seen.ok()) << seen.status().message();
      if (hybrid == quantize::HybridOperators::kAll) {
        // The reason for the other one. Where a later LiteRT takes these too, ask again which is
        // faster.
        EXPECT_GT(seen->undelegated.at("DEPTHWISE_CONV_2D"), 0);
        continue;
      }
      EXPECT_THAT(seen->undelegated, IsEmpty());
      EXPECT_EQ(seen->partitions.size(), 1U);
    }
  }
}

TEST_F(LitertProfile, Int16IsNotDelegated) {
  const Bytes file = Peer("mbv2_035_96.tf_int16x8");
  if (file.empty()) GTEST_SKIP() << graph::kNoPeers;
  const Result<Seen> seen = Profile(file, "xnnpack");
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  EXPECT_THAT(seen->partitions, IsEmpty());
  int undelegated = 0;
  for (const auto& [kind, count] : seen->undelegated) undelegated += count;
  EXPECT_EQ(undelegated, seen->operators);
}

TEST_F(LitertProfile, WithoutTheDelegateEveryOperatorIsLitertsOwn) {
  const Bytes file = Peer("mbv2_035_96.tf_int8_floatio");
  if (file.empty()) GTEST_SKIP() << graph::kNoPeers;
  const Result<Seen> seen = Profile(file, "builtin");
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  EXPECT_EQ(seen->delegate, "");
  EXPECT_THAT(seen->partitions, IsEmpty());
  EXPECT_EQ(seen->without_step, 0);
  EXPECT_EQ(seen->unassigned, 0);
}

}  // namespace
}  // namespace qbench
