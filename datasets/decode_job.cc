#include "datasets/decode_job.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/json.h"
#include "base/one_line.h"
#include "datasets/file_names.h"

namespace qbench::datasets {
namespace {

constexpr int kVersion = 3;

constexpr std::array<std::pair<ImageStatus, std::string_view>, 4> kStatusNames = {{
    {ImageStatus::kOk, "ok"},
    {ImageStatus::kBroken, "broken"},
    {ImageStatus::kFailed, "failed"},
    {ImageStatus::kGone, "gone"},
}};

// Paths are escaped (file_names.h), as they need not be UTF-8 and JSON's texts are.
Result<std::filesystem::path> PathOf(const Json& object, const char* key) {
  QB_ASSIGN_OR_RETURN(const std::string escaped, JsonGet<std::string>(object, key));
  const std::optional<std::string> name = UnescapeName(escaped);
  if (!name) return Error(StatusCode::kCorrupt, "key \"{}\" is no path", key);
  return std::filesystem::path(*name);
}

// A number that is not negative and fits into a T.
template <typename T>
Result<T> NumberOf(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_number_unsigned() ||
      object[key].get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<T>::max())) {
    return Error(StatusCode::kCorrupt, "key \"{}\" is no such number", key);
  }
  return object[key].get<T>();
}

Result<Preprocessing> InputOf(const Json& object) {
  Preprocessing input;
  QB_ASSIGN_OR_RETURN(input.width, NumberOf<int>(object, "width"));
  QB_ASSIGN_OR_RETURN(input.height, NumberOf<int>(object, "height"));
  QB_ASSIGN_OR_RETURN(const std::string channels, JsonGet<std::string>(object, "channels"));
  QB_ASSIGN_OR_RETURN(input.channels, ParseChannels(channels));
  QB_ASSIGN_OR_RETURN(const std::string resize, JsonGet<std::string>(object, "resize"));
  QB_ASSIGN_OR_RETURN(input.resize, ParseResize(resize));
  QB_ASSIGN_OR_RETURN(input.exif_rotation, JsonGet<bool>(object, "exif_rotation"));
  const auto side_is_wrong = [](int side) { return side < 1 || side > kMaxInputSide; };
  if (side_is_wrong(input.width) || side_is_wrong(input.height)) {
    return Error(StatusCode::kCorrupt, "{} x {} pixels", input.width, input.height);
  }
  return input;
}

Result<DecodeJob> JobOf(const Json& object) {
  QB_ASSIGN_OR_RETURN(const int version, NumberOf<int>(object, "decode_job"));
  if (version != kVersion) {
    return Error(StatusCode::kCorrupt, "it is of version {}, this program of {}", version,
                 kVersion);
  }
  DecodeJob job;
  QB_ASSIGN_OR_RETURN(job.max_file_bytes, NumberOf<uint64_t>(object, "max_file_bytes"));
  QB_ASSIGN_OR_RETURN(job.max_pixels, NumberOf<uint64_t>(object, "max_pixels"));
  if (object.contains("output")) {
    QB_ASSIGN_OR_RETURN(job.output, PathOf(object, "output"));
    QB_ASSIGN_OR_RETURN(job.offset, NumberOf<uint64_t>(object, "offset"));
    QB_ASSIGN_OR_RETURN(const Json input, JsonGet<Json>(object, "input"));
    QB_ASSIGN_OR_RETURN(job.input, InputOf(input));
  }
  QB_ASSIGN_OR_RETURN(const Json images, JsonGet<Json>(object, "images"));
  if (!images.is_array()) return Error(StatusCode::kCorrupt, "\"images\" is no list");
  for (const Json& image : images) {
    DecodeJob::Item item;
    QB_ASSIGN_OR_RETURN(item.index, NumberOf<size_t>(image, "index"));
    QB_ASSIGN_OR_RETURN(item.file, PathOf(image, "file"));
    QB_ASSIGN_OR_RETURN(item.sha256, JsonGetOr<std::string>(image, "sha256", {}));
    job.items.push_back(std::move(item));
  }
  return job;
}

Result<DecodeMessage> MessageOf(const Json& object) {
  DecodeMessage message;
  QB_ASSIGN_OR_RETURN(message.index, NumberOf<size_t>(object, "index"));
  if (!object.contains("status")) return message;
  DecodedImage& image = message.image.emplace();
  QB_ASSIGN_OR_RETURN(const std::string status, JsonGet<std::string>(object, "status"));
  const auto name =
      std::ranges::find(kStatusNames, status, &std::pair<ImageStatus, std::string_view>::second);
  if (name == kStatusNames.end()) return Error(StatusCode::kCorrupt, "no status \"{}\"", status);
  image.status = name->first;
  QB_ASSIGN_OR_RETURN(const std::string reason, JsonGet<std::string>(object, "reason"));
  image.reason = SafeLine(reason);
  QB_ASSIGN_OR_RETURN(image.width, NumberOf<int>(object, "width"));
  QB_ASSIGN_OR_RETURN(image.height, NumberOf<int>(object, "height"));
  return message;
}

}  // namespace

std::string FormatDecodeJob(const DecodeJob& job) {
  Json object = {{"decode_job", kVersion},
                 {"max_file_bytes", job.max_file_bytes},
                 {"max_pixels", job.max_pixels},
                 {"images", Json::array()}};
  if (!job.output.empty()) {
    object["output"] = EscapeName(job.output.string());
    object["offset"] = job.offset;
    object["input"] = {{"width", job.input.width},
                       {"height", job.input.height},
                       {"channels", ChannelsName(job.input.channels)},
                       {"resize", ResizeName(job.input.resize)},
                       {"exif_rotation", job.input.exif_rotation}};
  }
  for (const DecodeJob::Item& item : job.items) {
    Json image = {{"index", item.index}, {"file", EscapeName(item.file.string())}};
    if (!item.sha256.empty()) image["sha256"] = item.sha256;
    object["images"].push_back(std::move(image));
  }
  return DumpJson(object);
}

Result<DecodeJob> ParseDecodeJob(std::string_view text) {
  QB_ASSIGN_OR_RETURN(const Json object, ParseJson(text));
  Result<DecodeJob> job = JobOf(object);
  if (job.ok()) return job;
  return Error(StatusCode::kCorrupt, "not a decode job of this version of qbench: {}",
               job.status().message());
}

std::string FormatDecodeMessage(const DecodeMessage& message) {
  Json object = {{"index", message.index}};
  if (message.image) {
    const DecodedImage& image = *message.image;
    const auto name = std::ranges::find(kStatusNames, image.status,
                                        &std::pair<ImageStatus, std::string_view>::first);
    object.update({{"status", name->second},
                   {"width", image.width},
                   {"height", image.height},
                   {"reason", image.reason}});
  }
  return DumpJson(object) + "\n";
}

std::optional<DecodeMessage> ParseDecodeMessage(std::string_view line) {
  const Result<Json> object = ParseJson(line);
  if (!object.ok()) return std::nullopt;
  Result<DecodeMessage> message = MessageOf(*object);
  if (!message.ok()) return std::nullopt;
  return *std::move(message);
}

}  // namespace qbench::datasets
