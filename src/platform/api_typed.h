#pragma once
// The typed skin of Api: reads the request struct, calls the handler, turns its answer into an Answer. Everything that
// does not depend on the types is in api.cpp and respond.cpp. Included by api.h.

#include <type_traits>

#include "platform/api.h"

namespace quipu::platform::detail {

template <class T>
struct Awaited : std::false_type {
    using Type = T;
};
template <class T>
struct Awaited<Task<T>> : std::true_type {
    using Type = T;
};
template <class T>
struct IsReply : std::false_type {};
template <class T>
struct IsReply<Reply<T>> : std::true_type {};
template <class T>
struct IsPage : std::false_type {};
template <class T>
struct IsPage<Page<T>> : std::true_type {
    using Item = T;
};

/// "Site" of quipu::registry::Site; empty for a template's instance, which has no name of its own.
template <class T>
constexpr std::string_view type_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    text = text.substr(text.find("T = ") + 4);
    text.remove_suffix(1);
    if (text.find('<') != std::string_view::npos) return {};
    return text.substr(text.rfind(':') + 1);
}

template <class T>
TypeShape shape_of() {
    if constexpr (IsReply<T>::value) {
        return shape_of<decltype(T::value)>();
    } else if constexpr (IsPage<T>::value) {
        TypeShape item = shape_of<typename IsPage<T>::Item>();
        item.page = true;
        return item;
    } else if constexpr (std::same_as<T, Nothing>) {
        return {.name = {}, .schema = {}, .page = false, .empty = true};
    } else if constexpr (std::same_as<T, Document> || std::same_as<T, SharedJson>) {
        return {};
    } else if constexpr (Described<T>) {
        return {.name = std::string(type_name<T>()), .schema = schema_of<T>(), .page = false, .empty = false};
    } else {
        return {.name = {}, .schema = schema_of<T>(), .page = false, .empty = false};
    }
}

template <class T>
Answer make_answer(T value) {  // NOLINT(performance-unnecessary-value-param): most branches move from it
    Answer answer;
    if constexpr (IsReply<T>::value) {
        answer = make_answer(std::move(value.value));
        if (value.status != 200) answer.status = value.status;
        if (!value.etag.empty()) answer.etag = std::move(value.etag);
        answer.location = std::move(value.location);
        answer.cookie = std::move(value.cookie);
    } else if constexpr (std::same_as<T, Nothing>) {
        answer.status = 204;
    } else if constexpr (std::same_as<T, SharedJson>) {
        answer.etag = std::move(value.etag);
        answer.body = std::move(value.json);
    } else if constexpr (std::same_as<T, Document>) {
        answer.body = std::move(value);
    } else if constexpr (IsPage<T>::value) {
        std::string text;
        JsonWriter out(text);
        out.begin_object();
        out.key("items");
        write_json(out, value.items);
        out.key("next");
        write_json(out, value.next);
        out.end_object();
        answer.body = std::move(text);
    } else {
        answer.body = json_text(value);
    }
    return answer;
}

template <class A>
Result<Answer> answered(Result<A> result) {
    if (!result) return std::unexpected(std::move(result).error());
    return make_answer(std::move(*result));
}
template <class A>
Task<Result<Answer>> answered(Task<Result<A>> task) {
    co_return answered(co_await std::move(task));
}

/// Of a handler that waits and only looks at its request, which must therefore stay.
template <class H, class Q>
Task<Result<Answer>> answered(const H& handler, const Call& call, Q request) {
    co_return answered(co_await handler(call, request));
}
template <class R, class H, class C, class Q>
constexpr bool takes_by_value(R (H::*)(C, Q) const) {
    return !std::is_reference_v<Q>;
}

/// Path, query and body as the fields of a request struct declare them.
void add_parameters(Route& route, std::span<const quipu::detail::FieldCodec> fields);

}  // namespace quipu::platform::detail

namespace quipu::platform {

template <Described Q, class R, class H>
void Api::add_typed(net::Method method, RouteInfo info, H handler) {
    using Returned = std::invoke_result_t<const H&, const Call&, Q>;
    using A = typename detail::Awaited<Returned>::Type::value_type;

    Route route;
    route.method = method;
    route.info = info;
    detail::add_parameters(route, fields_of<Q>());
    if constexpr (requires(Q request) { request.body; })
        if constexpr (Described<decltype(Q::body)>) route.body_name = detail::type_name<decltype(Q::body)>();
    // What is serialised already says nothing of its type: then the declared one counts.
    route.response =
        detail::shape_of<std::conditional_t<std::same_as<A, SharedJson> || std::same_as<A, Reply<SharedJson>>, R, A>>();
    route.run =
        TypedHandler([handler = std::move(handler)](const Call& call, const Value& input) -> Task<Result<Answer>> {
            Result<Q> request = read<Q>(input);
            if (!request) return finished(Result<Answer>(std::unexpected(std::move(request).error())));
            if constexpr (!detail::Awaited<Returned>::value)
                return finished(detail::answered(handler(call, std::move(*request))));
            else if constexpr (detail::takes_by_value(&H::operator()))
                return detail::answered(handler(call, std::move(*request)));
            else
                return detail::answered(handler, call, std::move(*request));
        });
    add(std::move(route));
}

}  // namespace quipu::platform
