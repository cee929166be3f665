// What litert says of a model that it cannot run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "plugins/runtimes/litert/model_refusals.h"
#include "plugins/runtimes/litert/stderr_capture.h"
#include "tests/graph/foreign_file.h"

namespace qbench::litert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int32_t kCustom = 32;

Status Refusal(const graph::ForeignFile& file) {
  const Bytes bytes = file.Build();
  const auto info = graph::InspectTflite(bytes);
  EXPECT_TRUE(info.ok()) << info.status().message();
  return RefuseWhatCannotRun(*info, bytes);
}

TEST(LitertRefusals, SaysWhatTheFileTellsByItself) {
  EXPECT_THAT(Refusal({.code = kCustom, .custom_code = "edgetpu-custom-op"}).message(),
              HasSubstr("compiled for an Edge TPU, which alone can run it; give qbench"));
  EXPECT_THAT(Refusal({.code = kCustom, .custom_code = "FlexErf"}).message(),
              HasSubstr("TFLITE_BUILTINS"));
  EXPECT_THAT(Refusal({.shape_signature = {-1, -1}}).message(),
              HasSubstr("the input \"t0\" is [-1, -1]: its size is free"));
  // A free batch is usual, and LiteRT has custom operators of its own.
  EXPECT_TRUE(Refusal({.shape_signature = {-1, 1}}).ok());
  EXPECT_TRUE(Refusal({.code = kCustom, .custom_code = "TFLite_Detection_PostProcess"}).ok());
}

TEST(LitertRefusals, AReasonEndsWithLiteRtsOwnLines) {
  const Status failure = Error(StatusCode::kUnsupported, "LiteRT failed");
  EXPECT_EQ(DescribeFailure(failure, {"one.", "", "two"}, false).message(),
            "LiteRT failed; LiteRT says: one. / two");
  EXPECT_EQ(DescribeFailure(failure, {}, true).message(),
            "LiteRT failed; it loads without XNNPACK, with the option kernels=builtin");
  EXPECT_EQ(DescribeFailure(failure, {}, false).message(), "LiteRT failed");
  EXPECT_LT(DescribeFailure(failure, std::vector<std::string>(10, std::string(500, 'x')), false)
                .message()
                .size(),
            700U);
}

TEST(LitertLog, ErrorsAreTakenOnceAndWithoutTheRest) {
  std::string others;
  EXPECT_THAT(ErrorLines("INFO: [a.cc:1] made\nERROR: bad op\nSee: http\nERROR: bad op\nERROR: end",
                         others),
              ElementsAre("bad op", "end"));
  EXPECT_EQ(others, "See: http\n");
}

// Standard error of this process into a pipe, for as long as the object lives.
class StderrPipe {
 public:
  StderrPipe() {
    EXPECT_EQ(pipe(ends_), 0);
    saved_ = dup(STDERR_FILENO);
    dup2(ends_[1], STDERR_FILENO);
  }
  std::string Close() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(ends_[1]);
    std::string text(4096, '\0');
    text.resize(static_cast<size_t>(std::max<ssize_t>(0, read(ends_[0], text.data(), 4096))));
    close(ends_[0]);
    return text;
  }

 private:
  int ends_[2] = {-1, -1};
  int saved_ = -1;
};

TEST(LitertLog, LosesNoLineOfOthers) {
  StderrPipe pipe;
  std::vector<std::string> errors;
  {
    StderrCapture capture;
    std::fputs("ERROR: of the runtime\nof another thread\n", stderr);
    errors = capture.Finish();
    std::fputs("afterwards\n", stderr);
  }
  EXPECT_EQ(pipe.Close(), "of another thread\nafterwards\n");
  EXPECT_THAT(errors, ElementsAre("of the runtime"));
}

TEST(LitertLog, CapturesWaitForEachOther) {
  StderrPipe pipe;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      StderrCapture capture;
      const std::string line = "thread " + std::to_string(t);
      std::fputs(("ERROR: " + line + "\n").c_str(), stderr);
      EXPECT_THAT(capture.Finish(), ElementsAre(line));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pipe.Close(), "");
}

TEST(LitertLog, AClosedStreamIsLeftAlone) {
  const int saved = dup(STDERR_FILENO);
  close(STDERR_FILENO);
  {
    StderrCapture capture;
    EXPECT_THAT(capture.Finish(), IsEmpty());
  }
  dup2(saved, STDERR_FILENO);
  close(saved);
}

}  // namespace
}  // namespace qbench::litert
