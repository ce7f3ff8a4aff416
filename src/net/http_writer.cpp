#include "net/http_writer.h"

#include <array>
#include <fmt/format.h>

#include "base/number.h"
#include "net/ascii.h"

namespace quipu::net {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool frames_the_message(std::string_view name) {
    switch (name.size()) {
        case 4: return equal_ignoring_case(name, "Date");
        case 10: return equal_ignoring_case(name, "Connection");
        case 14: return equal_ignoring_case(name, "Content-Length");
        case 17: return equal_ignoring_case(name, "Transfer-Encoding");
        default: return false;
    }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    const std::size_t at = out.size();
    out.append(value);
    for (std::size_t i = at; i < out.size(); ++i)
        if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
    out.append("\r\n");
}

template <std::size_t N>
std::optional<unsigned> index_in(const std::array<std::string_view, N>& names, std::string_view name) {
    for (unsigned i = 0; i < N; ++i)
        if (names[i] == name) return i;
    return std::nullopt;
}

}  // namespace

std::string_view reason_of(int status) {
    switch (status) {
        case 100: return "Continue";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 428: return "Precondition Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "Status";
    }
}

std::string format_http_date(Time time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

std::optional<Time> parse_http_date(std::string_view text) {
    // "Sun, 06 Nov 1994 08:49:37 GMT"
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" || text[19] != ':' ||
        text[22] != ':')
        return std::nullopt;
    const auto day = parse_number<unsigned>(text.substr(5, 2));
    const auto month = index_in(kMonths, text.substr(8, 3));
    const auto year = parse_number<unsigned>(text.substr(12, 4));
    const auto hour = parse_number<unsigned>(text.substr(17, 2));
    const auto minute = parse_number<unsigned>(text.substr(20, 2));
    const auto second = parse_number<unsigned>(text.substr(23, 2));
    if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month + 1),
                                           std::chrono::day(*day));
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

void write_head(std::string& out, int status, const Headers& headers, const HeadFacts& facts) {
    std::array<char, 24> digits{};
    const auto decimal = [&](auto value) {
        const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        return std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
    };
    out.append("HTTP/1.1 ").append(decimal(status)).append(" ").append(reason_of(status)).append("\r\nDate: ");
    out.append(facts.date).append("\r\n");
    if (facts.length) out.append("Content-Length: ").append(decimal(*facts.length)).append("\r\n");
    if (!facts.request_id.empty()) out.append("X-Request-Id: ").append(facts.request_id).append("\r\n");
    for (const auto& [name, value] : headers.list())
        if (!frames_the_message(name)) append_field(out, name, value);
    if (facts.close)
        out.append("Connection: close\r\n");
    else if (facts.keep_alive_told)
        out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
}

HttpResponse problem_response(int status, std::string_view detail, std::string_view request_id) {
    HttpResponse response = HttpResponse::text(
        status,
        fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}","request_id":"{}"}})",
                    reason_of(status), status, detail, request_id),
        "application/problem+json");
    return response;
}

}  // namespace quipu::net
