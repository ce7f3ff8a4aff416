// SQL as Quipu writes it, turned into PostgreSQL's.

#include <cctype>

#include "data/drivers.h"

namespace quipu::data {
namespace {

bool in_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The end of what starts at `at`: a quoted piece or a comment; `at` itself when it is neither.
std::size_t end_of_quoted(std::string_view sql, std::size_t at) {
    const auto after = [&](std::string_view closing, std::size_t from) {
        const auto found = sql.find(closing, from);
        return found == std::string_view::npos ? sql.size() : found + closing.size();
    };
    if (sql[at] == '\'') return after("'", at + 1);
    if (sql[at] == '"') return after("\"", at + 1);
    if (sql.substr(at).starts_with("--")) return after("\n", at);
    if (sql.substr(at).starts_with("/*")) return after("*/", at + 2);
    return at;
}

}  // namespace

std::string postgresql_sql(std::string_view sql) {
    constexpr std::string_view kBlob = "BLOB";
    std::string out;
    out.reserve(sql.size() + 16);
    int parameter = 0;
    for (std::size_t at = 0; at < sql.size();) {
        if (const std::size_t end = end_of_quoted(sql, at); end != at) {
            out += sql.substr(at, end - at);
            at = end;
        } else if (sql[at] == '?') {
            out += '$' + std::to_string(++parameter);
            ++at;
        } else if (in_word(sql[at])) {
            const std::size_t start = at;
            while (at < sql.size() && in_word(sql[at]))
                ++at;
            const std::string_view word = sql.substr(start, at - start);
            out += word == kBlob ? "BYTEA" : word;
        } else {
            out += sql[at++];
        }
    }
    return out;
}

}  // namespace quipu::data
