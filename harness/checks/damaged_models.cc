#include "harness/checks/damaged_models.h"

#include <algorithm>

#include "fmt/format.h"
#include "graph/random.h"

namespace qbench::checks {

std::vector<std::pair<std::string, Bytes>> NotModels(uint32_t seed) {
  graph::Random random(seed);
  const auto text = [](std::string_view words) {
    const ByteSpan bytes = AsBytes(words);
    return Bytes(bytes.begin(), bytes.end());
  };
  Bytes named = random.Values<uint8_t>(1000, 0, 255);
  constexpr std::string_view kIdentifier = "TFL3";
  std::copy(kIdentifier.begin(), kIdentifier.end(), named.begin() + 4);
  return {{"one byte", {0x1c}},
          {"a text file", text("this is not a model\n")},
          {"zeros", Bytes(4096, 0)},
          {"random bytes", random.Values<uint8_t>(1000, 0, 255)},
          {"random bytes with a .tflite file's identifier", named}};
}

std::vector<DamagedModel> DamagedModels(ByteSpan sound, uint32_t seed, int changed) {
  graph::Random random(seed);
  const auto last = static_cast<int32_t>(sound.size()) - 1;
  std::vector<DamagedModel> models;
  for (int i = 0; i < 12; ++i) {
    const int32_t size = random.Int(1, last / 2);
    models.push_back({fmt::format("a model cut off after {} of {} bytes", size, sound.size()),
                      Bytes(sound.begin(), sound.begin() + size), true});
  }
  for (int i = 0; i < changed; ++i) {
    DamagedModel model{"", Bytes(sound.begin(), sound.end())};
    const int32_t byte = random.Int(0, last);
    if (i % 2 == 0) {
      const int32_t bit = random.Int(0, 7);
      model.bytes[static_cast<size_t>(byte)] ^= static_cast<uint8_t>(1U << bit);
      model.name = fmt::format("a model with bit {} of byte {} flipped", bit, byte);
    } else {
      const int32_t end = std::min(byte + 3, last);
      for (int32_t b = byte; b <= end; ++b) {
        model.bytes[static_cast<size_t>(b)] = static_cast<uint8_t>(random.Int(0, 255));
      }
      model.name = fmt::format("a model with random bytes {} to {}", byte, end);
    }
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace qbench::checks
