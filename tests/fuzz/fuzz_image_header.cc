// Headers of JPEG, PNG and BMP files (datasets/image_header.h).
#include "base/files.h"
#include "datasets/image_header.h"
#include "tests/fuzz/fuzz_target.h"

namespace qbench::fuzz {
namespace {

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const char* name : {"color.bmp", "color.jpg", "color.png", "cmyk.jpg", "gray16.png",
                           "palette.png", "progressive.jpg", "turned.jpg"}) {
    Result<Bytes> file =
        ReadFile(std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/datasets/goldens" / name);
    if (!file.ok()) Fail(file.status().message());
    seeds.push_back(std::move(*file));
  }
  return seeds;
}

bool Run(ByteSpan input) {
  const Result<datasets::ImageHeader> header = datasets::ReadImageHeader(input);
  if (!header.ok()) return !Refused(header.status());
  if (header->width == 0 || header->height == 0) Fail("a size of zero was accepted");
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"image_header", Seeds, Run};
  return target;
}

}  // namespace qbench::fuzz
