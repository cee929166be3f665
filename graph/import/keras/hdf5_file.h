// A thin adapter over the HDF5 C library: groups, text attributes and floating-point data sets,
// read-only. Every identifier is closed by its owner, the library prints nothing, links to other
// files and virtual or external data sets are refused, and sizes are checked before memory is
// taken.
//
// The library itself is not hardened: a damaged file can make it crash or loop. Call this only in
// a process that may die (keras_file.h does). One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace qbench::graph::import {

// Owns an HDF5 identifier of any kind.
class Hdf5Id {
 public:
  Hdf5Id() = default;
  explicit Hdf5Id(int64_t id) : id_(id) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Hdf5Id(const Hdf5Id&) = delete;
  Hdf5Id& operator=(const Hdf5Id&) = delete;
  ~Hdf5Id();

  bool ok() const { return id_ >= 0; }
  int64_t get() const { return id_; }

 private:
  int64_t id_ = -1;
};

// An open data set.
class Hdf5Array {
 public:
  const std::vector<uint64_t>& dims() const { return dims_; }  // empty for a scalar
  bool is_float() const { return is_float_; }                  // else it cannot be read
  uint64_t count() const { return count_; }                    // of the values

  // The values, float16, float32 and float64 alike, whose index in the last dimension is `first` or
  // one of the `columns` - 1 behind it, in the order of the file; there are as many as `values` has
  // room for. Of a scalar: 0 and 1. kCorrupt where the data are damaged.
  Status Read(uint64_t first, uint64_t columns, std::span<float> values) const;
  // All of them.
  Result<std::vector<float>> ReadAll() const;

 private:
  friend class Hdf5Group;
  Hdf5Array() = default;

  std::string path_;  // for messages
  Hdf5Id dataset_;
  std::vector<uint64_t> dims_;
  uint64_t count_ = 1;
  bool is_float_ = false;
};

class Hdf5Group {
 public:
  Hdf5Group() = default;  // of no file: there is nothing in it

  // The root group. kCorrupt where the file is not HDF5 or cannot be opened as such.
  static Result<Hdf5Group> OpenFile(const std::filesystem::path& path);

  // The same of a file that is in memory. `image` outlives all that is opened of it.
  static Result<Hdf5Group> OpenImage(std::span<uint8_t> image);

  // A group below this one. kCorrupt where there is none.
  Result<Hdf5Group> Open(const std::string& name) const;

  bool HasGroup(const std::string& name) const;
  bool HasArray(const std::string& name) const;
  // The names of the groups in this one, in alphabetical order. kCorrupt where there are more than
  // `most` entries.
  Result<std::vector<std::string>> Groups(size_t most) const;

  bool HasAttribute(const std::string& name) const;

  // The text of a string attribute (fixed or variable length), one element for a scalar. An empty
  // array of any type is an empty list, as Keras writes it. kCorrupt where it is missing, not
  // text, or larger than `max_bytes`.
  Result<std::vector<std::string>> Strings(const std::string& attribute, uint64_t max_bytes) const;

  // A data set by its path below this group, of which nothing is read yet. kCorrupt where it is
  // missing or broken, would take more than `max_bytes`, or has more than 8 dimensions;
  // kUnsupported where its data lie in another file.
  Result<Hdf5Array> OpenArray(const std::string& path, uint64_t max_bytes) const;

 private:
  // With these access properties.
  static Result<Hdf5Group> Open(const char* name, int64_t access);

  explicit Hdf5Group(Hdf5Id id) : id_(std::move(id)) {}
  Hdf5Id id_;
};

}  // namespace qbench::graph::import
