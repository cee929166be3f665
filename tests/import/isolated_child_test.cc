#include "graph/import/isolated_child.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace qbench::graph::import {
namespace {

StatusCode CodeOf(const std::function<Status(ChildOutput&)>& work,
                  const IsolationLimits& limits = {}) {
  return RunInChild(work, limits).status().code();
}

TEST(IsolatedChild, HandsBackWhatTheChildWrote) {
  const auto output = RunInChild([](ChildOutput& out) {
    out.WriteNumber(7);
    out.WriteText("seven");
    return OkStatus();
  });
  ASSERT_TRUE(output.ok()) << output.status().message();
  ASSERT_EQ(output->bytes.size(), 8U + 8U + 5U);
  EXPECT_EQ(LoadUnaligned<uint64_t>(output->bytes), 7U);
  EXPECT_EQ(LoadUnaligned<uint64_t>(output->bytes.subspan(8)), 5U);
  const ByteSpan text = output->bytes.subspan(16);
  EXPECT_EQ(std::string(text.begin(), text.end()), "seven");
}

TEST(IsolatedChild, AlignsAndGivesBackParts) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto output = RunInChild([&](ChildOutput& out) {
    out.WriteText("a");
    out.Align(16);
    out.Align(16);
    out.Write(Bytes(4 * page, 7));
    return OkStatus();
  });
  ASSERT_TRUE(output.ok()) << output.status().message();
  ASSERT_EQ(output->bytes.size(), 16 + 4 * page);
  const ByteSpan data = output->bytes.subspan(16);
  EXPECT_EQ(output->bytes[15], 0);
  EXPECT_EQ(data[0], 7);
  output->discard(data.subspan(page, 2 * page));  // from 16 behind a page's beginning
  EXPECT_EQ(data[page], 7);
  EXPECT_EQ(data[2 * page], 0) << "the whole page in it";
  EXPECT_EQ(data[3 * page], 7);
  output->discard(data.first(1));
  EXPECT_EQ(data[0], 7);
}

TEST(IsolatedChild, EmptyOutputIsFine) {
  const auto output = RunInChild([](ChildOutput&) { return OkStatus(); });
  ASSERT_TRUE(output.ok());
  EXPECT_TRUE(output->bytes.empty());
}

TEST(IsolatedChild, HandsBackTheFailureOnOneLine) {
  const auto output =
      RunInChild([](ChildOutput&) { return Error(StatusCode::kNotFound, "no\nsuch {}", "thing"); });
  EXPECT_EQ(output.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(output.status().message(), "no?such thing");
}

TEST(IsolatedChild, ExceptionsAreFailures) {
  EXPECT_EQ(CodeOf([](ChildOutput&) -> Status { throw std::runtime_error("thrown"); }),
            StatusCode::kInternal);
  EXPECT_EQ(CodeOf([](ChildOutput&) -> Status { throw std::bad_alloc(); }),
            StatusCode::kOutOfMemory);
}

TEST(IsolatedChild, NamesTheSignalOfACrash) {
  const auto output = RunInChild([](ChildOutput&) {
    raise(SIGSEGV);
    return OkStatus();
  });
  EXPECT_EQ(output.status().code(), StatusCode::kCrashed);
  EXPECT_NE(output.status().message().find("Segmentation fault"), std::string::npos);
  EXPECT_EQ(CodeOf([](ChildOutput&) -> Status { abort(); }), StatusCode::kCrashed);
}

TEST(IsolatedChild, AnEndWithoutAnAnswerIsACrash) {
  EXPECT_EQ(CodeOf([](ChildOutput&) -> Status { _exit(0); }), StatusCode::kCrashed);
}

TEST(IsolatedChild, EndsALoop) {
  const auto loop = [](ChildOutput&) -> Status {
    const volatile bool forever = true;
    while (forever) {
    }
    return OkStatus();
  };
  EXPECT_EQ(CodeOf(loop, {.cpu_seconds = 1}), StatusCode::kTimeout);
}

TEST(IsolatedChild, EndsASleep) {
  const auto sleep = [](ChildOutput&) {
    while (true) pause();
    return OkStatus();
  };
  EXPECT_EQ(CodeOf(sleep, {.wall_seconds = 0}), StatusCode::kTimeout);
}

TEST(IsolatedChild, EndsWhatTakesTooMuchMemory) {
  const auto grow = [](ChildOutput&) {
    std::vector<std::vector<char>> kept;
    while (true) kept.emplace_back(1 << 20, 'x');
    return OkStatus();
  };
  EXPECT_EQ(CodeOf(grow, {.max_memory_bytes = uint64_t{32} << 20}), StatusCode::kOutOfMemory);
}

TEST(IsolatedChild, RefusesTooMuchOutput) {
  const auto write = [](ChildOutput& out) {
    const std::vector<uint8_t> block(1 << 20);
    for (int i = 0; i < 8; ++i) out.Write(block);
    return OkStatus();
  };
  EXPECT_EQ(CodeOf(write, {.max_output_bytes = uint64_t{4} << 20}), StatusCode::kIo);
}

TEST(IsolatedChild, LeavesNoProcessBehind) {
  EXPECT_EQ(CodeOf([](ChildOutput&) { return OkStatus(); }), StatusCode::kOk);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace qbench::graph::import
