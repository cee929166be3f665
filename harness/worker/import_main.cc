// qbench-import: turns a model file into a float .tflite file, in a process of its own. qbench
// starts it; nobody else needs to.
#include "harness/worker/import_job.h"
#include "harness/worker/worker_process.h"

int main(int argc, char** argv) {
  return qbench::worker::RunWorkerProcess(argc, argv, &qbench::worker::RunImport);
}
