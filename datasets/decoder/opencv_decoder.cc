#include "datasets/decoder/opencv_decoder.h"

#include <exception>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

namespace qbench::datasets {
namespace {

Result<Pixmap> Decode(ByteSpan file, bool exif_rotation) {
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<uint8_t*>(file.data()));
  const int flags =
      exif_rotation ? cv::IMREAD_COLOR : cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION;
  const cv::Mat image = cv::imdecode(bytes, flags);
  if (image.empty()) return Error(StatusCode::kCorrupt, "damaged: it cannot be decoded");
  if (image.type() != CV_8UC3) {
    return Error(StatusCode::kCorrupt, "decoded to an unexpected type of pixel");
  }
  Pixmap pixmap{image.cols, image.rows, 3, {}};
  pixmap.pixels.reserve(image.total() * 3);
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* row = image.ptr<uint8_t>(y);
    pixmap.pixels.insert(pixmap.pixels.end(), row, row + ptrdiff_t{image.cols} * 3);
  }
  return SwapRedAndBlue(std::move(pixmap));
}

}  // namespace

Result<Pixmap> DecodeWithOpenCv(ByteSpan file, bool exif_rotation) {
  try {
    return Decode(file, exif_rotation);
  } catch (const std::exception& error) {
    return Error(StatusCode::kCorrupt, "damaged: {}", error.what());
  }
}

}  // namespace qbench::datasets
