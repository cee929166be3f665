// Draws the data set `scenes`: draw_scenes --seed N --out DIR [--train N] [--calibration N] [--test
// N]
//
// The counts are images a class. Each image has its own seed, mixed from --seed, split, class and
// number, so the same command gives the same pixels whatever the counts.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <string_view>

#include "datasets/scenes/draw/finish.h"
#include "datasets/scenes/draw/mood.h"
#include "datasets/scenes/draw/scene_random.h"
#include "datasets/scenes/draw/scenes.h"
#include "datasets/scenes/draw/texture.h"

namespace qbench::scenes {
namespace {

constexpr int kJpegQuality = 80;
constexpr std::string_view kUsage =
    "usage: draw_scenes --seed N --out DIR [--train N] [--calibration N] [--test N]\n"
    "       counts are images a class; example: draw_scenes --seed 1 --out datasets/scenes\n";

struct SceneClass {
  std::string_view name;
  void (*paint)(cv::Mat3b&, const Mood&, SceneRandom&);
  Material main;  // typical materials
  Material second;
};

constexpr std::array<SceneClass, 6> kClasses = {{
    {"buildings", PaintBuildings, Material::kBrick, Material::kStone},
    {"forest", PaintForest, Material::kLeaf, Material::kSoil},
    {"glacier", PaintGlacier, Material::kShallowWater, Material::kStone},
    {"mountain", PaintMountain, Material::kStone, Material::kMoss},
    {"sea", PaintSea, Material::kDeepWater, Material::kSand},
    {"street", PaintStreet, Material::kSlate, Material::kStone},
}};

struct Split {
  std::string name;
  int images_a_class;
};

struct Options {
  std::uint64_t seed = 0;
  std::filesystem::path out;
  std::array<Split, 3> splits = {{{"train", 270}, {"calibration", 20}, {"test", 100}}};
};

// Returns false where the arguments are not understood.
bool Parse(int argc, char** argv, Options& options) {
  bool seeded = false;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--out") {
      options.out = argv[i + 1];
      continue;
    }
    char* end = nullptr;
    const unsigned long long value = std::strtoull(argv[i + 1], &end, 10);
    if (end == argv[i + 1] || *end != '\0') return false;
    bool known = name == "--seed";
    if (known) {
      options.seed = value;
      seeded = true;
    }
    for (Split& split : options.splits) {
      if (name != "--" + split.name || value > 9999) continue;
      split.images_a_class = static_cast<int>(value);
      known = true;
    }
    if (!known) return false;
  }
  return argc % 2 == 1 && seeded && !options.out.empty();
}

cv::Mat3b DrawScene(const SceneClass& scene, std::uint64_t seed) {
  SceneRandom random(seed);
  const Mood mood = DrawMood(random, scene.main, scene.second);
  cv::Mat3b canvas(kCanvas, kCanvas, cv::Vec3b(0, 0, 0));
  scene.paint(canvas, mood, random);
  return Finish(canvas, mood, random);
}

std::string FourDigits(int number) {
  const std::string digits = std::to_string(number);
  return std::string(4 - digits.size(), '0') + digits;
}

void DrawSplit(const Options& options, std::size_t split_index) {
  const Split& split = options.splits.at(split_index);
  for (std::size_t c = 0; c < kClasses.size(); ++c) {
    const std::filesystem::path folder = options.out / split.name / kClasses.at(c).name;
    std::filesystem::create_directories(folder);
    for (int i = 0; i < split.images_a_class; ++i) {
      std::uint64_t seed = MixSeed(options.seed, split_index);
      seed = MixSeed(MixSeed(seed, c), static_cast<std::uint64_t>(i));
      const std::string file = (folder / (FourDigits(i) + ".jpg")).string();
      const cv::Mat3b image = DrawScene(kClasses.at(c), seed);
      if (!cv::imwrite(file, image, {cv::IMWRITE_JPEG_QUALITY, kJpegQuality})) {
        throw std::runtime_error(file + ": cannot be written; is the disk full?");
      }
    }
  }
}

}  // namespace
}  // namespace qbench::scenes

int main(int argc, char** argv) {
  qbench::scenes::Options options;
  if (!qbench::scenes::Parse(argc, argv, options)) {
    std::cerr << qbench::scenes::kUsage;
    return 2;
  }
  try {
    for (std::size_t i = 0; i < options.splits.size(); ++i) qbench::scenes::DrawSplit(options, i);
  } catch (const std::exception& error) {
    std::cerr << "draw_scenes: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
