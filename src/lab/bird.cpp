#include "lab/bird.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <sys/socket.h>

#include "lab/local_socket.h"

namespace quipu::lab {

namespace {

constexpr int kNetworkNotFound = 8001;
constexpr int kFirstFailure = 8000;
constexpr std::size_t kLongestBirdAnswer = 1024 * 1024;
constexpr timeval kBirdPatience{2, 0};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The code at the beginning of a line, if there is one.
std::optional<int> code_of(std::string_view line) {
    if (line.size() < 5 || (line[4] != ' ' && line[4] != '-')) return std::nullopt;
    int code = 0;
    for (const char c : line.substr(0, 4)) {
        if (!is_digit(c)) return std::nullopt;
        code = code * 10 + (c - '0');
    }
    return code;
}

Result<BirdAnswer> receive_answer(const Descriptor& socket, const std::string& name) {
    std::string octets;
    std::array<char, 4096> part{};
    while (octets.size() <= kLongestBirdAnswer) {
        const ssize_t got = ::recv(socket.get(), part.data(), part.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(errno, "asking a router", name);
        if (got == 0) return fail(ErrorCode::io, "the router closed before it had answered", name);
        octets.append(part.data(), static_cast<std::size_t>(got));
        if (BirdAnswer answer = parse_bird_answer(octets); answer.whole) return answer;
    }
    return fail(ErrorCode::too_large, fmt::format("its answer is longer than {} octets", kLongestBirdAnswer), name);
}

}  // namespace

BirdAnswer parse_bird_answer(std::string_view octets) {
    BirdAnswer answer;
    while (!answer.whole) {
        const std::size_t end = octets.find('\n');
        if (end == std::string_view::npos) break;
        std::string_view line = octets.substr(0, end);
        octets.remove_prefix(end + 1);
        if (const auto code = code_of(line)) {
            answer.code = *code;
            answer.whole = line[4] == ' ';
            line.remove_prefix(5);
        } else if (line.starts_with(' ')) {
            line.remove_prefix(1);
        }
        if (!line.empty()) answer.lines.emplace_back(line);
    }
    return answer;
}

std::optional<std::uint32_t> origin_of_route(std::string_view line) {
    // The letter says how it came into BGP (RFC 4271 §4.3): i, e or ?.
    const std::size_t begin = line.rfind("[AS");
    if (begin == std::string_view::npos || !line.ends_with(']')) return std::nullopt;
    const std::string_view number = line.substr(begin + 3, line.size() - begin - 4);
    std::uint32_t as = 0;
    const auto [rest, fault] = std::from_chars(number.data(), number.data() + number.size(), as);
    if (fault != std::errc() || number.data() + number.size() - rest > 1) return std::nullopt;
    return as;
}

Result<std::vector<std::string>> ask_bird(const std::string& socket, std::string_view command) {
    const std::filesystem::path path(socket);
    const Descriptor folder = TRY(Descriptor::open(path.parent_path().string(), O_PATH | O_DIRECTORY));
    const sockaddr_un address = socket_in(folder, path.filename().string());
    const Descriptor bird(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    limit_time(bird, kBirdPatience);
    if (::connect(bird.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return fail_errno(errno, "asking a router", socket);
    TRY(receive_answer(bird, socket));  // its greeting
    const std::string line = fmt::format("{}\n", command);
    if (::send(bird.get(), line.data(), line.size(), MSG_NOSIGNAL) != std::ssize(line))
        return fail_errno(errno, "asking a router", socket);
    BirdAnswer answer = TRY(receive_answer(bird, socket));
    if (answer.code == kNetworkNotFound) return std::vector<std::string>();
    if (answer.code >= kFirstFailure)
        return fail(ErrorCode::io, answer.lines.empty() ? "the router refused the question" : answer.lines.back(),
                    socket);
    return std::move(answer.lines);
}

}  // namespace quipu::lab
