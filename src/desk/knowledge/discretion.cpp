#include "desk/knowledge/discretion.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/fold.h"
#include "base/words.h"
#include "net/address.h"

namespace quipu::knowledge {
namespace {

constexpr std::size_t kShortestName = 3;    // letters of a name's part that is left out by itself
constexpr std::size_t kShortestNumber = 7;  // digits from which a number may be somebody's
constexpr std::size_t kLongestAddress = 64;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) {
    return is_letter(c) || is_digit(c);
}
bool in(std::string_view set, char c) {
    return set.find(c) != std::string_view::npos;
}
bool is_ascii_word(char c) {
    return is_word(c) && static_cast<unsigned char>(c) < 0x80;
}
bool is_local_part(char c) {
    return is_word(c) || in(".!#$%&'*+/=?^_`{|}~-", c);
}
bool is_domain(char c) {
    return is_word(c) || c == '.' || c == '-';
}
std::string_view trimmed(std::string_view text) {
    while (!text.empty() && in(" \t\r", text.back()))
        text.remove_suffix(1);
    while (!text.empty() && in(" \t", text.front()))
        text.remove_prefix(1);
    return text;
}

/// How "@" is written. Between blanks it may be a word of its own: then only what looks like a host behind it tells.
struct AtSign {
    std::size_t octets = 0;  ///< 0: there is none here
    bool needs_dot = false;
};
AtSign at_sign(std::string_view text, std::size_t at) {
    static constexpr std::array<std::string_view, 11> kForms = {"@",    "＠",   "﹫",   "&#64;",    "&commat;", "%40",
                                                                "(at)", "[at]", "{at}", "(arroba)", "[arroba]"};
    static constexpr std::array<std::string_view, 7> kSpaced = {" arroba ", " at ",       " (at) ",    " [at] ",
                                                                " @ ",      " (arroba) ", " [arroba] "};
    constexpr std::size_t kLongest = 12;
    const std::string start = folded(text.substr(at, kLongest));
    for (const std::string_view form : kForms)
        if (start.starts_with(form)) return {form.size(), false};
    for (const std::string_view form : kSpaced)
        if (start.starts_with(form)) return {form.size(), true};
    return {};
}

/// Without what a letter quotes ("> …") and what stands under its signature's mark ("-- ", RFC 3676 §4.3).
std::string own_words(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string_view bare = trimmed(line);
        if (bare == "--") break;
        if (bare.starts_with('>')) continue;
        out.append(line).push_back('\n');
    }
    while (!out.empty() && out.back() == '\n')
        out.pop_back();
    return out;
}

std::string without_mail(std::string_view text, std::string_view placeholder) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto [sign, needs_dot] = at_sign(text, at);
        std::size_t end = at + sign;
        while (sign > 0 && end < text.size() && is_domain(text[end]))
            ++end;
        const std::string_view domain = text.substr(at + sign, end - at - sign);
        std::size_t kept = out.size();
        if (!domain.empty() &&
            (!needs_dot || domain.substr(0, domain.size() - 1).find('.') != std::string_view::npos)) {
            if (kept > 0 && out[kept - 1] == '"') {  // a quoted local part
                const auto open = out.rfind('"', kept - 2);
                if (kept >= 2 && open != std::string::npos) kept = open;
            }
            while (kept > 0 && is_local_part(out[kept - 1]))
                --kept;
        }
        if (kept == out.size()) {
            out += text[at++];
            continue;
        }
        // "mailto:", "sip:" and "xmpp:" say whose it is no less.
        for (const std::string_view scheme : {"mailto:", "sips:", "sip:", "xmpp:"})
            if (std::string_view(out).substr(0, kept).ends_with(scheme)) {
                kept -= scheme.size();
                break;
            }
        out.resize(kept);
        out += placeholder;
        at = end;
    }
    return out;
}

