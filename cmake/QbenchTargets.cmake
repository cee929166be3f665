# How every target of the project is compiled, and the three kinds of target there are:
# a library (one layer), a plugin (a module with one exported symbol) and a test.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Without these ccache passes by whatever uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
                                  ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# The build tree has the layout of an installation, so that the programs find plugins and data in
# the same way in both: bin/, lib/qbench/plugins/, share/qbench/{datasets,models}.
set(QBENCH_PLUGIN_DIR ${CMAKE_BINARY_DIR}/lib/qbench/plugins)
set(QBENCH_SHARE_DIR ${CMAKE_BINARY_DIR}/share/qbench)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# No binary says where its libraries are: ours are static, the packages' lie where the loader looks.
# (What CMake would write, padded with ":", made the loader look into the current folder.)
set(CMAKE_SKIP_RPATH ON)

add_library(qbench_options INTERFACE)
target_compile_features(qbench_options INTERFACE cxx_std_20 c_std_11)
target_compile_definitions(qbench_options INTERFACE QBENCH_VERSION="${PROJECT_VERSION}")
target_include_directories(qbench_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
# -ffp-contract=off: the same arithmetic gives the same bytes on x86-64 and ARM.
target_compile_options(
  qbench_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wvla -ffp-contract=off -fvisibility=hidden
            $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -fvisibility-inlines-hidden>
            $<$<BOOL:${QBENCH_WERROR}>:-Werror>)
if(QBENCH_SANITIZE)
  target_compile_options(qbench_options INTERFACE -fsanitize=${QBENCH_SANITIZE} -fno-sanitize-recover=all
                                                  -fno-omit-frame-pointer)
  target_link_options(qbench_options INTERFACE -fsanitize=${QBENCH_SANITIZE})
  # With a sanitizer GCC 12 sees uninitialized members in its own <regex>.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(qbench_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

if(QBENCH_COVERAGE)
  # Threads and processes count together; a count that two of them change at once is not lost.
  target_compile_options(qbench_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(qbench_options INTERFACE --coverage)
endif()

# Most of a file's compile time is the standard library's headers, so they are compiled once for the
# libraries, and once with GoogleTest's for the tests. Every file includes what it uses all the same:
# the sanitizer presets build without (CMAKE_DISABLE_PRECOMPILE_HEADERS).
set(QBENCH_COMMON_HEADERS
    <algorithm> <array> <chrono> <cmath> <filesystem> <fstream> <functional> <map> <memory> <optional>
    <random> <set> <span> <sstream> <string> <string_view> <thread> <vector>)
# GCC says that the header is used with -fpch-preprocess, which ccache asks for.
set(QBENCH_PCH_OPTIONS $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
add_library(qbench_library_headers OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled.cc)
target_link_libraries(qbench_library_headers PRIVATE qbench_options)
target_precompile_headers(qbench_library_headers PRIVATE ${QBENCH_COMMON_HEADERS})
target_compile_options(qbench_library_headers PRIVATE ${QBENCH_PCH_OPTIONS})
if(QBENCH_BUILD_TESTS)
  # An executable: its code is compiled as the tests' is (-fPIE).
  add_executable(qbench_test_headers EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/precompiled.cc)
  target_link_libraries(qbench_test_headers PRIVATE qbench_options GTest::gmock GTest::gtest_main)
  target_precompile_headers(qbench_test_headers PRIVATE ${QBENCH_COMMON_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
  # Tests are compiled often and run for moments.
  set(QBENCH_TEST_OPTIONS $<$<CONFIG:RelWithDebInfo>:-O1>)
  target_compile_options(qbench_test_headers PRIVATE ${QBENCH_PCH_OPTIONS} ${QBENCH_TEST_OPTIONS})
endif()

# qbench_library(NAME SOURCES a.cc… [PUBLIC lib…] [PRIVATE lib…]): a static library, one layer.
function(qbench_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC qbench_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  target_precompile_headers(${name} REUSE_FROM qbench_library_headers)
  target_compile_options(${name} PRIVATE ${QBENCH_PCH_OPTIONS})
endfunction()

# qbench_plugin_module(TARGET FOLDER folder SOURCES a.cc… [NAME name] [PRIVATE lib…]):
# lib/qbench/FOLDER/NAME.so, which exports qbench_plugin_entry and nothing else.
function(qbench_plugin_module target)
  cmake_parse_arguments(ARG "" "FOLDER;NAME" "SOURCES;PRIVATE" ${ARGN})
  if(NOT ARG_NAME)
    set(ARG_NAME ${target})
  endif()
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE qbench_options ${ARG_PRIVATE})
  target_link_options(${target} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  if(NOT QBENCH_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,--no-undefined)
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${ARG_NAME}
                                             LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/qbench/${ARG_FOLDER})
endfunction()

# qbench_plugin(NAME SOURCES a.cc… [PRIVATE lib…]): one of qbench's own plugins, installed.
function(qbench_plugin name)
  qbench_plugin_module(qbench_plugin_${name} FOLDER plugins NAME ${name} ${ARGN})
  install(TARGETS qbench_plugin_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/qbench/plugins)
endfunction()

# qbench_test(NAME LABEL unit|abi|conformance|golden|cli|fuzz|migration SOURCES a_test.cc… [LINK lib…]
#             [TIMEOUT seconds]): a GoogleTest program; each of its tests is a test of ctest.
function(qbench_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE qbench_options ${ARG_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(
    ${name} PRIVATE QBENCH_SOURCE_DIR="${PROJECT_SOURCE_DIR}" QBENCH_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_precompile_headers(${name} REUSE_FROM qbench_test_headers)
  target_compile_options(${name} PRIVATE ${QBENCH_PCH_OPTIONS} ${QBENCH_TEST_OPTIONS})
  if(QBENCH_SANITIZE)
    # With sanitizers GCC takes std::regex's own std::function for uninitialized.
    target_compile_options(${name} PRIVATE -Wno-maybe-uninitialized)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
