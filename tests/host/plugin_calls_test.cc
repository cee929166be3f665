#include "harness/host/plugin_calls.h"

#include <stdexcept>

#include "gmock/gmock.h"
#include "harness/host/plugin_library.h"

namespace qbench::host {
namespace {

using ::testing::HasSubstr;

TEST(OneLine, MakesAnythingShowable) {
  EXPECT_EQ(OneLine(nullptr), "");
  EXPECT_EQ(OneLine("two\nlines\t\x7F "), "two lines");
  EXPECT_EQ(OneLine("not \xFF utf-8"), "not \xEF\xBF\xBD utf-8");
  EXPECT_EQ(OneLine(std::string(10000, 'x').c_str()).size(), kMaxTextBytes);
}

TEST(FromAbi, MapsEveryStatus) {
  const auto code = [](qbench_status status) {
    return FromAbi(status, "p", Phase::kInit, "text").code();
  };
  EXPECT_EQ(code(QBENCH_OK), StatusCode::kOk);
  EXPECT_EQ(code(QBENCH_INVALID_ARGUMENT), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(QBENCH_UNSUPPORTED), StatusCode::kUnsupported);
  EXPECT_EQ(code(QBENCH_OUT_OF_MEMORY), StatusCode::kOutOfMemory);
  EXPECT_EQ(code(QBENCH_CANCELLED), StatusCode::kCancelled);
  EXPECT_EQ(code(QBENCH_UNAVAILABLE), StatusCode::kNotFound);
  EXPECT_EQ(code(QBENCH_INTERNAL), StatusCode::kInternal);
  EXPECT_EQ(code(QBENCH_HOST_ERROR), StatusCode::kIo);
  EXPECT_EQ(FromAbi(QBENCH_UNSUPPORTED, "p", Phase::kLoad, "no CONV_2D").message(),
            "p: no CONV_2D");
  EXPECT_EQ(FromAbi(QBENCH_UNSUPPORTED, "p", Phase::kLoad, "").message(),
            "p's load failed (unsupported) and gave no reason");
  EXPECT_EQ(FromAbi(99, "p", Phase::kLoad, "x").message(),
            "p's load returned status 99, which the ABI does not have");
}

TEST(FromAbi, NamesAStatusThatMakesNoSense) {
  const auto code = [](qbench_status status, Phase phase) {
    return FromAbi(status, "p", phase, "text").code();
  };
  for (const Phase phase : {Phase::kSetInput, Phase::kGetOutput, Phase::kFacts}) {
    for (const qbench_status status :
         {QBENCH_UNSUPPORTED, QBENCH_CANCELLED, QBENCH_UNAVAILABLE, QBENCH_HOST_ERROR}) {
      EXPECT_EQ(code(status, phase), StatusCode::kInternal);
    }
    EXPECT_EQ(code(QBENCH_INVALID_ARGUMENT, phase), StatusCode::kInvalidArgument);
    EXPECT_EQ(code(QBENCH_OUT_OF_MEMORY, phase), StatusCode::kOutOfMemory);
  }
  EXPECT_EQ(code(QBENCH_UNAVAILABLE, Phase::kProbe), StatusCode::kNotFound);
  EXPECT_EQ(FromAbi(QBENCH_CANCELLED, "p", Phase::kLoad, "").message(), "p's load said cancelled");
  EXPECT_EQ(FromAbi(QBENCH_HOST_ERROR, "p", Phase::kInvoke, "why").message(),
            "p's invoke said \"a service of the host failed\", which makes no sense there: why: "
            "report this to the plugin's author");
}

// Counts, and says that the process is broken from the second call on.
class FakeObserver : public CallObserver {
 public:
  void Enter(std::string_view, Phase) noexcept override { ++depth; }
  void Leave() noexcept override { --depth; }
  Status Check(std::string_view plugin, Phase) override {
    return ++checks < 2 ? OkStatus() : Error(StatusCode::kInternal, "{} broke it", plugin);
  }
  int depth = 0;
  int checks = 0;
};

TEST(Call, CatchesWhatCrossesTheAbi) {
  FakeObserver observer;
  int result = 0;
  const Status status = Call(&observer, "p", Phase::kInvoke, result,
                             []() -> int { throw std::runtime_error("a\nb"); });
  EXPECT_EQ(status.message(), "p's invoke threw an exception across the ABI: a b");
  EXPECT_EQ(observer.depth, 0);
  const Status number = CallUnchecked(nullptr, "p", Phase::kInit, result, []() -> int { throw 7; });
  EXPECT_THAT(number.message(), HasSubstr("not a std::exception"));
}

TEST(Call, AsksTheObserver) {
  FakeObserver observer;
  int result = 0;
  EXPECT_TRUE(Call(&observer, "p", Phase::kInit, result, [] { return 5; }).ok());
  EXPECT_EQ(result, 5);
  EXPECT_EQ(Call(&observer, "p", Phase::kInit, result, [] { return 6; }).message(), "p broke it");
}

TEST(IsPluginId, FollowsTheRule) {
  for (const char* id : {"a", "int8", "int16x8", "my_plugin"}) EXPECT_TRUE(IsPluginId(id)) << id;
  for (const char* id : {"", "8int", "Int8", "a-b", "a:b", "_a", "a b"}) {
    EXPECT_FALSE(IsPluginId(id)) << id;
  }
  EXPECT_FALSE(IsPluginId(std::string(65, 'a')));
}

}  // namespace
}  // namespace qbench::host
