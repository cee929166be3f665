# The Debian packages that qbench needs, by what needs them. Debian 12, 13 and Raspberry Pi OS have
# them all under these names. Sourced by setup.sh.
# shellcheck shell=bash disable=SC2034

packages_build=(
  cmake ninja-build g++ pkg-config git ca-certificates
  libbenchmark-dev libboost-math-dev libboost-program-options-dev libfmt-dev libhdf5-dev
  libarchive-dev libkainjow-mustache-dev libopencv-core-dev libopencv-imgcodecs-dev
  libsqlite3-dev libsqlitecpp-dev libssl-dev libtomlplusplus-dev nlohmann-json3-dev
  libflatbuffers-dev flatbuffers-compiler flatbuffers-compiler-dev libjs-chart.js
  libxnnpack-dev libpthreadpool-dev libprotobuf-dev protobuf-compiler libleveldb-dev libsnappy-dev
)
# For fetching LiteRT's library from PyPI.
packages_litert=(python3 python3-pip)
packages_tests=(libgtest-dev libgmock-dev)
packages_lint=(clang clang-format clang-tidy)
# For the test of the page in a browser, and for fetching axe-core from PyPI.
packages_browser=(chromium python3 python3-pip)
# For scripts/coverage.sh.
packages_coverage=(gcovr)
