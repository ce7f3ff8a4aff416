// A request's path, query string, cursor and body against typed routes: whatever comes, the answer is a response, and
// what fields= leaves of one is JSON again.
//
// Input: "PATH?QUERY" on the first line, the body after it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "platform/api.h"
#include "platform/respond.h"

namespace {

using namespace quipu;
using namespace quipu::platform;

struct Inner {
    std::string name;
    std::optional<double> number;
    static constexpr auto describe() {
        return fields(field<&Inner::name>("name", "A name").required(), field<&Inner::number>("number", "A number"));
    }
};
struct Thing {
    std::string id;
    std::vector<Inner> parts;
    std::optional<Date> since;
    static constexpr auto describe() {
        return fields(field<&Thing::id>("id", "Its id").required().pattern(kSlug),
                      field<&Thing::parts>("parts", "Its parts"), field<&Thing::since>("since", "Since when"));
    }
};
struct ThingQuery : PageQuery {
    std::string id;
    std::optional<Time> time;
    std::vector<std::int64_t> numbers;
    bool flag = false;
    Thing body;
    static constexpr auto describe() {
        using T = ThingQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::id>("id", "The thing").required(), field<&T::time>("time", "A time"),
                                     field<&T::numbers>("numbers", "Numbers"), field<&T::flag>("flag", "Whether"),
                                     field<&T::body>("body", "The thing").required()));
    }
};

const Api& api() {
    static const auto* const only = [] {
        auto* made = new Api;
        made->post<ThingQuery, Page<Thing>>({"/t/{id}", "A thing", "fuzz", Permission::see_public},
                                            [](const Call&, ThingQuery query) -> Result<Page<Thing>> {
                                                if (!query.cursor.empty()) {
                                                    auto position = TRY(read_cursor(query.cursor));
                                                    if (make_cursor(position) != query.cursor) std::abort();
                                                    query.body.parts.push_back({std::move(position), {}});
                                                }
                                                return Page<Thing>{{query.body, query.body}, {}};
                                            });
        return made;
    }();
    return *only;
}

void parse_target(net::HttpRequest& request, std::string_view target) {
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    std::string_view query = target.substr(std::min(mark + 1, target.size()));
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        request.query.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const std::size_t line = std::min(text.find('\n'), text.size());
    net::HttpRequest request;
    request.method = net::Method::post;
    parse_target(request, std::string_view(text).substr(0, line));
    request.body = text.substr(std::min(line + 1, text.size()));
    request.headers.add("Content-Type", "application/json");
    Task<net::HttpResponse> task = api().handle(request);
    task.await_suspend(std::noop_coroutine()).resume();
    const net::HttpResponse response = task.await_resume();
    const auto* body = std::get_if<std::string>(&response.body);
    if (body == nullptr || !parse_json(*body)) std::abort();
    if (response.status == 500) std::abort();
    return 0;
}
