#include "platform/front.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::platform {
namespace {

constexpr std::string_view kNoPortal =
    "This is Quipu's hub. The portal's files are not installed here (hub.web in the configuration names their "
    "folder).\n"
    "The API is at /api/v1/openapi.json.\n";

}  // namespace

Front::Front(const Api& api, Metrics& metrics, const Clock& clock)
    : api_(api), clock_(clock), seconds_(metrics.timer("quipu_api_seconds", "How long API calls took")) {
    for (std::size_t i = 1; i < by_class_.size(); ++i)
        by_class_[i] = metrics.counter("quipu_api_responses_total", "API responses by class of status",
                                       {{"status", fmt::format("{}xx", i)}});
}

Result<std::unique_ptr<Front>> Front::open(const Api& api, Metrics& metrics, const Clock& clock,
                                           const std::string& web) {
    std::unique_ptr<Front> front(new Front(api, metrics, clock));
    if (!web.empty()) front->files_ = TRY(net::StaticFiles::open(web));
    return front;
}

Task<net::HttpResponse> Front::answer(net::HttpRequest& request) {
    const auto door = door_.load();
    if (door == nullptr)
        co_return problem({ErrorCode::unavailable, "the hub is starting", {}, "try again in a moment", {}},
                          request.request_id, request.path);
    const bool from_elsewhere = request.method == net::Method::post && api_.takes_from_elsewhere(request);
    if (const auto admitted = door->admit(request, from_elsewhere); !admitted) {
        auto refusal = problem(admitted.error(), request.request_id, request.path);
        door->dress_api(refusal);
        co_return refusal;
    }
    // Routes beside /api/ are addresses that other programs' users know: /metrics, Routinator's.
    if (request.path.starts_with("/api/") || api_.has(request.path)) {
        auto response = co_await answer_api(request);
        door->dress_api(response);
        co_return response;
    }
    auto response = page(request);
    door->dress_page(response);
    co_return response;
}

Task<net::HttpResponse> Front::answer_api(net::HttpRequest& request) {
    const Monotonic began = clock_.monotonic();
    auto response = co_await api_.handle(request);
    seconds_->observe(std::chrono::duration<double>(clock_.monotonic() - began).count());
    by_class_[static_cast<std::size_t>(std::clamp(response.status / 100, 1, 5))]->add();
    co_return response;
}

net::HttpResponse Front::page(const net::HttpRequest& request) const {
    if (request.method != net::Method::get && request.method != net::Method::head) {
        auto response = problem({ErrorCode::unsupported, "the portal's pages can only be read", {}, {}, {}}, 405,
                                request.request_id, request.path);
        response.headers.set("Allow", "GET, HEAD");
        return response;
    }
    if (files_) return files_->serve(request);
    if (request.path == "/") return net::HttpResponse::text(200, std::string(kNoPortal));
    return problem({ErrorCode::not_found, fmt::format("there is nothing at {}", request.path), {}, {}, {}},
                   request.request_id, request.path);
}

}  // namespace quipu::platform
