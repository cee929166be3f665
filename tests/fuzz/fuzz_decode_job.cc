// What parent and decode process tell each other (datasets/decode_job.h).
#include "datasets/decode_job.h"

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  datasets::DecodeJob job;
  job.output = "/cache/tensors/a name";
  job.offset = 192;
  job.input.width = 96;
  job.input.height = 64;
  job.input.mean = {0, 0, 0};
  job.input.std = {1, 1, 1};
  job.max_file_bytes = 1000;
  job.max_pixels = 2000;
  job.items = {{0, "/images/sea/1.jpg", std::string(64, 'a')}, {7, "/images/a name.png", {}}};
  datasets::DecodeMessage done;
  done.index = 3;
  done.image = datasets::DecodedImage{};
  return {BytesOf(datasets::FormatDecodeJob(job)),
          BytesOf(datasets::FormatDecodeMessage({7, std::nullopt})),
          BytesOf(datasets::FormatDecodeMessage(done))};
}

bool Run(ByteSpan input) {
  const std::string_view text = TextOf(input);
  const auto message = datasets::ParseDecodeMessage(text.substr(0, text.find('\n')));
  const Result<datasets::DecodeJob> job = datasets::ParseDecodeJob(text);
  if (!job.ok()) {
    Refused(job.status());
    return message.has_value();
  }
  const std::string written = datasets::FormatDecodeJob(*job);
  const Result<datasets::DecodeJob> again = datasets::ParseDecodeJob(written);
  if (!again.ok()) Fail(again.status().message());
  if (datasets::FormatDecodeJob(*again) != written) Fail("changed by writing");
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"decode_job", Seeds, Run, MutateJson};
  return target;
}

}  // namespace qbench::fuzz
