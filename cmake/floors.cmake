# quipu_floor(NAME path/below/src FLOORS lower... LIBRARIES external... [COMPUTES])
#
# A folder is a static library. It sees its own headers and those of the floors that it names (and theirs), nothing else:
# each floor gets an include root of its own that holds only one link to the folder, so a forbidden include does not compile.
# Sources are *.cpp; *_test.cpp make the folder's test program; each *_fuzz.cpp is one fuzz target that also runs its
# corpus (FOLDER/corpus/NAME/) as a test.
# Of a release or sanitized build several sources, and several tests, make one unit (QUIPU_UNITY): a third of the time, since
# headers are most of it. Names in anonymous namespaces must therefore differ within a folder; a source that can't share stands in ALONE.
# Of a sanitized build only a folder that COMPUTES is optimised: the others compile in a third of the time without, and their
# tests hardly feel it.
# The standard headers that most files read, parsed once: half of a typical file's compile time.
function(quipu_precompile target)
  if(NOT QUIPU_PRECOMPILE)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <atomic> <chrono> <cstdint> <expected> <functional> <map> <memory> <mutex> <optional> <span>
    <string> <string_view> <thread> <tuple> <utility> <variant> <vector> <fmt/format.h>)
endfunction()

function(quipu_floor name path)
  cmake_parse_arguments(ARG "COMPUTES" "" "FLOORS;LIBRARIES;TEST_FLOORS;ALONE" ${ARGN})
  set(dir ${PROJECT_SOURCE_DIR}/src/${path})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${dir}/*.h)
  file(GLOB tests CONFIGURE_DEPENDS ${dir}/*_test.cpp)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${dir}/*_fuzz.cpp)
  list(REMOVE_ITEM sources ${tests} ${fuzzers} ${dir}/main.cpp)

  set(optimised $<$<AND:$<BOOL:${ARG_COMPUTES}>,$<CONFIG:Debug>>:-O1>)

  set(root ${PROJECT_BINARY_DIR}/include/${name})
  get_filename_component(parent ${root}/${path} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${dir} ${root}/${path} SYMBOLIC)

  list(TRANSFORM ARG_FLOORS PREPEND quipu_ OUTPUT_VARIABLE floors)
  list(TRANSFORM ARG_TEST_FLOORS PREPEND quipu_ OUTPUT_VARIABLE test_floors)
  if(sources)
    add_library(quipu_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(quipu_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(quipu_${name} ${scope} ${root})
  target_link_libraries(quipu_${name} ${scope} ${floors} fmt::fmt)
  if(sources)
    target_link_libraries(quipu_${name} PRIVATE ${ARG_LIBRARIES})
    target_compile_options(quipu_${name} PRIVATE ${optimised})
    quipu_precompile(quipu_${name})
    set_target_properties(quipu_${name} PROPERTIES UNITY_BUILD ${QUIPU_UNITY} UNITY_BUILD_BATCH_SIZE 10)
    list(TRANSFORM ARG_ALONE PREPEND ${dir}/ OUTPUT_VARIABLE alone)
    set_source_files_properties(${alone} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()

  if(tests AND NOT QUIPU_FUZZ)
    add_executable(${name}_tests ${tests})
    target_link_libraries(${name}_tests PRIVATE quipu_${name} ${test_floors} ${ARG_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_tests PRIVATE QUIPU_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_compile_options(${name}_tests PRIVATE ${optimised})
    set_target_properties(${name}_tests PROPERTIES UNITY_BUILD ${QUIPU_UNITY} UNITY_BUILD_BATCH_SIZE 8)
    quipu_precompile(${name}_tests)
    if(QUIPU_PRECOMPILE)
      target_precompile_headers(${name}_tests PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
    endif()
    # A crash test's other half is a program, not a test.
    gtest_discover_tests(${name}_tests DISCOVERY_MODE PRE_TEST TEST_FILTER "-*.DISABLED_Child" PROPERTIES LABELS unit TIMEOUT 120)
  endif()
  foreach(fuzzer ${fuzzers})
    get_filename_component(target ${fuzzer} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" corpus ${target})
    if(QUIPU_FUZZ)
      add_executable(${name}_${target} ${fuzzer})
      target_link_options(${name}_${target} PRIVATE -fsanitize=fuzzer)
    else()
      add_executable(${name}_${target} ${fuzzer} ${PROJECT_SOURCE_DIR}/cmake/corpus_main.cpp)
    endif()
    target_link_libraries(${name}_${target} PRIVATE quipu_${name} ${ARG_LIBRARIES})
    add_test(NAME corpus.${name}.${corpus} COMMAND ${name}_${target} ${dir}/corpus/${corpus})
    set_tests_properties(corpus.${name}.${corpus} PROPERTIES LABELS corpus TIMEOUT 60 WORKING_DIRECTORY ${dir})
  endforeach()
endfunction()
