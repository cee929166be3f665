// The ABI grows: plugins built against the headers of 1.0 as they were, against today's, and with
// tables that are longer than today's, each in this host and in one whose own tables are longer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>

#include "base/aligned_bytes.h"
#include "base/files.h"
#include "harness/host/plugin_host.h"
#include "harness/host/plugin_library.h"
#include "plugins/support/host_services.h"

namespace qbench::host {
namespace {

using ::testing::ElementsAre;

std::filesystem::path Versioned(const std::string& name) {
  return std::filesystem::path(QBENCH_BINARY_DIR) / "lib/qbench/versions" / (name + ".so");
}

// A table with members behind those of today.
template <typename Table>
struct Longer {
  Table table;
  uint64_t behind[8];
};

// A host that passes everything on to qbench's, in tables that are longer.
class LongerHost {
 public:
  explicit LongerHost(const qbench_host* inner) : inner_(inner), table_{{*inner, {}}, this} {
    table_.longer.table.struct_size = sizeof(table_.longer);
    table_.longer.table.abi_minor = QBENCH_ABI_MINOR + 1;
    table_.longer.table.get_extension = &LongerHost::GetExtension;
    Lengthen<qbench_host_log>(QBENCH_HOST_LOG, log_);
    Lengthen<qbench_host_emit>(QBENCH_HOST_EMIT, emit_);
  }
  LongerHost(const LongerHost&) = delete;
  LongerHost& operator=(const LongerHost&) = delete;
  const qbench_host* host() const { return &table_.longer.table; }

 private:
  struct Table {
    Longer<qbench_host> longer;
    LongerHost* owner;
  };
  template <typename Service>
  void Lengthen(const char* id, Longer<Service>& longer) {
    const auto* service = static_cast<const Service*>(inner_->get_extension(inner_, id));
    ASSERT_NE(service, nullptr);
    longer.table = *service;
    longer.table.struct_size = sizeof(longer);
  }
  static const void* GetExtension(const qbench_host* host, const char* id) {
    const LongerHost& self = *reinterpret_cast<const Table*>(host)->owner;
    if (std::strcmp(id, QBENCH_HOST_LOG) == 0) return &self.log_;
    if (std::strcmp(id, QBENCH_HOST_EMIT) == 0) return &self.emit_;
    return nullptr;
  }

  const qbench_host* inner_;
  Table table_;
  Longer<qbench_host_log> log_{};
  Longer<qbench_host_emit> emit_{};
};

class AbiGrowth : public ::testing::TestWithParam<const char*> {
 protected:
  AbiGrowth()
      : artifact_(folder_.path() / "artifact"),
        host_("versioned", {.log = [](int, const std::string&) {},
                            .progress = [](const std::string&, uint64_t, uint64_t) {},
                            .cancelled = [] { return false; }}) {
    host_.OfferEmit(&artifact_);
  }

  void SetUp() override {
    auto library = PluginLibrary::Load(Versioned(GetParam()));
    ASSERT_TRUE(library.ok()) << library.status().message();
    library_ = *library;
  }

  void RunsIn(const qbench_host* host) {
    const Bytes model = {1, 2, 3, 4};
    auto quantizer = library_->CreateQuantizer("versioned", host);
    ASSERT_TRUE(quantizer.ok()) << quantizer.status().message();
    ASSERT_TRUE(quantizer->Init({}).ok());
    const Status quantized = quantizer->Quantize(model);
    ASSERT_TRUE(quantized.ok()) << quantized.message();
    EXPECT_EQ(*ReadFile(artifact_.artifact()), model);

    auto runtime = library_->CreateRuntime("versioned", host);
    ASSERT_TRUE(runtime.ok()) << runtime.status().message();
    const std::vector<Option> options = {{"word", "good day"}};
    ASSERT_TRUE(runtime->Init(options, 1).ok());
    ASSERT_TRUE(runtime->EnableProfile().ok());
    const AlignedBytes aligned{ByteSpan(model)};
    const Status loaded = runtime->Load(aligned.span());
    ASSERT_TRUE(loaded.ok()) << loaded.message();
    ASSERT_EQ(runtime->inputs().size(), 1U);
    EXPECT_EQ(DescribeTensor(runtime->inputs()[0]), "float32 [1, 2]");
    const std::vector<float> input = {1.5F, -3};
    ASSERT_TRUE(runtime->SetInput(0, AsBytes(input)).ok());
    ASSERT_TRUE(runtime->Invoke().ok());
    std::vector<float> output(2);
    Bytes bytes(8);
    ASSERT_TRUE(runtime->GetOutput(0, bytes).ok());
    std::memcpy(output.data(), bytes.data(), 8);
    EXPECT_THAT(output, ElementsAre(3, -6));
    ASSERT_TRUE(runtime->views_outputs());
    EXPECT_TRUE(std::ranges::equal(*runtime->ViewOutput(0), bytes));
    EXPECT_THAT(*runtime->Facts(), ElementsAre(Fact{"engine", "two times"}));
    const auto profile = runtime->ReadProfile();
    ASSERT_TRUE(profile.ok()) << profile.status().message();
    ASSERT_EQ(profile->events.size(), 1U);
    EXPECT_EQ(profile->events[0].name, "Multiply");
    EXPECT_THAT(host_.warnings(), ElementsAre("quantizing", "good day"));
  }

