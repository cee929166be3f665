#include "datasets/decode_job.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "datasets/file_names.h"

namespace qbench::datasets {
namespace {

constexpr std::string_view kFirstLine = "qbench decode job 2";

constexpr std::array<std::pair<ImageStatus, std::string_view>, 3> kStatusNames = {{
    {ImageStatus::kOk, "ok"},
    {ImageStatus::kBroken, "broken"},
    {ImageStatus::kFailed, "failed"},
}};

// Takes the text up to `separator` (or all of it) off the front.
std::string_view Take(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

template <typename T>
bool ParseInteger(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Sets what one line of a job says; false where it makes no sense.
bool ParseSetting(std::string_view key, std::string_view value, DecodeJob& job) {
  if (key == "image") {
    DecodeJob::Item item;
    if (!ParseInteger(Take(value, ' '), item.index)) return false;
    const std::optional<std::string> file = UnescapeName(value);
    if (!file) return false;
    item.file = *file;
    job.items.push_back(std::move(item));
    return true;
  }
  if (key == "output") {
    const std::optional<std::string> file = UnescapeName(value);
    if (file) job.output = *file;
    return file.has_value();
  }
  if (key == "channels") {
    const Result<Channels> channels = ParseChannels(value);
    if (channels.ok()) job.input.channels = *channels;
    return channels.ok();
  }
  if (key == "resize") {
    const Result<Resize> resize = ParseResize(value);
    if (resize.ok()) job.input.resize = *resize;
    return resize.ok();
  }
  if (key == "exif") {
    job.input.exif_rotation = value == "1";
    return true;
  }
  if (key == "width") return ParseInteger(value, job.input.width);
  if (key == "height") return ParseInteger(value, job.input.height);
  if (key == "offset") return ParseInteger(value, job.offset);
  if (key == "max_file_bytes") return ParseInteger(value, job.max_file_bytes);
  if (key == "max_pixels") return ParseInteger(value, job.max_pixels);
  return false;
}

}  // namespace

std::string FormatDecodeJob(const DecodeJob& job) {
  std::string text = fmt::format(
      "{}\noutput {}\noffset {}\nwidth {}\nheight {}\nchannels {}\nresize {}\nexif {}\n"
      "max_file_bytes {}\nmax_pixels {}\n",
      kFirstLine, EscapeName(job.output.string()), job.offset, job.input.width, job.input.height,
      ChannelsName(job.input.channels), ResizeName(job.input.resize),
      job.input.exif_rotation ? 1 : 0, job.max_file_bytes, job.max_pixels);
  for (const DecodeJob::Item& item : job.items) {
    text += fmt::format("image {} {}\n", item.index, EscapeName(item.file.string()));
  }
  return text;
}

Result<DecodeJob> ParseDecodeJob(std::string_view text) {
  if (Take(text, '\n') != kFirstLine) {
    return Error(StatusCode::kCorrupt, "not a decode job of this version of qbench");
  }
  DecodeJob job;
  while (!text.empty()) {
    std::string_view value = Take(text, '\n');
    const std::string_view key = Take(value, ' ');
    if (!ParseSetting(key, value, job)) {
      return Error(StatusCode::kCorrupt, "a decode job with a wrong line \"{} {}\"", key, value);
    }
  }
  const auto side_is_wrong = [](int side) { return side < 1 || side > kMaxInputSide; };
  if (!job.output.empty() && (side_is_wrong(job.input.width) || side_is_wrong(job.input.height))) {
    return Error(StatusCode::kCorrupt, "a decode job for {} x {} pixels", job.input.width,
                 job.input.height);
  }
  return job;
}

std::string FormatDecodeMessage(const DecodeMessage& message) {
  if (!message.image) return fmt::format("begin {}\n", message.index);
  const DecodedImage& image = *message.image;
  const auto name = std::find_if(kStatusNames.begin(), kStatusNames.end(),
                                 [&](const auto& entry) { return entry.first == image.status; });
  std::string reason = image.reason;
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return fmt::format("{} {} {} {} {}\n", name->second, message.index, image.width, image.height,
                     reason);
}

std::optional<DecodeMessage> ParseDecodeMessage(std::string_view line) {
  DecodeMessage message;
  const std::string_view word = Take(line, ' ');
  if (!ParseInteger(Take(line, ' '), message.index)) return std::nullopt;
  if (word == "begin") return message;
  for (const auto& [status, name] : kStatusNames) {
    if (name != word) continue;
    DecodedImage image;
    image.status = status;
    if (!ParseInteger(Take(line, ' '), image.width)) return std::nullopt;
    if (!ParseInteger(Take(line, ' '), image.height)) return std::nullopt;
    image.reason = line;
    message.image = std::move(image);
    return message;
  }
  return std::nullopt;
}

}  // namespace qbench::datasets
