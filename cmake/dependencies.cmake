# Everything comes from Debian 12; tools/setup installs it. Boost is 1.81 or newer: an installed one, or the headers that
# tools/setup unpacked under build/deps (docs/decisions/002-boost-headers.md).
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ICAL REQUIRED IMPORTED_TARGET libical)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(GMIME REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(LIBXML2 REQUIRED IMPORTED_TARGET libxml-2.0)
pkg_check_modules(XMLSEC REQUIRED IMPORTED_TARGET xmlsec1-openssl)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
pkg_check_modules(CMARK_GFM REQUIRED IMPORTED_TARGET libcmark-gfm)
find_library(QUIPU_CMARK_EXTENSIONS cmark-gfm-extensions REQUIRED)

find_path(QUIPU_BOOST_INCLUDE boost/version.hpp
  PATHS ${PROJECT_SOURCE_DIR}/build/deps/boost/usr/include NO_DEFAULT_PATH)
if(NOT QUIPU_BOOST_INCLUDE)
  find_package(Boost 1.81 REQUIRED)
  set(QUIPU_BOOST_INCLUDE ${Boost_INCLUDE_DIRS})
endif()
add_library(quipu_boost INTERFACE)
target_include_directories(quipu_boost SYSTEM INTERFACE ${QUIPU_BOOST_INCLUDE})
target_compile_definitions(quipu_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_DATE_TIME
  BOOST_BEAST_SEPARATE_COMPILATION BOOST_ALL_NO_LIB)
