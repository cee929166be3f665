// Random numbers that are the same on every machine.
//
// The distributions of the standard library differ between implementations, so the few that the
// drawings need are made here from std::mt19937_64, whose output the standard fixes.
#ifndef QBENCH_DATASETS_SCENES_DRAW_SCENE_RANDOM_H_
#define QBENCH_DATASETS_SCENES_DRAW_SCENE_RANDOM_H_

#include <cstdint>
#include <initializer_list>
#include <random>

namespace qbench::scenes {

class SceneRandom {
 public:
  explicit SceneRandom(std::uint64_t seed) : engine_(seed) {}

  // Uniform in [low, high).
  double Uniform(double low, double high);

  // Uniform in {low, ..., high}.
  int Integer(int low, int high);

  bool Chance(double probability) { return Uniform(0.0, 1.0) < probability; }

  // Mean 0, standard deviation 1; a sum of twelve uniforms, so within [-6, 6].
  double Normal();

  // An index, drawn in proportion to `weights`.
  int Weighted(std::initializer_list<double> weights);

 private:
  std::mt19937_64 engine_;
};

// A seed for one image, so that each image can be drawn alone: mixes by splitmix64.
std::uint64_t MixSeed(std::uint64_t seed, std::uint64_t value);

}  // namespace qbench::scenes

#endif  // QBENCH_DATASETS_SCENES_DRAW_SCENE_RANDOM_H_
