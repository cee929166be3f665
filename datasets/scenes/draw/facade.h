// Fronts of houses, flat or in perspective.
#ifndef QBENCH_DATASETS_SCENES_DRAW_FACADE_H_
#define QBENCH_DATASETS_SCENES_DRAW_FACADE_H_

#include <array>
#include <opencv2/core.hpp>

#include "datasets/scenes/draw/mood.h"
#include "datasets/scenes/draw/scene_random.h"

namespace qbench::scenes {

// Corners in the order top left, top right, bottom right, bottom left.
using Quad = std::array<cv::Point2f, 4>;

Quad UprightQuad(double left, double top, double right, double bottom);

struct Facade {
  Quad quad;
  int storeys;  // counts of windows upwards and across
  int bays;
  cv::Scalar material;
  double shade;  // the light on this side
};

// A front with a grid of windows, ledges and a door, put into its quad.
void PaintFacade(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Facade& facade);

}  // namespace qbench::scenes

#endif  // QBENCH_DATASETS_SCENES_DRAW_FACADE_H_
