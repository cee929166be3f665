#include "graph/import/tensorflow/tensor_bundle.h"

#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <utility>

#include "base/one_line.h"
#include "graph/import/isolated_child.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

constexpr uint64_t kMaxIndexBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxEntries = 1000000;

Status FromLevelDb(const leveldb::Status& status, const char* doing) {
  return Error(StatusCode::kCorrupt, "{}: {}; copy the folder again", doing,
               SafeLine(status.ToString()));
}

// In the child: writes every key and value.
Status WriteTable(const std::filesystem::path& path, uint64_t size, ChildOutput& out) {
  leveldb::RandomAccessFile* opened = nullptr;
  leveldb::Status status = leveldb::Env::Default()->NewRandomAccessFile(path.string(), &opened);
  const std::unique_ptr<leveldb::RandomAccessFile> file(opened);
  if (!status.ok()) return FromLevelDb(status, "cannot be opened");
  leveldb::Options options;
  options.paranoid_checks = true;
  leveldb::Table* made = nullptr;
  status = leveldb::Table::Open(options, file.get(), size, &made);
  const std::unique_ptr<leveldb::Table> table(made);
  if (!status.ok()) return FromLevelDb(status, "not the index of a checkpoint");
  leveldb::ReadOptions read;
  read.verify_checksums = true;
  read.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> iterator(table->NewIterator(read));
  uint64_t count = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    if (++count > kMaxEntries) {
      return Error(StatusCode::kCorrupt, "more than {} entries", kMaxEntries);
    }
    out.WriteNumber(1);
    out.WriteText({iterator->key().data(), iterator->key().size()});
    out.WriteText({iterator->value().data(), iterator->value().size()});
  }
  if (!iterator->status().ok()) return FromLevelDb(iterator->status(), "the index is damaged");
  out.WriteNumber(0);
  return out.finish();
}

// The library's end on damaged data is the data's fault.
Status Translate(const Status& status) {
  switch (status.code()) {
    case StatusCode::kCrashed:
    case StatusCode::kTimeout:
    case StatusCode::kOutOfMemory:
      return Error(StatusCode::kCorrupt, "LevelDB's library {} on it; copy the folder again",
                   status.message());
    default:
      return status;
  }
}

// What the child wrote, which read hostile data: checked as such.
class TableReader {
 public:
  explicit TableReader(ByteSpan bytes) : rest_(bytes) {}

  Result<uint64_t> Number() {
    uint64_t value = 0;
    if (rest_.size() < sizeof(value)) return Garbled();
    std::memcpy(&value, rest_.data(), sizeof(value));
    rest_ = rest_.subspan(sizeof(value));
    return value;
  }
  Result<std::string_view> Text() {
    QB_ASSIGN_OR_RETURN(const uint64_t size, Number());
    if (rest_.size() < size) return Garbled();
    const std::string_view text(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return text;
  }

 private:
  static Status Garbled() { return Error(StatusCode::kCorrupt, "the index gave a garbled answer"); }
  ByteSpan rest_;
};

}  // namespace

Result<TensorBundle> TensorBundle::Open(const std::filesystem::path& prefix) {
  std::filesystem::path path = prefix;
  path += ".index";
  uint64_t size = 0;
  {
    QB_ASSIGN_OR_RETURN(const RegularFile file, OpenRegularFile(path));
    size = file.size;
  }
  if (size > kMaxIndexBytes) {
    return Error(StatusCode::kUnsupported, "{}: {} bytes are more than an index has", path.string(),
                 size);
  }
  const Result<ChildBytes> table =
      RunInChild([&](ChildOutput& out) { return WriteTable(path, size, out); },
                 {.max_output_bytes = 4 * kMaxIndexBytes});
  if (!table.ok()) return Translate(table.status()).WithContext(path.string());
  TensorBundle bundle;
  bundle.prefix_ = prefix;
  const Status parsed = bundle.Parse(table->bytes);
  if (!parsed.ok()) return parsed.WithContext(path.string());
  return bundle;
}

