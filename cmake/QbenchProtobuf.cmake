# qbench_protobuf(NAME FILE.proto): a static library of the messages in FILE.proto, which is a plain
# description of a wire format for the lite runtime; its header is FILE.pb.h. What protoc makes fits
# the installed library alone, so it is never committed.
find_package(Protobuf REQUIRED)

function(qbench_protobuf name proto)
  get_filename_component(stem ${proto} NAME_WE)
  set(generated_dir ${CMAKE_CURRENT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${generated_dir})
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR}/${proto} DIRECTORY)
  add_custom_command(
    OUTPUT ${generated_dir}/${stem}.pb.cc ${generated_dir}/${stem}.pb.h
    COMMAND protobuf::protoc --cpp_out=${generated_dir} -I ${folder} ${CMAKE_CURRENT_SOURCE_DIR}/${proto}
    DEPENDS ${proto}
    COMMENT "Generating the messages of ${proto}")
  # Not with our warnings: it is the library's code.
  add_library(${name} STATIC ${generated_dir}/${stem}.pb.cc ${generated_dir}/${stem}.pb.h)
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_include_directories(${name} SYSTEM PUBLIC ${generated_dir})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf-lite)
  if(QBENCH_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${QBENCH_SANITIZE} -fno-omit-frame-pointer)
  endif()
endfunction()
