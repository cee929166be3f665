#include "datasets/decode_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <system_error>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/sha256.h"
#include "datasets/decode_job.h"
#include "datasets/image_header.h"

namespace qbench::datasets {
namespace {

DecodedImage NotDecoded(ImageStatus status, std::string reason, int width = 0, int height = 0) {
  return {status, std::move(reason), width, height};
}

Pixmap Prepare(Pixmap image, const Preprocessing& input) {
  if (input.channels == Channels::kGray) image = GrayFromRgb(image);
  image = ResizePixmap(image, input.width, input.height, input.resize);
  if (input.channels == Channels::kBgr) image = SwapRedAndBlue(std::move(image));
  return image;
}

class Worker {
 public:
  Worker(DecodeJob job, const Decoder& decoder, int output, int report)
      : job_(std::move(job)), decoder_(decoder), output_(output), report_(report) {}

  Status Run() {
    for (const DecodeJob::Item& item : job_.items) {
      QB_RETURN_IF_ERROR(Report({item.index, std::nullopt}));
      Pixmap pixels;
      DecodedImage image;
      try {
        image = Decode(item, pixels);
      } catch (const std::bad_alloc&) {
        image = NotDecoded(ImageStatus::kFailed, "out of memory");
      }
      if (image.status == ImageStatus::kOk && output_ >= 0) {
        const uint64_t offset = job_.offset + item.index * job_.input.pixel_bytes();
        const int error = WriteAllAt(output_, pixels.pixels, offset);
        if (error != 0) return WriteError(job_.output.string(), error);
      }
      QB_RETURN_IF_ERROR(Report({item.index, std::move(image)}));
    }
    return OkStatus();
  }

 private:
  DecodedImage Decode(const DecodeJob::Item& item, Pixmap& pixels) const {
    const Result<Bytes> bytes = ReadFile(item.file, job_.max_file_bytes);
    if (!bytes.ok()) return NotDecoded(ImageStatus::kGone, bytes.status().message());
    if (!item.sha256.empty() && Sha256Hex(*bytes) != item.sha256) {
      return NotDecoded(ImageStatus::kGone, "it was changed while qbench ran");
    }
    const Result<ImageHeader> header = ReadImageHeader(*bytes);
    if (!header.ok()) return NotDecoded(ImageStatus::kBroken, header.status().message());
    const uint64_t area = uint64_t{header->width} * header->height;
    if (area > job_.max_pixels) {
      return NotDecoded(ImageStatus::kBroken,
                        fmt::format("{} x {} pixels, more than the limit of {}", header->width,
                                    header->height, job_.max_pixels));
    }
    const int width = static_cast<int>(header->width), height = static_cast<int>(header->height);
    Result<Pixmap> decoded = decoder_(*bytes, job_.input.exif_rotation);
    if (!decoded.ok()) {
      return NotDecoded(ImageStatus::kBroken, decoded.status().message(), width, height);
    }
    if (output_ >= 0) pixels = Prepare(*std::move(decoded), job_.input);
    return {ImageStatus::kOk, {}, width, height};
  }

  Status Report(const DecodeMessage& message) const {
    if (WriteAll(report_, AsBytes(FormatDecodeMessage(message))) != 0) {
      return Error(StatusCode::kIo, "the parent has gone");
    }
    return OkStatus();
  }

  DecodeJob job_;
  const Decoder& decoder_;
  int output_;
  int report_;
};

Status Run(const std::filesystem::path& job_file, const Decoder& decoder) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(job_file));
  QB_ASSIGN_OR_RETURN(DecodeJob job, ParseDecodeJob(text));
  int output = -1;
  if (!job.output.empty()) {
    output = open(job.output.c_str(), O_WRONLY | O_CLOEXEC);
    if (output < 0) {
      return Error(StatusCode::kIo, "cannot open {}: {}", job.output.string(),
                   std::generic_category().message(errno));
    }
  }
  const int report = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (report < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    return Error(StatusCode::kIo, "no standard output and error");
  }
  return Worker(std::move(job), decoder, output, report).Run();
}

}  // namespace

int RunDecodeWorker(const std::filesystem::path& job_file, const Decoder& decoder) {
  const Status status = Run(job_file, decoder);
  if (status.ok()) return 0;
  // A program's main part, not a library: the parent reads this line.
  std::fprintf(stderr, "qbench-decode: %s\n", status.message().c_str());
  return kDecodeFailureStatus;
}

}  // namespace qbench::datasets
