# Debian 12 packages. Each header is included by exactly one folder of src/ (tests/check_layers.sh).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(git2 REQUIRED IMPORTED_TARGET libgit2)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
# Their headers only: port/http, port/httpd and port/format load them when they are first needed.
pkg_check_modules(curl REQUIRED libcurl>=7.85)
pkg_check_modules(microhttpd REQUIRED libmicrohttpd>=0.9.75)
pkg_check_modules(archive REQUIRED libarchive)
set(selfheal_libraries PkgConfig::git2 PkgConfig::jansson PkgConfig::sqlite3 PkgConfig::yaml
  PkgConfig::pcre2 PkgConfig::crypto
  PkgConfig::seccomp PkgConfig::lz4 ${CMAKE_DL_LIBS} Threads::Threads m)
