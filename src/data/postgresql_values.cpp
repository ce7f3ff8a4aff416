#include "data/postgresql_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <limits>

#include "base/bytes.h"

namespace quipu::data {
namespace {

// pg_type.dat: types that never change their number.
enum Oid_ : Oid {
    kBool = 16,
    kBytea = 17,
    kInt8 = 20,
    kInt2 = 21,
    kInt4 = 23,
    kFloat4 = 700,
    kFloat8 = 701,
    kNumeric = 1700,
    kVoid = 2278,
};
constexpr std::array<Oid, 7> kTexts = {18,  19,   25,  114,
                                       705, 1042, 1043};  // "char", name, text, json, unknown, char, varchar

/// numeric's wire form: digits in base 10000, the first of weight 10000^weight. Sums of BIGINT come as it.
Cell numeric(ByteReader& in) {
    const auto digits = in.u16();
    const auto weight = static_cast<std::int16_t>(in.u16());
    const auto sign = in.u16();
    const auto scale = in.u16();
    constexpr std::uint16_t kNegative = 0x4000;
    constexpr std::uint16_t kNan = 0xc000;
    if (sign == kNan) return std::numeric_limits<double>::quiet_NaN();
    std::int64_t whole = 0;
    double real = 0;
    bool fits = scale == 0;
    for (int i = 0; i < std::max<int>(digits, weight + 1); ++i) {
        const std::int64_t digit = i < digits ? in.u16() : 0;
        real += static_cast<double>(digit) * std::pow(10000.0, weight - i);
        fits = fits && !__builtin_mul_overflow(whole, 10000, &whole) && !__builtin_add_overflow(whole, digit, &whole);
    }
    const bool negative = sign == kNegative;
    if (fits) return negative ? -whole : whole;
    return negative ? -real : real;
}

Result<Cell> cell_of(Oid type, ByteSpan bytes) {
    ByteReader in(bytes);
    switch (type) {
        case kBool: return Cell(static_cast<std::int64_t>(in.u8()));
        case kInt2: return Cell(std::int64_t{static_cast<std::int16_t>(in.u16())});
        case kInt4: return Cell(std::int64_t{static_cast<std::int32_t>(in.u32())});
        case kInt8: return Cell(static_cast<std::int64_t>(in.u64()));
        case kFloat4: return Cell(static_cast<double>(std::bit_cast<float>(in.u32())));
        case kFloat8: return Cell(std::bit_cast<double>(in.u64()));
        case kNumeric: return numeric(in);
        case kBytea: return Cell(Blob(bytes.begin(), bytes.end()));
        case kVoid: return Cell(std::monostate{});
        default: break;
    }
    if (std::ranges::find(kTexts, type) != kTexts.end()) return Cell(std::string(as_text(bytes)));
    return fail(ErrorCode::internal, fmt::format("a column has PostgreSQL's type {}, which Quipu does not use", type));
}

std::unexpected<Error> zero_octet() {
    return fail(ErrorCode::invalid, "text with a zero octet cannot be stored");
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default: out += c;
        }
    }
}

void append_hex(std::string& out, const Blob& blob) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\\\x";
    for (const std::uint8_t octet : blob) {
        out += kDigits[octet >> 4U];
        out += kDigits[octet & 15U];
    }
}

/// Takes `wanted` and the blanks after it from the front.
bool take(std::string_view& text, std::string_view wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(wanted.size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return true;
}

}  // namespace

Result<void> PostgresqlParameters::set(std::span<const Cell> cells) {
    numbers_.clear();
    numbers_.reserve(cells.size());  // values_ points into it
    values_.assign(cells.size(), nullptr);
    lengths_.assign(cells.size(), 0);
    formats_.assign(cells.size(), 0);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (const auto* integer = std::get_if<std::int64_t>(&cells[i])) {
            values_[i] = numbers_.emplace_back(fmt::format_int(*integer).str()).c_str();
        } else if (const auto* real = std::get_if<double>(&cells[i])) {
            values_[i] = numbers_.emplace_back(fmt::format("{}", *real)).c_str();
        } else if (const auto* text = std::get_if<std::string>(&cells[i])) {
            if (text->find('\0') != std::string::npos) return zero_octet();
            values_[i] = text->c_str();
        } else if (const auto* blob = std::get_if<Blob>(&cells[i])) {
            if (blob->size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
                return fail(ErrorCode::too_large, "a value of more than 2 GB cannot be stored");
            // A null pointer would mean NULL.
            values_[i] = blob->empty() ? "" : reinterpret_cast<const char*>(blob->data());
            lengths_[i] = static_cast<int>(blob->size());
            formats_[i] = 1;
        }
    }
    return {};
}

Result<Rows> postgresql_rows(const pg_result* result) {
    Rows rows;
    const int columns = PQnfields(result);
    rows.start(static_cast<std::size_t>(columns));
    for (int row = 0; row < PQntuples(result); ++row) {
        for (int column = 0; column < columns; ++column) {
            if (PQgetisnull(result, row, column) != 0) {
                rows.push(std::monostate{});
                continue;
            }
            const std::string_view bytes(PQgetvalue(result, row, column),
                                         static_cast<std::size_t>(PQgetlength(result, row, column)));
            rows.push(TRY(cell_of(PQftype(result, column), as_bytes(bytes))));
        }
    }
    return rows;
}

Result<void> append_copy_row(std::string& out, std::span<const Cell> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) out += '\t';
        if (const auto* integer = std::get_if<std::int64_t>(&cells[i])) {
            const fmt::format_int digits(*integer);
            out.append(digits.data(), digits.size());
        } else if (const auto* real = std::get_if<double>(&cells[i])) {
            fmt::format_to(std::back_inserter(out), "{}", *real);
        } else if (const auto* text = std::get_if<std::string>(&cells[i])) {
            if (text->find('\0') != std::string::npos) return zero_octet();
            append_escaped(out, *text);
        } else if (const auto* blob = std::get_if<Blob>(&cells[i])) {
            append_hex(out, *blob);
        } else {
            out += "\\N";
        }
    }
    out += '\n';
    return {};
}

std::string copy_command(std::string_view sql) {
    std::string_view rest = sql;
    if (!take(rest, "INSERT") || !take(rest, "INTO")) return {};
    const auto open = rest.find('(');
    const auto close = rest.find(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
    const std::string_view target = rest.substr(0, close + 1);
    if (target.find_first_of("?'\"") != std::string_view::npos) return {};
    rest.remove_prefix(close);
    if (!take(rest, ")") || !take(rest, "VALUES") || !take(rest, "(")) return {};
    while (take(rest, "?"))
        if (!take(rest, ",")) break;
    if (!take(rest, ")") || !rest.empty()) return {};
    return "COPY " + std::string(target) + " FROM STDIN";
}

}  // namespace quipu::data
