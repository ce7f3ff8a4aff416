#include "desk/pert/engine_request.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::pert {
namespace {

bool waits(RequestState state) {
    return state == RequestState::asked || state == RequestState::accepted;
}

bool has_step(RequestState state, RequestStep step) {
    switch (step) {
        case RequestStep::accept: return state == RequestState::asked;
        case RequestStep::answer:
        case RequestStep::decline: return waits(state);
        case RequestStep::close: return waits(state) || state == RequestState::answered;
        case RequestStep::reopen: return state == RequestState::answered;
    }
    return false;
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \n\t\r") == std::string_view::npos;
}

}  // namespace

Side side_of(RequestStep step) {
    return step == RequestStep::close || step == RequestStep::reopen ? Side::asking : Side::asked;
}

Result<void> take_step(TechnicalRequest& request, const RequestInput& input, Time now) {
    if (input.side != side_of(input.step))
        return fail(ErrorCode::forbidden,
                    fmt::format("the step \"{}\" is the {} team's", enum_name(input.step),
                                side_of(input.step) == Side::asking ? "asking" : "asked"),
                    "step");
    if (!has_step(request.state, input.step))
        return fail(
            ErrorCode::conflict,
            fmt::format("a request that is {} has no step \"{}\"", enum_name(request.state), enum_name(input.step)),
            "step");
    const bool needs_words =
        input.step == RequestStep::answer || input.step == RequestStep::decline || input.step == RequestStep::reopen;
    if (needs_words && is_blank(input.note))
        return fail(ErrorCode::invalid,
                    input.step == RequestStep::answer ? "is missing: the answer itself"
                                                      : "is missing: the other team must be told why",
                    "note");
    switch (input.step) {
        case RequestStep::accept: request.state = RequestState::accepted; break;
        case RequestStep::answer:
            request.answer = input.note;
            request.state = RequestState::answered;
            break;
        case RequestStep::decline: request.state = RequestState::declined; break;
        case RequestStep::close: request.state = RequestState::closed; break;
        case RequestStep::reopen: request.state = RequestState::accepted; break;
    }
    request.history.push_back({now, input.who, std::string(enum_name(input.step)),
                               input.step == RequestStep::answer ? std::string() : input.note});
    return {};
}

RequestTick tick(TechnicalRequest& request, Time now) {
    if (!waits(request.state)) return RequestTick::nothing;
    if (now >= request.due) {
        if (request.overdue) return RequestTick::nothing;
        request.overdue = true;
        request.reminded = true;
        request.history.push_back({now, "system", "overdue", ""});
        return RequestTick::overdue;
    }
    const Nanoseconds ahead = std::min<Nanoseconds>(std::chrono::hours(24), (request.due - request.asked) / 2);
    if (request.reminded || now < request.due - ahead) return RequestTick::nothing;
    request.reminded = true;
    request.history.push_back({now, "system", "remind", ""});
    return RequestTick::remind;
}

}  // namespace quipu::pert
