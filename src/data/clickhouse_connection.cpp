#include "data/clickhouse_connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "net/http_client.h"
#include "net/secret_file.h"

namespace quipu::data {
namespace {

constexpr std::size_t kIdleLines = 8;
constexpr Nanoseconds kPatience = std::chrono::seconds(120);
constexpr std::size_t kLongestAnswer = 1U << 30U;

/// Of ErrorCodes.cpp. What is not named here is `io`.
struct Meaning {
    int number;
    ErrorCode code;
    std::string_view hint;
};
constexpr std::array kMeanings{
    Meaning{60, ErrorCode::not_found, "a table has gone; it is made again at the next call"},
    Meaning{81, ErrorCode::not_found, "the database has gone; it is made again at the next call"},
    Meaning{159, ErrorCode::timeout, ""},
    Meaning{164, ErrorCode::forbidden, "the user may only read; give it a profile that may write"},
    Meaning{192, ErrorCode::forbidden, "see user= in the archive's URL"},
    Meaning{193, ErrorCode::forbidden, "see password_file= in the archive's URL"},
    Meaning{194, ErrorCode::forbidden, "the user has a password: name it by password_file= in the archive's URL"},
    Meaning{195, ErrorCode::forbidden, "this machine may not come in as that user; see <networks> at the server"},
    Meaning{202, ErrorCode::unavailable, "too many statements at once"},
    Meaning{241, ErrorCode::exhausted, "the server has not enough memory; see max_memory_usage there"},
    Meaning{243, ErrorCode::exhausted, "make room on the server's disk"},
    Meaning{252, ErrorCode::unavailable, "the server is behind with its merges"},
};

constexpr std::string_view kNoRoom = "make room on the server's disk";

/// "Code: 243, e.displayText() = DB::Exception: …"
int code_of(std::string_view body) {
    const std::size_t at = body.find("Code: ");
    int number = 0;
    if (at != std::string_view::npos) std::from_chars(body.data() + at + 6, body.data() + body.size(), number);
    return number;
}

}  // namespace

Result<ClickhouseAddress> parse_clickhouse_url(std::string_view url) {
    constexpr std::string_view kScheme = "clickhouse://";
    const auto wrong = [&](std::string what) {
        return fail(ErrorCode::invalid, std::move(what), std::string(url),
                    "clickhouse://HOST:PORT/DATABASE, with the port of its HTTP interface (8123)");
    };
    if (!url.starts_with(kScheme)) return wrong("is no ClickHouse's URL");
    ClickhouseAddress out;
    std::string_view rest = url.substr(kScheme.size());
    std::string_view options;
    if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
        options = rest.substr(question + 1);
        rest = rest.substr(0, question);
    }
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos || slash == 0) return wrong("names no database");
    out.server = rest.substr(0, slash);
    out.database = rest.substr(slash + 1);
    const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    if (out.database.empty() || !std::ranges::all_of(out.database, plain))
        return wrong("the database's name has letters, digits and underscores only");
    if (out.server.contains('@')) return wrong("a password does not stand in a URL: user= and password_file= do");
    if (!out.server.contains(':')) out.server += ":8123";
    while (!options.empty()) {
        const std::string_view option = options.substr(0, options.find('&'));
        options.remove_prefix(std::min(option.size() + 1, options.size()));
        const std::size_t equals = std::min(option.find('='), option.size());
        const std::string value = TRY(net::percent_decode(option.substr(std::min(equals + 1, option.size())), false));
        if (option.substr(0, equals) == "user")
            out.user = value;
        else if (option.substr(0, equals) == "password_file")
            out.password_file = value;
        else
            return wrong(fmt::format("knows no {}", option));
    }
    return out;
}

