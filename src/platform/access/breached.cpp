#include "platform/access/breached.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fmt/format.h>
#include <fstream>
#include <openssl/sha.h>

#include "platform/access/password.h"

namespace quipu::access {
namespace {

constexpr std::size_t kHashDigits = 40;
/// "HASH:COUNT" and the end of the line.
constexpr std::int64_t kLongestLine = 64;
constexpr std::int64_t kLongestList = std::int64_t{256} << 20;
/// Shorter ones are not taken anyway.
constexpr std::size_t kShortestListed = 12;
/// Places at which the order of the hashes is looked at: an unsorted list would say of everything that it is not there.
constexpr std::int64_t kProbes = 64;

bool is_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/// The hash that a line of the corpus begins with, in capitals; empty when it is no such line.
std::string hash_in(std::string_view line) {
    if (line.size() < kHashDigits || !std::ranges::all_of(line.substr(0, kHashDigits), is_digit)) return {};
    if (line.size() > kHashDigits && line[kHashDigits] != ':' && line[kHashDigits] != '\r') return {};
    std::string out(line.substr(0, kHashDigits));
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    return out;
}

/// A file of lines in which any place can be looked at.
class Lines {
  public:
    explicit Lines(const std::string& path) : file_(path, std::ios::binary) {
        file_.seekg(0, std::ios::end);
        size_ = file_ ? static_cast<std::int64_t>(file_.tellg()) : -1;
    }
    [[nodiscard]] std::int64_t size() const { return size_; }

    struct Line {
        std::int64_t begin = 0, end = 0;  ///< `end`: where the next one begins
        std::string hash;                 ///< empty: it is no line of the corpus
    };
    /// The line in which this octet stands.
    Line at(std::int64_t place) {
        const std::int64_t from = std::max<std::int64_t>(0, place - kLongestLine);
        std::array<char, 2 * kLongestLine> octets{};
        file_.clear();
        file_.seekg(from);
        file_.read(octets.data(), octets.size());
        const std::string_view read(octets.data(), static_cast<std::size_t>(file_.gcount()));
        const auto here = static_cast<std::size_t>(place - from);
        const auto before = here == 0 ? std::string_view::npos : read.rfind('\n', here - 1);
        const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
        const std::size_t end = std::min(read.find('\n', here), read.size());
        if (before == std::string_view::npos && from > 0) return {};  // longer than any line of the corpus
        return {from + static_cast<std::int64_t>(begin), std::min(from + static_cast<std::int64_t>(end) + 1, size_),
                hash_in(read.substr(begin, end - begin))};
    }

  private:
    std::ifstream file_;
    std::int64_t size_ = -1;
};

Error not_sorted(const std::string& path) {
    return {ErrorCode::invalid,
            "this list of hashes is not sorted, or has other lines in it",
            path,
            "sort it by hash, or give one password a line",
            {}};
}

}  // namespace

std::string sha1_hex(std::string_view text) {
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::string out;
    for (const unsigned char octet : digest)
        out += fmt::format("{:02X}", octet);
    return out;
}

Result<BreachedPasswords> BreachedPasswords::open(const std::string& path) {
    Lines lines(path);
    if (lines.size() < 0) return fail_errno(errno, "read the list of breached passwords", path);
    BreachedPasswords out(path);
    out.hashes_ = lines.size() > 0 && !lines.at(0).hash.empty();
    if (out.hashes_) {
        std::string last;
        for (std::int64_t probe = 0; probe < kProbes; ++probe) {
            std::string hash = lines.at((lines.size() - 1) / kProbes * probe).hash;
            if (hash.empty() || hash < last) return std::unexpected(not_sorted(path));
            last = std::move(hash);
        }
        return out;
    }
    if (lines.size() > kLongestList)
        return fail(ErrorCode::too_large, "a list of passwords may have 256 MiB", path,
                    "give the sorted list of their SHA-1 instead");
    std::ifstream file(path, std::ios::binary);
    for (std::string line; std::getline(file, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (line.size() >= kShortestListed) out.passwords_.insert(lower_case(line));
    }
    return out;
}

Result<bool> BreachedPasswords::holds(std::string_view password) const {
    if (!hashes_) return passwords_.contains(lower_case(password));
    const std::string wanted = sha1_hex(password);
    Lines lines(path_);
    if (lines.size() < 0) return fail_errno(errno, "read the list of breached passwords", path_);
    for (std::int64_t low = 0, high = lines.size(); low < high;) {
        const Lines::Line line = lines.at(low + (high - low) / 2);
        if (line.hash.empty()) return std::unexpected(not_sorted(path_));
        if (line.hash == wanted) return true;
        if (line.hash < wanted)
            low = line.end;
        else
            high = line.begin;
    }
    return false;
}

}  // namespace quipu::access
