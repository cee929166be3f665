// The variables of a TensorFlow checkpoint: the "tensor bundle" of an index (PREFIX.index, a
// LevelDB table) and files of raw values (PREFIX.data-00000-of-00001, …).
//
// LevelDB's reader of tables is not made for damaged files, so it runs in a forked child
// (isolated_child.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/regular_file.h"
#include "base/status.h"
#include "graph/import/tensorflow/tf_array.h"

namespace qbench::graph::import {

// One thread at a time.
class TensorBundle {
 public:
  // `prefix`: "folder/variables/variables". kNotFound where there is no index; kCorrupt where it is
  // no index, or the library crashed, looped or took memory without end on it; kUnsupported:
  // numbers of the other byte order.
  static Result<TensorBundle> Open(const std::filesystem::path& prefix);

  bool Has(const std::string& key) const { return entries_.contains(key); }
  // The values. kNotFound: there is no such key, or its file is missing; kCorrupt: it reaches
  // beyond the end of its file, or its size is not that of its shape; kUnsupported: its type.
  Result<TfArray> Read(const std::string& key);

 private:
  struct Entry {
    int32_t type = 0;
    Dims dims = {};
    int32_t shard = 0;
    uint64_t offset = 0;
    uint64_t size = 0;
    Status problem = OkStatus();  // why it cannot be read
  };

  Status Parse(ByteSpan table);
  Status ParseEntry(std::string_view key, std::string_view value);
  Result<const RegularFile*> Shard(int32_t index);

  std::filesystem::path prefix_;
  int32_t shards_ = 0;
  bool has_header_ = false;
  std::map<std::string, Entry> entries_;
  std::map<int32_t, RegularFile> files_;
};

}  // namespace qbench::graph::import
