#include "datasets/decode.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <optional>
#include <system_error>
#include <thread>

#include "base/cores.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "datasets/decode_job.h"
#include "datasets/decode_worker.h"

namespace qbench::datasets {
namespace {

using Clock = std::chrono::steady_clock;

// Starting a decoder costs some 100 ms (OpenCV's libraries): fewer images than this do not pay.
constexpr size_t kImagesWorthAProcess = 32;
constexpr std::chrono::milliseconds kPoll{50};
// What a decoder may take to load, on a slow and busy board, before its first image begins.
constexpr std::chrono::milliseconds kStartTime{60'000};

// How many decoders in a row may be killed from outside without finishing an image.
constexpr int kFruitlessStarts = 3;

// What all decode processes of one call share.
struct SharedState {
  std::vector<DecodedImage> images;  // each shard writes only its own
  std::atomic<size_t> done{0};
  std::atomic<bool> cancelled{false};
  std::atomic<size_t> running{0};
};

// One decode process after the other, until each image of the shard is decoded or to blame. Lives
// in a thread of its own: a child ends with the thread that started it.
class Shard {
 public:
  Shard(DecodeJob job, const DecodeOptions& options, std::filesystem::path scratch,
        SharedState& shared)
      : job_(std::move(job)), options_(options), scratch_(std::move(scratch)), shared_(shared) {}

  Status Run() {
    while (!job_.items.empty() && !shared_.cancelled) {
      QB_RETURN_IF_ERROR(RunOnce());
    }
    return OkStatus();
  }

 private:
  // Starts a decoder for the images that are left, and takes those that are done off the list.
  Status RunOnce() {
    const std::filesystem::path job_file = scratch_.string() + ".job";
    const std::filesystem::path error_file = scratch_.string() + ".err";
    QB_RETURN_IF_ERROR(WriteFileAtomically(job_file, FormatDecodeJob(job_)));
    ChildOptions child_options;
    child_options.argv = {options_.program.string(), job_file.string()};
    child_options.environment = {
        fmt::format("OPENCV_IO_MAX_IMAGE_PIXELS={}", options_.limits.pixels)};
    child_options.out = Redirect::Pipe();
    child_options.err = Redirect::File(error_file);
    QB_ASSIGN_OR_RETURN(Child child, Child::Spawn(child_options));
    if (fcntl(child.out(), F_SETFL, O_NONBLOCK) != 0) {
      return Error(StatusCode::kIo, "cannot read from a pipe without waiting");
    }
    begun_.reset();
    text_.clear();
    too_slow_ = false;
    next_ = 0;
    last_word_ = Clock::now();
    ChildLimits limits;
    limits.resident_bytes = options_.limits.resident_bytes;
    limits.poll = kPoll;
    const ChildEnd end = child.Wait(
        limits, [&] { return Poll(child.out()); }, child.out());
    Status status = Blame(end, error_file);
    job_.items.erase(job_.items.begin(), job_.items.begin() + static_cast<ptrdiff_t>(next_));
    return status;
  }

  // False: stop the decoder.
  bool Poll(int pipe) {
    char buffer[4096];
    for (ssize_t count = 0; (count = read(pipe, buffer, sizeof(buffer))) > 0;) {
      text_.append(buffer, static_cast<size_t>(count));
      last_word_ = Clock::now();
    }
    size_t start = 0;
    for (size_t end = 0; (end = text_.find('\n', start)) != std::string::npos; start = end + 1) {
      TakeMessage(std::string_view(text_).substr(start, end - start));
    }
    text_.erase(0, start);
    const bool started = begun_ || next_ > 0;
    const auto patience = started ? options_.limits.image_time : kStartTime;
    too_slow_ = too_slow_ || Clock::now() - last_word_ > patience;
    return !too_slow_ && !shared_.cancelled;
  }

  // Messages come in the order of the list; anything else is the babble of a decoder gone wrong.
  void TakeMessage(std::string_view line) {
    const std::optional<DecodeMessage> message = ParseDecodeMessage(line);
    if (!message || next_ >= job_.items.size() || message->index != job_.items[next_].index) return;
    if (!message->image) {
      begun_ = message->index;
    } else if (begun_) {
      Finish(*message->image);
    }
  }

  void Finish(DecodedImage image) {
    shared_.images[job_.items[next_].index] = std::move(image);
    ++shared_.done;
    ++next_;
    begun_.reset();
  }

  // What the end of the decoder means: OK where it has done its work or one image is to blame.
  Status Blame(const ChildEnd& end, const std::filesystem::path& error_file) {
    if (shared_.cancelled) return OkStatus();
    if (next_ > 0) fruitless_ = 0;
    if (next_ == job_.items.size()) return OkStatus();
    // Somebody else's kill (an administrator's, the kernel's for want of memory) says nothing of
    // the image: another decoder gets a chance.
    const bool killed = end.reason == ChildEnd::Reason::kSignaled &&
                        (end.signal == SIGKILL || end.signal == SIGTERM || end.signal == SIGINT);
    if (killed && ++fruitless_ < kFruitlessStarts) return OkStatus();
    const bool own_failure = end.reason == ChildEnd::Reason::kExited &&
                             (end.exit_status == kDecodeFailureStatus || end.exit_status == 0);
    if (!begun_ || own_failure) {
      const std::string said = ReadTextFile(error_file).ok() ? *ReadTextFile(error_file) : "";
      return Error(too_slow_ ? StatusCode::kTimeout : StatusCode::kCrashed,
                   "{} ended before its work was done ({}): {}", options_.program.string(),
                   end.Description(),
                   said.empty() ? "it said nothing" : said.substr(0, said.find('\n')));
    }
    DecodedImage image;
    // A fault of the decoder comes again with the same file; a lack of time or memory need not.
    const bool fault = end.reason == ChildEnd::Reason::kSignaled && !killed;
    image.status = fault ? ImageStatus::kBroken : ImageStatus::kFailed;
    image.reason = too_slow_
                       ? fmt::format("not decoded within {} s",
                                     static_cast<double>(options_.limits.image_time.count()) / 1000)
                       : fmt::format("the decoder ended: {}", end.Description());
    Finish(std::move(image));
    return OkStatus();
  }

  DecodeJob job_;      // what is left to do
  int fruitless_ = 0;  // decoders that were killed since the last image that was finished
  const DecodeOptions& options_;
  std::filesystem::path scratch_;
  SharedState& shared_;

  // Of the running decoder:
  std::string text_;             // received, not a whole line yet
  std::optional<size_t> begun_;  // the image that it works on
  size_t next_ = 0;              // position in job_.items of the next result
  bool too_slow_ = false;
  Clock::time_point last_word_;
};

Result<std::filesystem::path> DecodeProgram(const std::filesystem::path& given) {
  std::filesystem::path program = given;
  if (program.empty()) {
    QB_ASSIGN_OR_RETURN(const std::filesystem::path folder, ProgramDir());
    program = folder / "qbench-decode";
  }
  if (access(program.c_str(), X_OK) == 0) return program;
  return Error(StatusCode::kNotFound,
               "no program {}, which decodes images; build the target qbench-decode, or install "
               "qbench again",
               program.string());
}

size_t ProcessCount(size_t images, const DecodeLimits& limits) {
  const auto wanted =
      static_cast<size_t>(limits.processes > 0 ? limits.processes : AvailableCores());
  return std::min(wanted, (images + kImagesWorthAProcess - 1) / kImagesWorthAProcess);
}

// `common` is the job without images.
Result<std::vector<DecodedImage>> RunJob(const std::vector<ImageFile>& files, DecodeJob common,
                                         DecodeOptions options) {
  QB_ASSIGN_OR_RETURN(options.program, DecodeProgram(options.program));
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("qbench-decode"));
  common.max_file_bytes = options.limits.file_bytes;
  common.max_pixels = options.limits.pixels;
  SharedState shared;
  shared.images.resize(files.size());
  const size_t count = ProcessCount(files.size(), options.limits);
  std::vector<Status> statuses(count);
  std::vector<std::thread> threads;
  shared.running = count;
  for (size_t i = 0; i < count; ++i) {
    DecodeJob job = common;
    for (size_t k = i; k < files.size(); k += count)
      job.items.push_back({k, files[k].path, files[k].sha256});
    threads.emplace_back([&, i, job = std::move(job)]() mutable {
      statuses[i] =
          Shard(std::move(job), options, scratch.path() / fmt::format("{}", i), shared).Run();
      if (!statuses[i].ok()) shared.cancelled = true;
      --shared.running;
    });
  }
  bool stopped = false;
  while (shared.running > 0) {
    std::this_thread::sleep_for(kPoll);
    if (stopped) continue;
    const bool go_on = !options.progress || options.progress(shared.done, files.size());
    stopped = InterruptRequested() || !go_on;
    if (stopped) shared.cancelled = true;
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : statuses) QB_RETURN_IF_ERROR(status);
  if (stopped && shared.done < files.size()) return InterruptStatus("decoding images");
  return std::move(shared.images);
}

}  // namespace

Result<std::vector<DecodedImage>> DecodeImages(const std::vector<ImageFile>& files,
                                               const Preprocessing& preprocessing,
                                               const std::filesystem::path& output, uint64_t offset,
                                               const DecodeOptions& options) {
  QB_RETURN_IF_ERROR(CheckPreprocessing(preprocessing));
  DecodeJob job;
  job.output = output;
  job.offset = offset;
  job.input = preprocessing;
  return RunJob(files, std::move(job), options);
}

Result<std::vector<DecodedImage>> ProbeImages(const std::vector<ImageFile>& files,
                                              const DecodeOptions& options) {
  return RunJob(files, {}, options);
}

}  // namespace qbench::datasets
