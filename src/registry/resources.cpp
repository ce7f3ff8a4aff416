#include "registry/resources.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <idn2.h>
#include <memory>
#include <ranges>

#include "net/address.h"

namespace quipu::registry {
namespace {

constexpr std::size_t kMaxDomain = 253;  // RFC 1035 §2.3.4, as text without the final dot
constexpr std::size_t kMaxE164 = 15;     // ITU-T E.164 §6

std::unexpected<Error> malformed(std::string_view text, std::string_view what, std::string_view hint) {
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not {}", text, what), {}, std::string(hint));
}

bool read_number(std::string_view text, std::uint64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

Result<std::string> canonical_as_number(std::string_view text) {
    constexpr std::uint64_t kLast = 4'294'967'295;
    std::string_view digits = text;
    if (digits.size() > 2 && (digits.starts_with("AS") || digits.starts_with("as"))) digits.remove_prefix(2);
    std::uint64_t number = 0;
    if (const auto dot = digits.find('.'); dot != std::string_view::npos) {  // RFC 5396: asdot
        std::uint64_t low = 0;
        if (!read_number(digits.substr(0, dot), number) || !read_number(digits.substr(dot + 1), low) ||
            number > 65535 || low > 65535)
            return malformed(text, "an AS number", "write 27750, AS27750 or 4.10");
        number = number * 65536 + low;
    } else if (!read_number(digits, number) || number > kLast) {
        return malformed(text, "an AS number of 32 bits", "write 27750, AS27750 or 4.10");
    }
    // RFC 7607, RFC 6793 §9, RFC 7300
    if (number == 0 || number == 23456 || number == 65535 || number == kLast)
        return fail(ErrorCode::invalid, fmt::format("AS number {} is reserved and belongs to nobody", number));
    return fmt::to_string(number);
}

Result<std::string> canonical_domain(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > 1024 || text.find('\0') != std::string_view::npos)
        return malformed(text, "a domain name", "write reuna.cl");
    char* encoded = nullptr;
    // TR46 maps capital letters. Its STD3 rules drop what is no letter, digit or hyphen; here that is refused below.
    const int status = idn2_to_ascii_8z(std::string(text).c_str(), &encoded, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    if (status != IDN2_OK)
        return fail(ErrorCode::invalid, fmt::format("\"{}\" is not a domain name: {}", text, idn2_strerror(status)), {},
                    "write reuna.cl");
    const std::unique_ptr<char, void (*)(void*)> owned(encoded, &idn2_free);
    std::string ascii(encoded);
    if (ascii.size() > kMaxDomain) return malformed(text, "a domain name: it is longer than 253 octets", "");
    for (const auto label : std::views::split(ascii, '.')) {
        const std::string_view part(label.begin(), label.end());
        const bool letters = std::ranges::all_of(
            part, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
        if (part.empty() || part.size() > 63 || !letters || part.front() == '-' || part.back() == '-')
            return malformed(text, "a domain name", "labels are letters, digits and inner hyphens: reuna.cl");
    }
    return ascii;
}

Result<std::string> canonical_telephone(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == ' ' || c == '-' || c == '.') continue;
        out += c;
    }
    const bool digits = out.size() > 1 && out.front() == '+' && out[1] != '0' &&
                        std::ranges::all_of(out.substr(1), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || out.size() > kMaxE164 + 1)
        return malformed(text, "a telephone prefix", "write + and up to 15 digits, country code first: +56 2");
    return out;
}

}  // namespace

Result<std::string> canonical_value(Kind kind, std::string_view text) {
    switch (kind) {
        case Kind::as_numbers: return canonical_as_number(text);
        case Kind::prefixes: return TRY(net::Prefix::parse(text)) .text();
        case Kind::telephone_prefixes: return canonical_telephone(text);
        case Kind::domains:
        case Kind::realms: return canonical_domain(text);
        default: return fail(ErrorCode::internal, "not a kind of resource");
    }
}

std::string nesting_key(Kind kind, std::string_view canonical) {
    std::string key;
    switch (kind) {
        case Kind::prefixes: {
            const auto prefix = net::Prefix::parse(canonical);
            if (!prefix) return std::string(canonical);
            key = prefix->address().is_v6() ? "6" : "4";
            const auto& octets = prefix->address().octets();
            for (int bit = 0; bit < prefix->length(); ++bit)
                key += ((octets[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8)) & 1) != 0 ? '1' : '0';
            return key;
        }
        case Kind::domains:
        case Kind::realms: {
            std::string_view rest = canonical;
            while (!rest.empty()) {
                const auto dot = rest.rfind('.');
                key += dot == std::string_view::npos ? rest : rest.substr(dot + 1);
                key += '.';
                rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(0, dot);
            }
            return key;
        }
        case Kind::telephone_prefixes: return std::string(canonical.substr(1));
        default: return fmt::format("{}$", canonical);  // AS numbers lie in nothing
    }
}

std::string id_from(Kind kind, std::string_view canonical) {
    switch (kind) {
        case Kind::as_numbers: return fmt::format("as{}", canonical);
        case Kind::telephone_prefixes: return fmt::format("tel-{}", canonical.substr(1));
        case Kind::prefixes: {
            const auto slash = canonical.find('/');
            std::string address(canonical.substr(0, slash));
            for (char& c : address)
                if (c == '.' || c == ':') c = '-';
            const auto first = address.find_first_not_of('-');
            const auto last = address.find_last_not_of('-');
            address = first == std::string::npos ? "all" : address.substr(first, last - first + 1);
            return fmt::format("{}--{}", address, canonical.substr(slash + 1));
        }
        default: {
            std::string id(canonical);
            for (char& c : id)
                if (c == '.') c = '-';
            return id;
        }
    }
}

}  // namespace quipu::registry
