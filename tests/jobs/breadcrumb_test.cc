#include "harness/jobs/breadcrumb.h"

#include <thread>

#include "base/files.h"
#include "gtest/gtest.h"

namespace qbench::jobs {
namespace {

using host::Phase;

TEST(Breadcrumb, TellsWhereThreadsAre) {
  auto folder = TempDir::Create("qbench-test-");
  ASSERT_TRUE(folder.ok());
  auto parent = Breadcrumb::Create(folder->path() / "breadcrumb");
  auto child = Breadcrumb::Open(folder->path() / "breadcrumb");
  ASSERT_TRUE(parent.ok() && child.ok());
  EXPECT_EQ(parent->Where(), "");
  child->Enter("int8", Phase::kQuantize);
  EXPECT_EQ(parent->Where(), "int8's quantize");
  child->Enter("qbench", Phase::kNone);  // a service that int8 calls
  EXPECT_EQ(parent->Where(), "");
  std::thread([&] {
    child->Enter("litert", Phase::kInvoke);
    EXPECT_EQ(parent->Where(), "litert's invoke");
    child->Leave();
  }).join();
  child->Enter("int8", Phase::kQuantize);  // its callback
  EXPECT_EQ(parent->Where(), "int8's quantize");
  for (int i = 0; i < 3; ++i) child->Leave();
  EXPECT_EQ(parent->Where(), "");
  child->Enter("a.so", Phase::kOpen);
  EXPECT_EQ(parent->Where(), "the loading of a.so");
  child->Leave();
}

TEST(Breadcrumb, SurvivesLongNamesDeepNestingAndManyThreads) {
  auto folder = TempDir::Create("qbench-test-");
  ASSERT_TRUE(folder.ok());
  auto crumb = Breadcrumb::Create(folder->path() / "breadcrumb");
  ASSERT_TRUE(crumb.ok());
  const std::string name(1000, 'x');
  for (int i = 0; i < 100; ++i) crumb->Enter(name, Phase::kInvoke);
  EXPECT_EQ(crumb->Where(), std::string(63, 'x') + "'s invoke");
  for (int i = 0; i < 100; ++i) crumb->Leave();
  EXPECT_EQ(crumb->Where(), "");
  // Far more threads than slots, one after another: each gives its slot back.
  for (int i = 0; i < 300; ++i) {
    std::thread([&] {
      crumb->Enter("p", Phase::kLoad);
      EXPECT_EQ(crumb->Where(), "p's load");
      crumb->Leave();
    }).join();
  }
}

}  // namespace
}  // namespace qbench::jobs
