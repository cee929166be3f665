// qbench-worker: runs one job (but imports) in a process of its own. qbench starts it; nobody else
// needs to.
#include "harness/worker/worker_process.h"

int main(int argc, char** argv) {
  return qbench::worker::RunWorkerProcess(argc, argv, /*import=*/nullptr);
}
