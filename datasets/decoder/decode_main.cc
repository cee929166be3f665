// qbench-decode JOB: decodes and resizes the images of a job (datasets/decode_job.h). qbench starts
// it; the only program that loads OpenCV.
#include <cstdio>
#include <opencv2/core/utility.hpp>

#include "datasets/decode_worker.h"
#include "datasets/decoder/opencv_decoder.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: qbench-decode JOB (qbench starts this program itself)\n");
    return 2;
  }
  cv::setNumThreads(1);  // qbench starts one process a core
  return qbench::datasets::RunDecodeWorker(argv[1], qbench::datasets::DecodeWithOpenCv);
}
