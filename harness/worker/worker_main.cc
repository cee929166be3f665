// qbench-worker: runs one job (but imports) in a process of its own. qbench starts it; nobody else
// needs to.
#include <cstdio>

#include "harness/worker/worker_process.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: qbench-worker JOB_FOLDER\nqbench starts this program itself.\n", stderr);
    return 2;
  }
  qbench::worker::RunWorkerProcess(argv[1], /*import=*/nullptr);
}