/// Web addresses keep place and path: names and secrets stand before the host and behind '?' and '#'.
std::string with_plain_web_addresses(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto scheme = text.find("://", at);
        if (scheme == std::string_view::npos) break;
        const std::size_t host = scheme + 3;
        out += text.substr(at, host - at);
        std::size_t end = host;
        while (end < text.size() && !in(" \t\r\n<>\"'", text[end]))
            ++end;
        std::string_view address = text.substr(host, end - host);
        const std::string_view authority = address.substr(0, address.find_first_of("/?#"));
        if (const auto user = authority.rfind('@'); user != std::string_view::npos) address.remove_prefix(user + 1);
        out += address.substr(0, address.find_first_of("?#"));
        at = end;
    }
    // What is left when the last address was passed.
    const auto last = text.rfind("://");
    if (last == std::string_view::npos) return std::string(text);
    std::size_t end = last + 3;
    while (end < text.size() && !in(" \t\r\n<>\"'", text[end]))
        ++end;
    out += text.substr(end);
    return out;
}

bool is_mac_address(std::string_view text) {
    constexpr std::size_t kOctets = 17;
    if (text.size() != kOctets) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (i % 3 == 2 ? !in(":-", text[i]) : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    return true;
}

/// The length of the IP or MAC address, with prefix length or zone, that begins here; 0 when none does.
std::size_t address_at(std::string_view text, bool ip_too) {
    std::size_t end = 0;
    while (end < text.size() && end < kLongestAddress &&
           (std::isxdigit(static_cast<unsigned char>(text[end])) != 0 || in(":.-", text[end])))
        ++end;
    for (; end >= 2; --end) {
        const std::string_view candidate = text.substr(0, end);
        const bool mac = is_mac_address(candidate);
        if (!mac && !(ip_too && net::IpAddress::parse(candidate))) continue;
        if (end < text.size() && is_letter(text[end]) && candidate.find(':') == std::string_view::npos) return 0;
        if (mac) return end;
        std::size_t more = end;
        if (more < text.size() && text[more] == '%')
            for (++more; more < text.size() && is_word(text[more]);)
                ++more;
        if (more < text.size() && text[more] == '/')
            for (++more; more < text.size() && is_digit(text[more]);)
                ++more;
        return more;
    }
    return 0;
}

std::string without_addresses(std::string_view text, std::string_view placeholder, bool ip_too) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const bool may_begin = at == 0 || !is_ascii_word(text[at - 1]);
        const std::size_t length = may_begin || text[at] == ':' ? address_at(text.substr(at), ip_too) : 0;
        if (length == 0) {
            out += text[at++];
            continue;
        }
        out += placeholder;
        at += length;
    }
    return out;
}

/// "2011-10-28", and what is a time behind it.
std::size_t date_at(std::string_view text) {
    constexpr std::string_view kForm = "0000-00-00";
    if (text.size() < kForm.size() || (!text.starts_with("19") && !text.starts_with("20"))) return 0;
    for (std::size_t i = 0; i < kForm.size(); ++i)
        if (kForm[i] == '-' ? text[i] != '-' : !is_digit(text[i])) return 0;
    if (text.size() > kForm.size() && is_digit(text[kForm.size()])) return 0;
    std::size_t end = kForm.size();
    if (end + 5 < text.size() && in(" T", text[end]) && is_digit(text[end + 1]) && is_digit(text[end + 2]) &&
        text[end + 3] == ':')
        for (++end; end < text.size() && (is_digit(text[end]) || text[end] == ':');)
            ++end;
    return end;
}

/// What may stand between the digits of one number: its length in octets, 0 for anything else.
std::size_t sign_at(std::string_view text, std::size_t at) {
    if (in("+()-./ \t", text[at])) return 1;
    static constexpr std::array<std::string_view, 7> kSigns = {"\u00A0", "\u00B7", "\u2009", "\u202F",
                                                               "\u2010", "\u2011", "\u2013"};
    for (const std::string_view sign : kSigns)
        if (text.substr(at).starts_with(sign)) return sign.size();
    return 0;
}

