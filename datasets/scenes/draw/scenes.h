// The six classes. Each paints one scene over the whole canvas.
#ifndef QBENCH_DATASETS_SCENES_DRAW_SCENES_H_
#define QBENCH_DATASETS_SCENES_DRAW_SCENES_H_

#include <opencv2/core.hpp>

#include "datasets/scenes/draw/mood.h"
#include "datasets/scenes/draw/scene_random.h"

namespace qbench::scenes {

void PaintBuildings(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random);
void PaintForest(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random);
void PaintGlacier(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random);
void PaintMountain(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random);
void PaintSea(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random);
void PaintStreet(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random);

}  // namespace qbench::scenes

#endif  // QBENCH_DATASETS_SCENES_DRAW_SCENES_H_
