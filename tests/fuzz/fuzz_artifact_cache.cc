// What lies in a folder of the artifact cache (harness/run/artifact_cache.h). Mutations change the
// files, or what result.json says under a seal that fits, or nothing behind the seal would be
// reached.
#include "harness/run/artifact_cache.h"

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "harness/jobs/job_json.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

constexpr const char* kKey = "key";
constexpr std::array<const char*, 3> kNames = {"result.json", "model.tflite", "ranges.json"};
constexpr size_t kResult = 0;
using Files = std::array<Bytes, kNames.size()>;

// The files of a folder as one input: the sizes of all but the last, then their bytes.
Bytes Pack(const Files& files) {
  Bytes input;
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    const auto size = static_cast<uint32_t>(files[i].size());
    const auto* bytes = reinterpret_cast<const uint8_t*>(&size);
    input.insert(input.end(), bytes, bytes + sizeof(size));
  }
  for (const Bytes& file : files) input.insert(input.end(), file.begin(), file.end());
  return input;
}

// Any input has files in it; sizes that are too large are cut.
Files Unpack(ByteSpan input) {
  Files files;
  std::array<uint32_t, kNames.size() - 1> sizes{};
  std::memcpy(sizes.data(), input.data(), std::min(input.size(), sizeof(sizes)));
  ByteSpan rest = input.subspan(std::min(input.size(), sizeof(sizes)));
  for (size_t i = 0; i < files.size(); ++i) {
    const size_t size = i < sizes.size() ? std::min<size_t>(sizes[i], rest.size()) : rest.size();
    files[i].assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
    rest = rest.subspan(size);
  }
  return files;
}

Bytes Sealed(const Json& content) {
  return BytesOf(DumpJson({{"content", content}, {"sha256", Sha256Hex(DumpJson(content))}}));
}

std::vector<Bytes> Seeds() {
  const std::string model = "the bytes of a model";
  const std::string ranges = R"({"ranges": [1, 2]})";
  jobs::QuantizeResult result;
  result.artifact = std::filesystem::path("/cache") / kNames[1];
  result.sha256 = Sha256Hex(model);
  result.file_bytes = model.size();
  result.entries = {{"ranges", "application/json", std::filesystem::path("/cache") / kNames[2],
                     Sha256Hex(ranges), ranges.size()}};
  result.warnings = {"a warning"};
  result.facts = {{"library", "1.0"}};
  result.wall_seconds = 0.5;
  Files files = {Sealed(jobs::ResultToJson(result)), BytesOf(model), BytesOf(ranges)};
  const Bytes with_document = Pack(files);
  result.entries.clear();
  files = {Sealed(jobs::ResultToJson(result)), BytesOf(model), {}};
  return {with_document, Pack(files)};
}

Bytes Mutate(const Bytes& input, uint64_t seed) {
  Files files = Unpack(input);
  Bytes& file = files[seed % files.size()];
  if (seed % files.size() == kResult && seed % 5 != 0) {
    const Result<Json> json = ParseJson(TextOf(file));
    if (json.ok() && json->is_object()) {
      file = Sealed(JsonMutator(seed).Mutate(json->value("content", Json())));
      return Pack(files);
    }
  }
  if (!file.empty()) file = Mutator(seed).Mutate(file);
  return Pack(files);
}

// What is handed out is a file of the folder with the content that the result says.
void CheckHandedOut(const std::filesystem::path& folder, const std::filesystem::path& file,
                    const std::string& sha256, uint64_t bytes) {
  if (file.parent_path() != folder) Fail("a file outside of the folder: " + file.string());
  const Result<Bytes> content = ReadFile(file);
  if (!content.ok()) Fail(content.status().message());
  if (content->size() != bytes || Sha256Hex(*content) != sha256) Fail("another content");
}

bool Run(ByteSpan input) {
  const Files files = Unpack(input);
  const run::ArtifactCache cache(ScratchFolder());
  const std::filesystem::path folder = cache.Folder(kKey);
  std::filesystem::create_directories(folder);
  for (size_t i = 0; i < files.size(); ++i) {
    ScratchFile(std::filesystem::relative(folder, ScratchFolder()).string() + "/" + kNames[i],
                files[i]);
  }
  const auto found = cache.Find(kKey);
  if (!found) return false;
  CheckHandedOut(folder, found->artifact, found->sha256, found->file_bytes);
  for (const auto& entry : found->entries) {
    CheckHandedOut(folder, entry.file, entry.sha256, entry.file_bytes);
  }
  // The result itself, but for the folder in its paths, is what was sealed.
  const Result<Json> sealed = ParseJson(TextOf(files[kResult]));
  if (!sealed.ok() || !sealed->is_object() || !sealed->contains("content")) Fail("no seal");
  const Json& content = sealed->at("content");
  if (sealed->at("sha256") != Sha256Hex(DumpJson(content))) Fail("the seal does not fit");
  jobs::QuantizeResult said =
      std::get<jobs::QuantizeResult>(*jobs::ResultFromJson("quantize", content));
  if (said.entries.size() != found->entries.size()) Fail("another list of documents");
  said.artifact = found->artifact;
  for (size_t i = 0; i < said.entries.size(); ++i) said.entries[i].file = found->entries[i].file;
  if (DumpJson(jobs::ResultToJson(said)) != DumpJson(jobs::ResultToJson(*found))) {
    Fail("not what was sealed");
  }
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"artifact_cache", Seeds, Run, Mutate};
  return target;
}

}  // namespace qbench::fuzz
