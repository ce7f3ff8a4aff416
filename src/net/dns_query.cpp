#include "net/dns_query.h"

#include <algorithm>
#include <arpa/nameser.h>
#include <array>
#include <fmt/format.h>
#include <netinet/in.h>
#include <resolv.h>

namespace quipu::net {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestAnswer = 4096;
constexpr int kMostServers = 2;  // of resolv.conf, a second each

constexpr Nanoseconds kLeast = std::chrono::minutes(1);  // that an answer is kept, whatever its time to live
constexpr Nanoseconds kMost = std::chrono::days(1);
constexpr Nanoseconds kNone = std::chrono::hours(1);        // there is no name
constexpr Nanoseconds kNoAnswer = std::chrono::minutes(1);  // perhaps there will be one

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_of_a_label(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-';
}

/// The resolver's state, which reads resolv.conf.
class Resolver {
  public:
    Resolver() : open_(::res_ninit(&state_) == 0) {
        state_.retrans = 1;
        state_.retry = 1;
        state_.nscount = std::min(state_.nscount, kMostServers);
        // Over TCP nothing bounds the time, and a name's answer is short.
        state_.options |= RES_IGNTC;
        state_.options &= ~static_cast<unsigned long>(RES_USEVC);
    }
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver() {
        if (open_) ::res_nclose(&state_);
    }
    /// Octets of the answer; less than 1: none.
    [[nodiscard]] int ask(const std::string& name, std::span<std::uint8_t> answer) {
        if (!open_) return 0;
        std::array<std::uint8_t, 512> question{};
        const int length = ::res_nmkquery(&state_, ns_o_query, name.c_str(), ns_c_in, ns_t_ptr, nullptr, 0, nullptr,
                                          question.data(), static_cast<int>(question.size()));
        if (length <= 0) return 0;
        return ::res_nsend(&state_, question.data(), length, answer.data(), static_cast<int>(answer.size()));
    }

  private:
    struct __res_state state_{};
    const bool open_;
};

}  // namespace

bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > kLongestName) return false;
    std::string_view label;
    while (true) {
        const std::size_t end = std::min(text.find('.'), text.size());
        label = text.substr(0, end);
        if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-') return false;
        if (!std::ranges::all_of(label, is_of_a_label)) return false;
        if (end == text.size()) break;
        text.remove_prefix(end + 1);
    }
    return !std::ranges::all_of(label, is_digit);
}

std::string reverse_name(const IpAddress& address) {
    const auto& octets = address.octets();
    if (!address.is_v6()) return fmt::format("{}.{}.{}.{}.in-addr.arpa", octets[3], octets[2], octets[1], octets[0]);
    std::string out;
    for (std::size_t i = octets.size(); i-- > 0;)
        out += fmt::format("{:x}.{:x}.", octets[i] & 0xfU, octets[i] >> 4U);
    return out + "ip6.arpa";
}

DnsName name_in_answer(ByteSpan answer) {
    ns_msg message{};
    if (answer.size() > kLongestAnswer || ::ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0)
        return {.name = {}, .keep = kNoAnswer};
    const auto code = ns_msg_getflag(message, ns_f_rcode);
    if (code != ns_r_noerror && code != ns_r_nxdomain) return {.name = {}, .keep = kNoAnswer};
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
        ns_rr record{};
        if (::ns_parserr(&message, ns_s_an, i, &record) != 0) break;
        if (ns_rr_type(record) != ns_t_ptr || ns_rr_class(record) != ns_c_in) continue;
        std::array<char, NS_MAXDNAME> name{};
        if (::ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record), name.data(),
                                 name.size()) < 0)
            continue;
        if (!is_host_name(name.data())) continue;
        return {.name = name.data(),
                .keep = std::clamp<Nanoseconds>(std::chrono::seconds(ns_rr_ttl(record)), kLeast, kMost)};
    }
    return {.name = {}, .keep = kNone};
}

DnsName ask_dns(const IpAddress& address) {
    std::array<std::uint8_t, kLongestAnswer> answer;
    const int length = Resolver().ask(reverse_name(address), answer);
    if (length <= 0) return {.name = {}, .keep = kNoAnswer};
    return name_in_answer(ByteSpan(answer).first(std::min(static_cast<std::size_t>(length), answer.size())));
}

}  // namespace quipu::net