  TempDir folder_ = *TempDir::Create("qbench-abi-test-");
  ArtifactFolder artifact_;
  PluginHost host_;
  std::shared_ptr<PluginLibrary> library_;
};

TEST_P(AbiGrowth, WorksInThisHost) { RunsIn(host_.host()); }

TEST_P(AbiGrowth, WorksInAHostWhoseTablesAreLonger) {
  const LongerHost longer(host_.host());
  RunsIn(longer.host());
}

TEST_P(AbiGrowth, OnlyMembersThatAreThereAreRead) {
  const PluginDescriptor* quantizer = library_->Find(PluginKind::kQuantizer, "versioned");
  ASSERT_NE(quantizer, nullptr);
  ASSERT_EQ(quantizer->options.size(), 1U);
  EXPECT_EQ(quantizer->options[0].default_value, "hello");
  EXPECT_FALSE(quantizer->needs_samples);
  // Of 1.0 there is something else where the member would be.
  const bool told = std::string(GetParam()) == "trains";
  EXPECT_EQ(quantizer->needs_train, told);
  EXPECT_EQ(quantizer->baseline, told);
  EXPECT_EQ(quantizer->only_when_named, told ? "it is a test" : "");
  const PluginDescriptor* runtime = library_->Find(PluginKind::kRuntime, "versioned");
  ASSERT_NE(runtime, nullptr);
  EXPECT_TRUE(runtime->oracle);
  EXPECT_EQ(runtime->calibration, told);
}

INSTANTIATE_TEST_SUITE_P(Versions, AbiGrowth,
                         ::testing::Values("abi_1_0", "today", "trains", "longer"),
                         [](const auto& test) { return std::string(test.param); });

// The other way round: what a plugin of ours asks of a host that is older, and has less.

struct OldHost {
  explicit OldHost(const qbench_host_feed* feed_service)
      : table{sizeof(table), 1, 0, this, "old", "0", &GetExtension}, feed(feed_service) {}
  static const void* GetExtension(const qbench_host* host, const char* id) {
    const auto* self = static_cast<const OldHost*>(host->host_data);
    return std::strcmp(id, QBENCH_HOST_FEED) == 0 ? self->feed : nullptr;
  }
  qbench_host table;
  const qbench_host_feed* feed;
};

qbench_status Feed(const qbench_host*, const void*, size_t, uint64_t, qbench_on_input,
                   qbench_on_outputs, void*) {
  return QBENCH_OK;
}
void Release(const qbench_host*) { FAIL() << "called a member that the table does not have"; }

TEST(AnOlderHost, IsAskedForNothingThatItsTablesHaveNot) {
  qbench_host_feed feed = {sizeof(feed), Feed, Release};
  const OldHost host(&feed);
  const plugin::HostServices services(&host.table);
  feed.struct_size = offsetof(qbench_host_feed, release);
  EXPECT_TRUE(services.CanFeed());
  services.ReleaseInference();
  feed.struct_size = offsetof(qbench_host_feed, run);
  EXPECT_FALSE(services.CanFeed());
}

}  // namespace
}  // namespace qbench::host
