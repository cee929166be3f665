// What plugins do that mean ill to the program that runs them, by name.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

namespace qbench::hostile {

inline std::filesystem::path JobFolder() {
  const char* temp = std::getenv("TMPDIR");
  return std::filesystem::path(temp == nullptr ? "/nonexistent" : temp).parent_path();
}

// A folder of the test, with files of other people in it.
inline std::filesystem::path Victim(const char* name) {
  const char* folder = std::getenv("HOSTILE_VICTIM");
  return std::filesystem::path(folder == nullptr ? "/nonexistent" : folder) / name;
}

inline void WriteText(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::trunc) << text;
}

// Processes in sessions of their own, whose parents have gone.
inline void LeaveDaemons(int count) {
  for (int i = 0; i < count; ++i) {
    if (fork() != 0) continue;
    setsid();
    if (fork() != 0) _exit(0);
    for (;;) pause();
  }
}

// Whether a port of the test's process, in the file "port", answers.
inline bool ReachesTheNetwork() {
  std::ifstream file(Victim("port"));
  int port = 0;
  file >> port;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool ok = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return ok;
}

// Where the worker's answer will stand: a length, then a text.
struct Answer {
  char* memory = nullptr;
  std::string name;  // of the mapping in /proc/self/map_files

  static Answer Find() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      if (line.find("qbench-answer") == std::string::npos) continue;
      const auto address = static_cast<uintptr_t>(std::stoull(line, nullptr, 16));
      return {reinterpret_cast<char*>(address), line.substr(0, line.find(' '))};
    }
    _exit(78);
  }
};

// A false answer, and no other after it.
[[noreturn]] inline void AnswerFalsely(std::string_view text, uint64_t length) {
  char* memory = Answer::Find().memory;
  std::memcpy(memory + sizeof(length), text.data(), text.size());
  std::memcpy(memory, &length, sizeof(length));
  _exit(0);
}
[[noreturn]] inline void AnswerFalsely(std::string_view text) { AnswerFalsely(text, text.size()); }

// As much as can be tried to take the answer's memory away; 0 where nothing of it succeeded.
inline int CutAnswer() {
  int done = 0;
  const std::string file = "/proc/self/map_files/" + Answer::Find().name;
  const int fd = open(file.c_str(), O_RDWR);
  if (fd >= 0 && ftruncate(fd, 0) == 0) ++done;
  if (fd >= 0 && ftruncate(fd, off_t{1} << 40) == 0) ++done;
  if (fd >= 0) close(fd);
  if (truncate(file.c_str(), 0) == 0) ++done;
  return done;
}

// Another thing in the place of the worker's log.
inline void ReplaceLog(const std::function<void(const std::filesystem::path&)>& put) {
  const std::filesystem::path log = JobFolder() / "log.txt";
  std::error_code ignored;
  std::filesystem::remove(log, ignored);
  put(log);
}

inline void DoIll(std::string_view deed) {
  std::error_code ignored;
  if (deed == "fifo_log") {
    ReplaceLog([](const std::filesystem::path& log) { mkfifo(log.c_str(), 0600); });
    _exit(5);
  } else if (deed == "linked_log") {
    ReplaceLog([&](const std::filesystem::path& log) {
      std::filesystem::create_symlink(Victim("secret"), log, ignored);
    });
    _exit(5);
  } else if (deed == "endless_result") {
    AnswerFalsely("{", uint64_t{1} << 62);
  } else if (deed == "cuts_result") {
    if (CutAnswer() != 0) _exit(77);
  } else if (deed == "false_result") {
    AnswerFalsely(R"({"status":"ok","result":{"outputs":7,"predicted":"all of them"}})");
  } else if (deed == "false_status") {
    AnswerFalsely(R"({"status":[],"result":null})");
  } else if (deed == "garbled_message") {
    AnswerFalsely("{\"status\":\"error\",\"code\":9,\"message\":\"one\\ntwo \\u001b[31mred\"}");
  } else if (deed == "daemons") {
    LeaveDaemons(50);
  } else if (deed == "daemons_and_crash") {
    LeaveDaemons(5);
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
  } else if (deed == "daemons_and_hang") {
    LeaveDaemons(5);
    for (;;) pause();
  } else if (deed == "kills_parent") {
    kill(getppid(), SIGKILL);
  } else if (deed == "kills_group") {
    kill(0, SIGKILL);
  } else if (deed == "kills_all") {
    kill(-1, SIGKILL);
  } else if (deed == "stops_itself") {
    std::raise(SIGSTOP);
  } else if (deed == "edits_others") {
    WriteText(Victim("artifact"), "poison");
    std::filesystem::remove(Victim("artifact"), ignored);
    WriteText(Victim("new"), "poison");
  } else if (deed == "cuts_breadcrumb") {
    std::filesystem::resize_file(JobFolder() / "breadcrumb", 0, ignored);
    _exit(5);
  } else if (deed == "removes_folder") {
    std::filesystem::remove_all(JobFolder(), ignored);
  } else if (deed == "floods_streams") {
    const std::string line(4000, 'x');
    for (int i = 0; i < 20000; ++i) std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  } else if (deed == "escapes_in_log") {
    std::fprintf(stderr, "\x1b]0;owned\x07\x1b[2J\x9b\xff\n");
    _exit(5);
  } else if (deed == "network") {
    if (ReachesTheNetwork()) _exit(77);
  } else if (deed == "sleeps_in_deinit") {
    for (;;) pause();
  }
}

}  // namespace qbench::hostile
