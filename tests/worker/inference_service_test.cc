// When the objects of a model are kept.
#include "harness/host/inference_service.h"

#include "tests/jobs/worker_fixture.h"

namespace qbench::worker {
namespace {

class InferenceServiceTest : public jobs::WorkerTest {
 protected:
  void SetUp() override {
    WorkerTest::SetUp();
    const jobs::PluginUse plugin = Fake("fake_runtime");
    auto library = host::PluginLibrary::Load(plugin.file);
    ASSERT_TRUE(library.ok()) << library.status().message();
    service_.emplace(
        host::RuntimePool::Settings{.library = *library, .id = plugin.id, .options = {}});
  }

  // The fixture's model, with so much behind it that it is `bytes` long.
  AlignedBytes Model(size_t bytes) {
    const Bytes file = ReadFile(model()).value();
    AlignedBytes padded = AlignedBytes::OfSize(bytes);
    std::ranges::fill(padded.data(), 0);
    std::ranges::copy(file, padded.data().begin());
    return padded;
  }

  // The first output of each of `count` inputs, which hold their index.
  std::vector<float> Run(ByteSpan model, uint64_t count) {
    const auto fill = [](uint64_t index, std::span<uint8_t> input) {
      const std::vector<float> values(input.size() / sizeof(float), static_cast<float>(index));
      std::memcpy(input.data(), values.data(), input.size());
      return OkStatus();
    };
    std::vector<float> first;
    const auto deliver = [&](uint64_t, std::span<const ByteSpan> outputs) {
      first.push_back(LoadUnaligned<float>(outputs[0]));
      return OkStatus();
    };
    const Status status = service_->RunOn(model, count, fill, deliver, {});
    EXPECT_TRUE(status.ok()) << status.message();
    return first;
  }

  std::optional<host::InferenceService> service_;
};

TEST_F(InferenceServiceTest, KeepsASmallModel) {
  const AlignedBytes model = Model(1 << 20);
  EXPECT_EQ(Run(model.span(), 3), (std::vector<float>{0, 1, 2}));
  EXPECT_TRUE(service_->holds_model());
  service_->Release();
  EXPECT_FALSE(service_->holds_model());
}

TEST_F(InferenceServiceTest, KeepsALargeModelFromItsSecondBatchOn) {
  const AlignedBytes model = Model(size_t{17} << 20);
  EXPECT_EQ(Run(model.span(), 2), (std::vector<float>{0, 1}));
  EXPECT_FALSE(service_->holds_model()) << "its bytes are the caller's";
  EXPECT_EQ(Run(model.span(), 2), (std::vector<float>{0, 1}));
  EXPECT_TRUE(service_->holds_model());
  EXPECT_EQ(Run(model.span(), 1), (std::vector<float>{0}));
  EXPECT_TRUE(service_->holds_model());
  service_->Release();
  Run(model.span(), 1);
  EXPECT_FALSE(service_->holds_model()) << "it begins anew";
}

TEST_F(InferenceServiceTest, CopiesALargeModelThatIsNotAligned) {
  AlignedBytes model = Model((size_t{17} << 20) + 8);
  std::memmove(model.data().data() + 8, model.data().data(), size_t{17} << 20);
  EXPECT_EQ(Run(model.span().subspan(8), 2), (std::vector<float>{0, 1}));
  EXPECT_TRUE(service_->holds_model());
}

}  // namespace
}  // namespace qbench::worker
