// A folder that stands for the root of a file system: the /proc and /sys of a board.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "base/files.h"

namespace qbench::measure {

class FakeRoot {
 public:
  FakeRoot() {
    Result<TempDir> folder = TempDir::Create("qbench-root-");
    EXPECT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(folder).value());
  }
  const std::filesystem::path& path() const { return folder_->path(); }

  void Write(const std::string& file, const std::string& text) const {
    const std::filesystem::path target = path() / file;
    std::filesystem::create_directories(target.parent_path());
    std::ofstream(target, std::ios::binary) << text;
  }
  // A program that prints what `script` says.
  void WriteProgram(const std::string& file, const std::string& script) const {
    Write(file, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path() / file, std::filesystem::perms::owner_all);
  }

 private:
  std::optional<TempDir> folder_;
};

}  // namespace qbench::measure
