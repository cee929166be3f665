// .keras archives (graph/import/keras/keras_model.h). Mutations keep the zip sound: the JSON stays
// JSON, and what changes is below it or in the HDF5 file of the weights.
#include <archive.h>
#include <archive_entry.h>

#include <map>

#include "base/archive/zip_reader.h"
#include "graph/import/keras/keras_model.h"
#include "tests/fuzz/keras_target.h"
#include "tests/fuzz/mutate.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.weights.h5";

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const char* name : {"nested.keras2.keras", "nested.keras3.keras"}) {
    Result<Bytes> file = ReadFile(KerasSeed(name));
    if (!file.ok()) Fail(file.status().message());
    seeds.push_back(std::move(*file));
  }
  return seeds;
}

class Entries : public ZipSink {
 public:
  Status Begin(const std::string& path) override {
    current_ = &all[path];
    return OkStatus();
  }
  Status Append(ByteSpan piece) override {
    current_->insert(current_->end(), piece.begin(), piece.end());
    return OkStatus();
  }
  Status End() override { return OkStatus(); }

  std::map<std::string, Bytes> all;

 private:
  Bytes* current_ = nullptr;
};

Bytes WriteZip(const Entries& entries, bool compressed) {
  size_t size = 4096;
  for (const auto& [path, bytes] : entries.all) size += 2 * bytes.size() + 4096;
  Bytes file(size);
  size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  archive_write_set_format_option(writer, "zip", "compression", compressed ? "deflate" : "store");
  archive_write_open_memory(writer, file.data(), file.size(), &used);
  for (const auto& [path, bytes] : entries.all) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_write_header(writer, entry);
    archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  const bool closed = archive_write_close(writer) == ARCHIVE_OK;
  archive_write_free(writer);
  if (!closed) Fail("the mutated archive cannot be written");
  file.resize(used);
  return file;
}

Bytes Mutate(const Bytes& input, uint64_t seed) {
  if (seed % 8 == 0) return Mutator(seed).Mutate(input);
  Entries entries;
  const std::filesystem::path path = ScratchFile("seed.keras", input);
  const Status read = ReadZip(
      path, "the seed", {}, [](std::string_view) { return true; }, entries);
  if (!read.ok()) return Mutator(seed).Mutate(input);
  Bytes& config = entries.all[kConfig];
  Bytes& weights = entries.all[kWeights];
  if (seed % 2 == 0) {
    config = MutateJson(config, seed);
  } else {
    weights = Mutator(seed).Mutate(weights);
  }
  return WriteZip(entries, seed % 3 == 0);
}

bool Run(ByteSpan input) {
  return Judge(graph::import::ReadKerasModel(ScratchFile("m.keras", input)));
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"keras_zip", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
