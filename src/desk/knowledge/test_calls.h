#pragma once
// Calls an Api as a client would, without a network: for tests of the desk's floors.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/value.h"
#include "platform/api.h"

namespace quipu::knowledge {

struct TestAnswer {
    int status = 0;
    std::string etag, location, text;
    Value body;
    [[nodiscard]] std::string at(std::string_view key) const {
        const Value* member = body.find(key);
        return member == nullptr ? "absent" : member->if_string() != nullptr ? *member->if_string() : to_json(*member);
    }
};

/// Runs a task that never waits for a loop.
template <class T>
T run_task(Task<T> task) {
    task.await_suspend(std::noop_coroutine()).resume();
    return task.await_resume();
}

inline TestAnswer call(platform::Api& api, net::Method method, std::string_view target, std::string body = {},
                       std::string if_match = {}, std::string_view media_type = "application/json") {
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    for (std::string_view rest = target.substr(std::min(request.path.size() + 1, target.size())); !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const auto equals = pair.find('=');
        request.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    if (!body.empty()) request.headers.add("Content-Type", std::string(media_type));
    if (!if_match.empty()) request.headers.add("If-Match", if_match);
    request.body = std::move(body);
    const net::HttpResponse response = run_task(api.handle(request));
    TestAnswer answer{response.status,
                      std::string(response.headers.get("ETag")),
                      std::string(response.headers.get("Location")),
                      {},
                      {}};
    if (const auto* text = std::get_if<std::string>(&response.body)) answer.text = *text;
    if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) answer.text = **shared;
    if (auto parsed = parse_json(answer.text)) answer.body = std::move(*parsed);
    return answer;
}

}  // namespace quipu::knowledge
