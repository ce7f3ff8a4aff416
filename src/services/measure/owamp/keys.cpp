#include "services/measure/owamp/keys.h"

#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace quipu::owamp {
namespace {

constexpr std::size_t kMostUser = 80;  // RFC 4656 §3.1: KeyID
constexpr std::size_t kMostKey = 1024;

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<std::string> key_of(const std::string& hex, const std::string& where) {
    if (hex.empty() || hex.size() % 2 != 0 || hex.size() > 2 * kMostKey)
        return fail(ErrorCode::invalid, fmt::format("a key has 2 to {} hexadecimal digits", 2 * kMostKey), where,
                    "write USER KEY: printf %s 'the pass phrase' | od -An -tx1 | tr -d ' \\n'");
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const int high = digit_of(hex[i]);
        const int low = digit_of(hex[i + 1]);
        if (high < 0 || low < 0) return fail(ErrorCode::invalid, "a key is hexadecimal digits", where);
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

}  // namespace

Result<Keys> parse_keys(std::string_view text, const std::string& name) {
    Keys out;
    std::istringstream in{std::string(text)};
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        const std::string where = fmt::format("{}:{}", name, number);
        std::istringstream words(line);
        std::string user, key, more;
        if (!(words >> user) || user[0] == '#') continue;
        if (!(words >> key) || words >> more)
            return fail(ErrorCode::invalid, "a line holds a user and a key", where, "write USER KEY");
        if (user.size() > kMostUser)
            return fail(ErrorCode::invalid, fmt::format("a user has at most {} octets", kMostUser), where);
        if (!out.emplace(user, TRY(key_of(key, where))).second)
            return fail(ErrorCode::invalid, fmt::format("user {} has two lines", user), where);
    }
    return out;
}

Result<Keys> read_keys(const std::string& path) {
    std::ifstream in(path);
    if (!in) return fail_errno(errno, "can't read the keys", path);
    struct stat about{};
    if (::stat(path.c_str(), &about) == 0 && (about.st_mode & 07) != 0)
        return fail(ErrorCode::forbidden, "everybody on this machine may read these keys", path, "chmod 600 " + path);
    std::ostringstream text;
    text << in.rdbuf();
    return parse_keys(text.str(), path);
}

}  // namespace quipu::owamp
