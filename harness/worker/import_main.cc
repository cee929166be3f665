// qbench-import: turns a model file into a float .tflite file, in a process of its own. qbench
// starts it; nobody else needs to.
#include <cstdio>

#include "harness/worker/import_job.h"
#include "harness/worker/worker_process.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: qbench-import JOB_FOLDER\nqbench starts this program itself.\n", stderr);
    return 2;
  }
  qbench::worker::RunWorkerProcess(argv[1], &qbench::worker::RunImport);
}