/// Telephone and identity numbers: digits with at most two signs between them. Dates stay, and so do the IP addresses
/// that were let through before; long counters go too.
std::string without_numbers(std::string_view text, std::string_view placeholder) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const bool may_begin = (is_digit(text[at]) || in("+(", text[at])) && (at == 0 || !is_ascii_word(text[at - 1]));
        if (!may_begin) {
            out += text[at++];
            continue;
        }
        if (const std::size_t date = date_at(text.substr(at)); date > 0) {
            out += text.substr(at, date);
            at += date;
            continue;
        }
        std::size_t end = at;  // behind the last digit
        std::size_t digits = 0;
        std::size_t signs = 0;
        for (std::size_t look = at; look < text.size() && signs <= 2;) {
            if (is_digit(text[look])) {
                if (signs > 0 && date_at(text.substr(look)) > 0) break;
                ++digits;
                signs = 0;
                end = ++look;
            } else if (const std::size_t sign = sign_at(text, look); sign > 0) {
                ++signs;
                look += sign;
            } else {
                break;
            }
        }
        std::size_t last = std::max(end, at + 1);
        if (const std::size_t address = address_at(text.substr(at), true); address > 0) {
            last = at + address;
            out += text.substr(at, address);
        } else if (digits >= kShortestNumber) {
            out += placeholder;
            // The check letter of a Chilean RUN.
            if (last + 1 < text.size() && text[last] == '-' && in("kK", text[last + 1])) last += 2;
        } else {
            out += text.substr(at, last - at);
        }
        at = last;
    }
    return out;
}

std::vector<std::string> folded_words(std::string_view text) {
    std::vector<std::string> out;
    for (Word& word : words_in(text))
        out.push_back(std::move(word.folded));
    return out;
}

}  // namespace

const Placeholders& placeholders_in(std::string_view language) {
    static constexpr Placeholders kSpanish{"[persona]", "[correo]", "[número]", "[dirección]"};
    static constexpr Placeholders kPortuguese{"[pessoa]", "[e-mail]", "[número]", "[endereço]"};
    static constexpr Placeholders kEnglish{"[person]", "[e-mail]", "[number]", "[address]"};
    return language == "es" ? kSpanish : language == "pt" ? kPortuguese : kEnglish;
}

Discretion::Discretion(const std::vector<std::string>& known, const std::vector<std::string>& present,
                       bool leave_out_addresses, std::string_view language)
    : leave_out_addresses_(leave_out_addresses), placeholders_(placeholders_in(language)) {
    const auto add = [this](Name name) {
        if (!name.empty() && std::ranges::find(names_, name) == names_.end()) names_.push_back(std::move(name));
    };
    const auto add_whole = [&](const std::string& text) {
        const Name name = folded_words(text);
        // One short word by itself may be any word.
        if (name.size() > 1 || (name.size() == 1 && name[0].size() >= kShortestName)) add(name);
        if (name.size() > 2) {
            add({name.front(), name[name.size() - 2]});  // first name and father's name
            add({name.front(), name.back()});
        }
    };
    for (const std::string& name : known)
        add_whole(name);
    for (const std::string& name : present) {
        add_whole(name);
        for (std::string& part : folded_words(name))
            if (part.size() >= kShortestName) add({std::move(part)});
    }
    std::ranges::sort(names_,
                      [](const Name& a, const Name& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
}

std::string Discretion::without_names(std::string_view text) const {
    const std::vector<Word> words = words_in(text);
    const auto matches = [&](std::size_t first, const Name& name) {
        if (first + name.size() > words.size()) return false;
        for (std::size_t i = 0; i < name.size(); ++i)
            if (words[first + i].folded != name[i]) return false;
        // "Ana" and "Pérez" two lines apart are no name.
        const std::string_view between =
            text.substr(words[first].begin, words[first + name.size() - 1].end - words[first].begin);
        return between.find("\n\n") == std::string_view::npos;
    };
    std::string out;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < words.size();) {
        const auto name = std::ranges::find_if(names_, [&](const Name& n) { return matches(i, n); });
        if (name == names_.end()) {
            ++i;
            continue;
        }
        const std::size_t last = i + name->size() - 1;
        out += text.substr(copied, words[i].begin - copied);
        if (!out.ends_with(placeholders_.person) && !out.ends_with(std::string(placeholders_.person) + " "))
            out += placeholders_.person;
        copied = words[last].end;
        i = last + 1;
    }
    out += text.substr(copied);
    return out;
}

std::string Discretion::cleaned(std::string_view text) const {
    std::string out = own_words(text);
    out = with_plain_web_addresses(out);
    out = without_mail(out, placeholders_.mail);
    out = without_addresses(out, placeholders_.address, leave_out_addresses_);
    out = without_numbers(out, placeholders_.number);
    return without_names(out);
}

}  // namespace quipu::knowledge
