#include "desk/pert/engine_request.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::pert {
namespace {

using State = RequestState;
using Step = RequestStep;

bool waits(State state) {
    return state == State::asked || state == State::accepted;
}

bool has_step(State state, Step step) {
    switch (step) {
        case Step::accept: return state == State::asked;
        case Step::answer:
        case Step::decline: return waits(state);
        case Step::close: return waits(state) || state == State::answered;
        case Step::reopen: return state == State::answered;
    }
    return false;
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \n\t\r") == std::string_view::npos;
}

}  // namespace

Side side_of(RequestStep step) {
    return step == Step::close || step == Step::reopen ? Side::asking : Side::asked;
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
    const bool needs_words = input.step == Step::answer || input.step == Step::decline || input.step == Step::reopen;
    if (needs_words && is_blank(input.note))
        return fail(ErrorCode::invalid,
                    input.step == Step::answer ? "is missing: the answer itself"
                                               : "is missing: the other team must be told why",
                    "note");
    switch (input.step) {
        case Step::accept: request.state = State::accepted; break;
        case Step::answer:
            request.answer = input.note;
            request.state = State::answered;
            break;
        case Step::decline: request.state = State::declined; break;
        case Step::close: request.state = State::closed; break;
        case Step::reopen: request.state = State::accepted; break;
    }
    request.history.push_back(
        {now, input.who, std::string(enum_name(input.step)), input.step == Step::answer ? std::string() : input.note});
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
