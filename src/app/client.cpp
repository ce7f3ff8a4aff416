#include "app/client.h"

#include <algorithm>
#include <fmt/format.h>

#include "net/http_client.h"

namespace quipu::app {
namespace {

std::string text_at(const Value& object, std::string_view key) {
    const Value* found = object.find(key);
    return found != nullptr && found->if_string() != nullptr ? *found->if_string() : std::string();
}

ErrorCode code_named(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i)
        if (name_of(static_cast<ErrorCode>(i)) == name) return static_cast<ErrorCode>(i);
    return ErrorCode::internal;
}

}  // namespace

Client::Client(std::string hub) : hub_(std::move(hub)), token_(credential_for(hub_)) {}

std::string with_query(std::string_view path, const Query& query) {
    std::string out(path);
    char before = path.find('?') == std::string_view::npos ? '?' : '&';
    for (const auto& [name, value] : query) {
        if (value.empty()) continue;
        out += before + net::percent_encode(name) + '=' + net::percent_encode(value);
        before = '&';
    }
    return out;
}

Error error_of(int status, std::string_view body) {
    const auto problem = parse_json(body);
    if (!problem || problem->find("detail") == nullptr)
        return {ErrorCode::internal, fmt::format("the hub answered with status {}", status), {}, {}, {}};
    Error error{code_named(text_at(*problem, "code")), text_at(*problem, "detail"), {}, text_at(*problem, "hint"), {}};
    if (const Value* faults = problem->find("faults"); faults != nullptr && faults->if_array() != nullptr)
        for (const Value& fault : *faults->if_array())
            error.faults.push_back({text_at(fault, "where"), text_at(fault, "what")});
    if (error.faults.size() == 1 && error.faults.front().what == error.what) {
        error.where = error.faults.front().where;
        error.faults.clear();
    }
    if (error.code == ErrorCode::internal) error.hint += fmt::format(" [request {}]", text_at(*problem, "request_id"));
    return error;
}

Result<Client::Answer> Client::send(const Call& call) const {
    net::ClientRequest request;
    request.method = call.method;
    request.target = call.target;
    request.body = call.body;
    request.patience = std::chrono::minutes(5);
    if (call.cookie.empty()) {
        authorise(request.headers, token_);
    } else {
        request.headers.add("Cookie", call.cookie);
        request.headers.add("X-Quipu-Request", "1");
    }
    if (!call.body.empty()) request.headers.add("Content-Type", call.content_type);
    if (!call.if_match.empty()) request.headers.add("If-Match", fmt::format("\"{}\"", call.if_match));
    auto response = net::fetch(hub_, std::move(request), TRY(trust_for(hub_)));
    if (!response)
        return fail(ErrorCode::unavailable, fmt::format("no hub answers at {}: {}", hub_, response.error().what), {},
                    "start one with `quipu serve`, or name another with --hub or QUIPU_HUB");
    if (response->status >= 400) return std::unexpected(error_of(response->status, response->body));
    const std::string_view cookie = response->headers.get("Set-Cookie");
    Answer answer{std::move(response->body), std::string(response->headers.get("ETag")),
                  std::string(cookie.substr(0, cookie.find(';')))};
    std::erase(answer.etag, '"');
    return answer;
}

Result<Value> Client::get(std::string_view path, const Query& query) const {
    return change({.method = net::Method::get, .target = with_query(path, query)});
}

Result<Value> Client::change(const Call& call) const {
    const Answer answer = TRY(send(call));
    if (answer.text.empty()) return Value();
    return parse_json(answer.text, "the hub's answer");
}

Result<Value> Client::items(std::string_view path, const Query& query) const {
    const Value answer = TRY(get(path, query));
    const Value* items = answer.find("items");
    if (items == nullptr || items->if_array() == nullptr)
        return fail(ErrorCode::corrupt, "the hub's answer is no list", std::string(path));
    return *items;
}

Result<Value> Client::list(std::string_view path, Query query, std::size_t limit) const {
    constexpr std::size_t kPage = 1000;
    Value::Array all;
    query.emplace_back("limit", std::to_string(limit == 0 ? kPage : std::min(limit, kPage)));
    query.emplace_back("cursor", "");
    for (;;) {
        const Value page = TRY(get(path, query));
        const Value* items = page.find("items");
        if (items == nullptr || items->if_array() == nullptr)
            return fail(ErrorCode::corrupt, "the hub's answer is no list", std::string(path));
        for (const Value& item : *items->if_array())
            all.push_back(item);
        const std::string next = text_at(page, "next");
        if (next.empty() || (limit != 0 && all.size() >= limit)) break;
        query.back().second = next;
    }
    if (limit != 0 && all.size() > limit) all.resize(limit);
    return all;
}

}  // namespace quipu::app
