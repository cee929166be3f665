# An outsider's view: installs the development files into an empty prefix, builds a copy of
# plugins/template there with nothing but find_package(qbench), and looks at what came out. Called
# with BINARY_DIR, SOURCE_DIR, WORK_DIR, GENERATOR, C_COMPILER and NM.
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
# include/ alone is what a plugin needs; installing all would need all of qbench to be built.
execute_process(COMMAND ${CMAKE_COMMAND} -DCMAKE_INSTALL_LOCAL_ONLY=ON
                        -DCMAKE_INSTALL_PREFIX=${WORK_DIR}/prefix
                        -P ${BINARY_DIR}/include/cmake_install.cmake
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(COPY ${SOURCE_DIR}/plugins/template DESTINATION ${WORK_DIR})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK_DIR}/template -B ${WORK_DIR}/build
                        -G ${GENERATOR} -DCMAKE_C_COMPILER=${C_COMPILER}
                        -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix
                        -DCMAKE_C_FLAGS=-Wall\ -Wextra\ -Wpedantic\ -Werror
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/build OUTPUT_QUIET
                COMMAND_ERROR_IS_FATAL ANY)
set(NM ${NM})
set(GOLDEN ${SOURCE_DIR}/tests/abi/exported_symbols.golden)
set(PLUGINS "${WORK_DIR}/build/template_quantizer.so|${WORK_DIR}/build/template_runtime.so")
include(${SOURCE_DIR}/tests/abi/exported_symbols.cmake)