Status TensorBundle::Parse(ByteSpan bytes) {
  TableReader table(bytes);
  while (true) {
    QB_ASSIGN_OR_RETURN(const uint64_t more, table.Number());
    if (more == 0) break;
    QB_ASSIGN_OR_RETURN(const std::string_view key, table.Text());
    QB_ASSIGN_OR_RETURN(const std::string_view value, table.Text());
    QB_RETURN_IF_ERROR(ParseEntry(key, value));
  }
  if (has_header_) return OkStatus();
  return Error(StatusCode::kCorrupt, "it has no header: it is no index of a checkpoint");
}

Status TensorBundle::ParseEntry(std::string_view key, std::string_view value) {
  const int size = static_cast<int>(value.size());  // below the index's limit
  if (key.empty()) {
    tensorflow::BundleHeader header;
    constexpr int32_t kMaxShards = 99999;
    if (!header.ParseFromArray(value.data(), size) || header.num_shards() < 0 ||
        header.num_shards() > kMaxShards) {
      return Error(StatusCode::kCorrupt, "its header is damaged");
    }
    if (header.endianness() != 0) {
      return Error(StatusCode::kUnsupported, "its numbers have the other byte order");
    }
    shards_ = header.num_shards();
    has_header_ = true;
    return OkStatus();
  }
  tensorflow::BundleEntry entry;
  if (!entry.ParseFromArray(value.data(), size)) {
    return Error(StatusCode::kCorrupt, "the entry \"{}\" is damaged", SafeName(key));
  }
  Entry read{.type = entry.dtype(), .shard = entry.shard_id()};
  Result<Dims> dims = ReadDims(entry.shape());
  if (dims.ok()) {
    read.dims = *std::move(dims);
  } else {
    read.problem = dims.status();
  }
  if (entry.slices_size() > 0) {
    read.problem = Error(StatusCode::kUnsupported,
                         "it is kept in parts (a partitioned variable); save the model again "
                         "without a partitioner");
  }
  if (entry.offset() < 0 || entry.size() < 0 || entry.shard_id() < 0) {
    read.problem = Error(StatusCode::kCorrupt, "its place in the checkpoint makes no sense");
  } else {
    read.offset = static_cast<uint64_t>(entry.offset());
    read.size = static_cast<uint64_t>(entry.size());
  }
  entries_.emplace(std::string(key), std::move(read));
  return OkStatus();
}

Result<const RegularFile*> TensorBundle::Shard(int32_t index) {
  const auto found = files_.find(index);
  if (found != files_.end()) return &found->second;
  if (index >= shards_) {
    return Error(StatusCode::kCorrupt, "it is in file {} of {}", index, shards_);
  }
  std::filesystem::path path = prefix_;
  path += fmt::format(".data-{:05}-of-{:05}", index, shards_);
  QB_ASSIGN_OR_RETURN(RegularFile file, OpenRegularFile(path));
  return &files_.emplace(index, std::move(file)).first->second;
}

Result<TfArray> TensorBundle::Read(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    return Error(StatusCode::kNotFound, "the checkpoint has no \"{}\"", SafeName(key));
  }
  const Entry& entry = found->second;
  const auto fail = [&](const Status& status) {
    return status.WithContext("the variable \"" + SafeName(key) + "\"");
  };
  if (!entry.problem.ok()) return fail(entry.problem);
  const Result<const RegularFile*> shard = Shard(entry.shard);
  if (!shard.ok()) return fail(shard.status());
  const RegularFile& file = **shard;
  if (entry.offset > file.size || entry.size > file.size - entry.offset) {
    return fail(Error(StatusCode::kCorrupt,
                      "it ends at byte {} of a file of {} bytes; copy the folder again",
                      entry.offset + entry.size, file.size));
  }
  std::string bytes(entry.size, '\0');
  if (lseek(file.descriptor.get(), static_cast<off_t>(entry.offset), SEEK_SET) < 0) {
    return fail(FileError("cannot read", prefix_));
  }
  const std::span<uint8_t> whole(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  QB_ASSIGN_OR_RETURN(const size_t got, ReadInto(file.descriptor, whole, prefix_));
  if (got != bytes.size()) {
    return fail(Error(StatusCode::kCorrupt, "the file became shorter while it was read"));
  }
  Result<TfArray> array = ArrayFromBytes(entry.type, entry.dims, std::move(bytes));
  if (!array.ok()) return fail(array.status());
  return array;
}

}  // namespace qbench::graph::import
