#include "datasets/normalizations.h"

#include <algorithm>
#include <cmath>

namespace qbench::datasets {

std::vector<Normalization> UsualNormalizations(int channels) {
  const auto count = static_cast<size_t>(channels);
  const auto same = [&](const char* name, float mean, float std) {
    return Normalization{name, std::vector<float>(count, mean), std::vector<float>(count, std)};
  };
  std::vector<Normalization> all = {same(kPixels, 0, 1), same(kZeroToOne, 0, 255),
                                    same(kMinusOneToOne, 127.5F, 127.5F)};
  if (channels != 3) return all;
  // torchvision's transforms, times 255; keras.applications.imagenet_utils, mode "caffe".
  all.push_back({kImageNet, {123.675F, 116.28F, 103.53F}, {58.395F, 57.12F, 57.375F}});
  all.push_back({kCaffe, {123.68F, 116.779F, 103.939F}, {1, 1, 1}});
  return all;
}

Normalization UsualNormalization(const char* name, int channels) {
  std::vector<Normalization> all = UsualNormalizations(channels);
  const auto found = std::ranges::find(all, name, &Normalization::name);
  return found == all.end() ? all.front() : std::move(*found);
}

ValueRange RangeOf(const Normalization& normalization) {
  ValueRange range;
  for (size_t i = 0; i < normalization.mean.size(); ++i) {
    const auto [low, high] = std::minmax({-normalization.mean[i] / normalization.std[i],
                                          (255.0F - normalization.mean[i]) / normalization.std[i]});
    range.min = i == 0 ? low : std::min(range.min, low);
    range.max = i == 0 ? high : std::max(range.max, high);
  }
  return range;
}

bool AreAlike(const Normalization& a, const Normalization& b) {
  if (a.mean.size() != b.mean.size()) return false;
  const ValueRange range = RangeOf(a);
  const float most = 0.02F * (range.max - range.min);
  for (size_t i = 0; i < a.mean.size(); ++i) {
    for (const float pixel : {0.0F, 255.0F}) {
      const float difference = (pixel - a.mean[i]) / a.std[i] - (pixel - b.mean[i]) / b.std[i];
      if (!(std::abs(difference) <= most)) return false;
    }
  }
  return true;
}

void Apply(const Normalization& normalization, Preprocessing& input) {
  input.mean = normalization.mean;
  input.std = normalization.std;
  if (input.channels != Channels::kBgr) return;
  std::ranges::reverse(input.mean);
  std::ranges::reverse(input.std);
}

}  // namespace qbench::datasets