Error clickhouse_error(int status, std::string_view body, const std::string& server) {
    const std::string text(body.substr(0, std::min<std::size_t>(body.find(", e.what()"), 500)));
    Error out{ErrorCode::io, fmt::format("ClickHouse refused with {}: {}", status, text), server};
    const int number = code_of(body);
    if (const auto* const at = std::ranges::find(kMeanings, number, &Meaning::number); at != kMeanings.end()) {
        out.code = at->code;
        out.hint = at->hint;
    }
    // ENOSPC, EDQUOT and a limit on files come as their number within a message about writing.
    for (const std::string_view full : {"errno: 28", "errno: 122", "errno: 27,", "No space left"})
        if (body.contains(full)) {
            out.code = ErrorCode::exhausted;
            out.hint = kNoRoom;
        }
    return out;
}

/// One connection with the loop that it lives on, which runs while it is asked.
struct ClickhouseServer::Line {
    net::EventLoop loop;
    std::unique_ptr<net::HttpClient> client;
    bool used = false;
};

Result<std::unique_ptr<ClickhouseServer>> ClickhouseServer::create(std::string_view url) {
    std::unique_ptr<ClickhouseServer> out(new ClickhouseServer(TRY(parse_clickhouse_url(url))));
    if (const std::string& file = out->address_.password_file; !file.empty())
        out->password_ = TRY(net::read_secret_file(file));
    net::EventLoop loop;
    TRY(net::HttpClient::create(loop, "http://" + out->address_.server));
    return out;
}

ClickhouseServer::ClickhouseServer(ClickhouseAddress address) : address_(std::move(address)) {}
ClickhouseServer::~ClickhouseServer() = default;

Result<std::string> ClickhouseServer::send(const std::string& query, std::string body, bool in_database) const {
    net::ClientRequest request{.method = net::Method::post, .patience = kPatience, .max_body_octets = kLongestAnswer};
    // Without wait_end_of_query an answer of 200 may end in an error's text.
    request.target = "/?wait_end_of_query=1";
    if (in_database) request.target += "&database=" + address_.database;
    if (!query.empty()) request.target += "&query=" + net::percent_encode(query);
    request.headers.set("X-ClickHouse-User", address_.user);
    if (!password_.empty()) request.headers.set("X-ClickHouse-Key", password_);
    request.body = std::move(body);
    for (bool again = true;;) {
        std::unique_ptr<Line> line;
        {
            const std::scoped_lock lock(idle_mutex_);
            if (!idle_.empty()) {
                line = std::move(idle_.back());
                idle_.pop_back();
            }
        }
        if (!line) {
            line = std::make_unique<Line>();
            line->client = TRY(net::HttpClient::create(line->loop, "http://" + address_.server));
        }
        const bool kept = std::exchange(line->used, true);
        auto response = net::send_and_wait(line->loop, *line->client, request);
        if (!response) {
            if (kept && again && response.error().code != ErrorCode::timeout) {
                again = false;
                const std::scoped_lock lock(idle_mutex_);
                idle_.clear();  // what the server closed one of, it closed all of
                continue;
            }
            Error error = std::move(response.error());
            if (error.code != ErrorCode::timeout) error.code = ErrorCode::unavailable;
            if (error.where.empty()) error.where = address_.server;
            return std::unexpected(std::move(error));
        }
        {
            const std::scoped_lock lock(idle_mutex_);
            if (idle_.size() < kIdleLines) idle_.push_back(std::move(line));
        }
        if (response->status != 200)
            return std::unexpected(clickhouse_error(response->status, response->body, address_.server));
        return std::move(response->body);
    }
}

Result<std::string> ClickhouseServer::ask(std::string_view statement) const {
    return send({}, std::string(statement), true);
}

Result<std::string> ClickhouseServer::ask_server(std::string_view statement) const {
    return send({}, std::string(statement), false);
}

Result<void> ClickhouseServer::insert(std::string_view statement, std::string rows) const {
    TRY(send(std::string(statement), std::move(rows), true));
    return {};
}

}  // namespace quipu::data
