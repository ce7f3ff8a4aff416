#include "platform/access/password.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <sodium.h>

namespace quipu::access {
namespace {

constexpr std::size_t kShortest = 12, kLongest = 128;  // OWASP ASVS 2.1.1, 2.1.2

/// What a guesser tries first, as it stands after `simplified`: a password is refused when nothing but these is in it.
constexpr std::array<std::string_view, 61> kCommon = {
    "password", "contrasena", "contrase",   "senha",      "clave",      "secreto",       "segredo",       "secret",
    "letmein",  "welcome",    "bienvenido", "bemvindo",   "admin",      "administrator", "administrador", "root",
    "user",     "usuario",    "qwerty",     "qwertyuiop", "asdfgh",     "asdfghjkl",     "zxcvbn",        "zxcvbnm",
    "iloveyou", "teamo",      "football",   "futebol",    "futbol",     "princess",      "princesa",      "dragon",
    "monkey",   "sunshine",   "master",     "shadow",     "superman",   "batman",        "trustno",       "access",
    "login",    "test",       "testing",    "demo",       "default",    "changeme",      "cambiame",      "internet",
    "network",  "redclara",   "quipu",      "eduroam",    "university", "universidad",   "universidade",  "summer",
    "verano",   "winter",     "invierno",   "abc",        "hello"};

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

/// Lower case, the usual disguises undone, what is no letter dropped: "P4ssw0rd!2026" becomes "password".
std::string simplified(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '0': out += 'o'; break;
            case '1':
            case '!': out += 'i'; break;
            case '3': out += 'e'; break;
            case '4':
            case '@': out += 'a'; break;
            case '5':
            case '$': out += 's'; break;
            case '7': out += 't'; break;
            default:
                if (std::isalpha(static_cast<unsigned char>(c)) != 0)
                    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
                else if ((static_cast<unsigned char>(c) & 0x80U) != 0)
                    out += c;
        }
    }
    return out;
}

std::string letters_of(std::string_view text) {
    std::string out = lower_case(text);
    std::erase_if(out, [](unsigned char c) { return std::isalpha(c) == 0; });
    return out;
}

struct Key {
    int row = 0, column = 0;
};
std::optional<Key> key_at(char c) {
    static constexpr std::array<std::string_view, 4> kRows = {"1234567890-=", "qwertyuiop[]", "asdfghjkl;'",
                                                              "zxcvbnm,./"};
    for (std::size_t row = 0; row < kRows.size(); ++row)
        if (const auto column = kRows.at(row).find(c); column != std::string_view::npos)
            return Key{static_cast<int>(row), static_cast<int>(column)};
    return std::nullopt;
}

/// Whether one follows the other by itself: the same, the next in the alphabet, a neighbour on the keyboard, whose rows
/// stand half a key to the right of those above.
bool is_near(char a, char b) {
    if (a - b >= -1 && a - b <= 1) return true;
    const auto from = key_at(a), to = key_at(b);
    if (!from || !to) return false;
    const int right = to->column - from->column;
    switch (to->row - from->row) {
        case 0: return right == 1 || right == -1;
        case 1: return right == 0 || right == -1;
        case -1: return right == 0 || right == 1;
        default: return false;
    }
}

bool is_repetition(std::string_view text) {
    for (std::size_t size = 1; size <= text.size() / 2; ++size)
        if (text.size() % size == 0 && text.substr(size) == text.substr(0, text.size() - size)) return true;
    return false;
}

/// Whether it is a run, on paper or on the keyboard, a repetition, or of few characters: "123456789012",
/// "1qaz2wsx3edc", "lima2lima2lima2", "abababababab". `text` is in lower case.
bool is_regular(std::string_view text) {
    std::size_t near = 0;
    for (std::size_t i = 1; i < text.size(); ++i)
        if (is_near(text[i - 1], text[i])) ++near;
    if (near * 10 >= (text.size() - 1) * 7 || is_repetition(text)) return true;
    std::string kinds(text);
    std::ranges::sort(kinds);
    const auto repeated = std::ranges::unique(kinds);
    return kinds.size() - repeated.size() < 5;
}

/// What is left when every common word has been taken out.
std::string without_common(std::string text) {
    for (bool found = true; found;) {
        found = false;
        for (const std::string_view word : kCommon)
            for (auto at = text.find(word); at != std::string::npos; at = text.find(word)) {
                text.erase(at, word.size());
                found = true;
            }
    }
    return text;
}

/// A common word with a little of something: "password12345".
bool is_common_with_little(const std::string& text) {
    const std::string left = without_common(text);
    return left.size() < text.size() && (left.size() < 6 || is_regular(left));
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(c < 0x80U ? std::tolower(c) : c); });
    return out;
}

Result<void> start_sodium() {
    if (sodium_init() < 0) return fail(ErrorCode::internal, "libsodium cannot be started");
    return {};
}

Result<std::string> hash_password(std::string_view password) {
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return fail(ErrorCode::exhausted, "there is not enough memory to take a password");
    return std::string(out.data());
}

bool verify_password(std::string_view hash, std::string_view password) {
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (hash.size() >= text.size()) return false;
    std::ranges::copy(hash, text.begin());
    return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

bool needs_rehash(std::string_view hash) {
    return crypto_pwhash_str_needs_rehash(std::string(hash).c_str(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0;
}

Result<void> check_password(std::string_view password, std::string_view login, std::string_view name) {
    const auto refuse = [](std::string what) {
        return fail(ErrorCode::invalid, std::move(what), "body.password",
                    "several words that have nothing to do with each other are long and easy to keep in mind");
    };
    const std::size_t length = characters(password);
    if (length < kShortest) return refuse(fmt::format("a password has at least {} characters", kShortest));
    if (length > kLongest) return refuse(fmt::format("a password has at most {} characters", kLongest));
    const std::string lower = lower_case(password);
    if (is_regular(lower)) return refuse("this password is a run or a repetition, which is tried first");
    if (without_common(simplified(password)).size() < 4 || is_common_with_little(lower))
        return refuse("this password is made of what is tried first");
    const std::string plain = letters_of(password);
    for (const std::string_view own : {login.substr(0, login.find('@')), name}) {
        const std::string word = letters_of(own);
        if (word.size() >= 4 && plain.find(word) != std::string::npos && plain.size() < word.size() + 6)
            return refuse("this password is made of your own name or address");
    }
    return {};
}

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace quipu::access
