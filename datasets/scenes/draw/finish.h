// From a canvas to a photograph: camera, weather between scene and lens, exposure, sensor.
#ifndef QBENCH_DATASETS_SCENES_DRAW_FINISH_H_
#define QBENCH_DATASETS_SCENES_DRAW_FINISH_H_

#include <opencv2/core.hpp>

#include "datasets/scenes/draw/mood.h"
#include "datasets/scenes/draw/scene_random.h"

namespace qbench::scenes {

inline constexpr int kImageSide = 150;

// Randomly crops, turns and mirrors the canvas to kImageSide pixels a side, then adds snowfall or
// fog, occlusion, colour grading, blur and noise. A controlled share of images is made hard.
cv::Mat3b Finish(const cv::Mat3b& canvas, const Mood& mood, SceneRandom& random);

}  // namespace qbench::scenes

#endif  // QBENCH_DATASETS_SCENES_DRAW_FINISH_H_
