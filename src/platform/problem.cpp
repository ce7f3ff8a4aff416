#include <fmt/format.h>

#include "base/value.h"
#include "net/http_writer.h"
#include "platform/api.h"

namespace quipu::platform {

int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid: return 400;
        case ErrorCode::not_found: return 404;
        case ErrorCode::conflict: return 409;
        case ErrorCode::forbidden: return 403;
        case ErrorCode::unauthenticated: return 401;
        case ErrorCode::precondition_failed: return 412;
        case ErrorCode::precondition_required: return 428;
        case ErrorCode::too_large: return 413;
        case ErrorCode::timeout: return 504;
        case ErrorCode::unavailable: return 503;
        case ErrorCode::exhausted: return 507;
        case ErrorCode::unsupported: return 501;
        case ErrorCode::cancelled: return 503;
        case ErrorCode::limited: return 429;  // RFC 6585 §4
        case ErrorCode::io:
        case ErrorCode::corrupt:
        case ErrorCode::internal: return 500;
    }
    return 500;
}

net::HttpResponse problem(const Error& error, std::string_view request_id, std::string_view path) {
    return problem(error, status_of(error.code), request_id, path);
}

net::HttpResponse problem(const Error& error, int status, std::string_view request_id, std::string_view path) {
    std::string text;
    JsonWriter out(text);
    const auto member = [&out](std::string_view key, std::string_view value) {
        out.key(key);
        out.string(value);
    };
    out.begin_object();
    member("type", fmt::format("urn:quipu:problem:{}", name_of(error.code)));
    member("title", net::reason_of(status));
    out.key("status");
    out.integer(status);
    member("detail", error.what);
    if (!path.empty()) member("instance", path);
    member("request_id", request_id);
    member("code", name_of(error.code));
    if (!error.hint.empty()) member("hint", error.hint);
    if (!error.faults.empty() || !error.where.empty()) {
        out.key("faults");
        out.begin_array();
        const auto fault = [&](std::string_view where, std::string_view what) {
            out.begin_object();
            member("where", where);
            member("what", what);
            out.end_object();
        };
        if (error.faults.empty()) fault(error.where, error.what);
        for (const Fault& f : error.faults)
            fault(f.where, f.what);
        out.end_array();
    }
    out.end_object();
    net::HttpResponse response;
    response.status = status;
    response.headers.add("Content-Type", "application/problem+json");
    response.headers.add("Cache-Control", "no-store");
    if (status == 401) response.headers.add("WWW-Authenticate", "Bearer realm=\"quipu\"");  // RFC 9110 §11.6.1
    if (error.retry_after > std::chrono::seconds::zero())
        response.headers.add("Retry-After", std::to_string(error.retry_after.count()));
    response.body = std::move(text);
    return response;
}

}  // namespace quipu::platform
