// A decode process that does what the first pixel of each BMP says: a decoder gone wrong. A deed
// that is done once leaves the file that an environment variable names.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include "datasets/decode_worker.h"

namespace {

using qbench::ByteSpan;
using qbench::Result;
using qbench::datasets::Pixmap;

// Dies as if killed from outside, unless the file that `variable` names is there.
void DieOnce(const char* variable) {
  const char* deed = std::getenv(variable);
  if (deed == nullptr || std::ifstream(deed).good()) return;
  std::ofstream(deed) << "done";
  std::raise(SIGKILL);
}

Result<Pixmap> Decode(ByteSpan file, bool /*exif_rotation*/) {
  switch (file[54]) {
    case 'C':
      std::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would make it an exit
      std::raise(SIGSEGV);
      break;
    case 'K':
      std::raise(SIGKILL);
      break;
    case 'k':
      DieOnce("FAKE_DECODE_DEED_DONE");
      break;
    case 'X':
      std::exit(9);
    case 'H':
      std::this_thread::sleep_for(std::chrono::hours(1));
      break;
    case 'M': {
      std::vector<char> memory(size_t{256} << 20);
      std::memset(memory.data(), 1, memory.size());
      std::this_thread::sleep_for(std::chrono::hours(1));
      break;
    }
    case 'B':
      return qbench::Error(qbench::StatusCode::kCorrupt, "broken\nas told");
    case 'T':
      std::cout << "ok 0 1 1 talk\n{\"index\":99999}\n" << std::flush;
      break;
    default:
      break;
  }
  return Pixmap{1, 1, 3, {file[54], file[54], file[54]}};
}

}  // namespace

int main(int argc, char** argv) {
  DieOnce("FAKE_DECODE_KILLED_AT_START");
  return argc == 2 ? qbench::datasets::RunDecodeWorker(argv[1], Decode) : 2;
}
