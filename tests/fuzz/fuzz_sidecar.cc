// Sidecars of models (datasets/sidecar.h).
#include "datasets/sidecar.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_text.h"
#include "tests/fuzz/scratch_file.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  return {BytesOf(R"(labels = ["buildings", "forest", "sea"]
[input]
width = 96
height = 64
channels = "RGB"
resize = "pil-bilinear"
mean = [127.5, 127.5, 127.5]
std = [127.5, 127.5, 127.5]
exif_rotation = true
[origin]
note = "trained on a Tuesday"
float_model_sha256 = "00"
)"),
          BytesOf(R"([input]
width = 1
height = 1
channels = "GRAY"
resize = "area"
mean = [0]
std = [255]
)")};
}

bool Run(ByteSpan input) {
  const Result<datasets::Sidecar> sidecar = datasets::ParseSidecar(TextOf(input), "input");
  if (!sidecar.ok()) return !Refused(sidecar.status());
  const std::string written = datasets::FormatSidecar(*sidecar);
  const Result<datasets::Sidecar> again = datasets::ParseSidecar(written, "what was written");
  if (!again.ok()) Fail(again.status().message());
  if (again->labels != sidecar->labels || datasets::FormatSidecar(*again) != written) {
    Fail("changed by writing");
  }
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"sidecar", Seeds, Run, MutateText};
  return target;
}

}  // namespace qbench::fuzz
