// The inside of a decode process, apart from the decoder itself.
#pragma once

#include <filesystem>
#include <functional>

#include "base/bytes.h"
#include "base/status.h"
#include "datasets/resize.h"

namespace qbench::datasets {

// Makes RGB pixels, three channels, of a file's bytes, whose header has been checked; turned
// upright by its EXIF orientation if asked. kCorrupt where it cannot.
using Decoder = std::function<Result<Pixmap>(ByteSpan file, bool exif_rotation)>;

// The exit status of a decode process that cannot go on, after one line on standard error: its job
// is wrong, or its output cannot be written. No image is to blame.
inline constexpr int kDecodeFailureStatus = 3;

// Works through the job in `job_file`, one image after the other, and reports on standard output
// (datasets/decode_job.h). Whatever else writes to standard output goes to standard error. Returns
// the exit status.
int RunDecodeWorker(const std::filesystem::path& job_file, const Decoder& decoder);

}  // namespace qbench::datasets
