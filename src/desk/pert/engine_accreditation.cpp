#include "desk/pert/engine_accreditation.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::pert {
namespace {

using State = AccreditationState;
using Step = AccreditationStep;

constexpr std::size_t kReviewers = 2;

std::chrono::sys_days day_of(Time time) {
    return std::chrono::floor<std::chrono::days>(time);
}

bool is_open(State state) {
    return state == State::draft || state == State::submitted || state == State::reviewed;
}

std::unexpected<Error> no_such_step(const Accreditation& accreditation, Step step) {
    return fail(
        ErrorCode::conflict,
        fmt::format("an accreditation that is {} has no step \"{}\"", enum_name(accreditation.state), enum_name(step)),
        "step");
}

Result<void> expect(const Accreditation& accreditation, Step step, std::initializer_list<State> states) {
    if (std::ranges::find(states, accreditation.state) == states.end()) return no_such_step(accreditation, step);
    return {};
}

Result<void> expect_reason(const AccreditationInput& input) {
    if (input.note.find_first_not_of(" \n\t") == std::string::npos)
        return fail(ErrorCode::invalid, "is missing: the team must be told why", "note");
    return {};
}

Result<void> expect_evidence(const Accreditation& accreditation) {
    Error error{ErrorCode::invalid, "the team has not shown everything yet"};
    for (const Criterion& criterion : criteria_in("en")) {
        const auto shown = accreditation.evidence.find(criterion.id);
        if (criterion.mandatory && (shown == accreditation.evidence.end() || shown->second.empty()))
            error.faults.push_back({"evidence." + criterion.id, "is missing: " + criterion.text});
    }
    if (error.faults.empty()) return {};
    return std::unexpected(std::move(error));
}

Result<void> expect_other_organisation(const Accreditation& accreditation, const AccreditationInput& input) {
    if (input.organisation.empty())
        return fail(ErrorCode::invalid, "is missing: a reviewer reviews for an organisation", "organisation");
    if (input.organisation == accreditation.organisation)
        return fail(ErrorCode::forbidden, "nobody reviews a team of their own organisation", "organisation",
                    "somebody of another organisation must do it");
    return {};
}

Result<void> review(Accreditation& accreditation, const AccreditationInput& input, Time now) {
    TRY(expect(accreditation, input.step, {State::submitted}));
    TRY(expect_other_organisation(accreditation, input));
    if (std::ranges::any_of(accreditation.reviews, [&](const Review& each) { return each.reviewer == input.who; }))
        return fail(ErrorCode::conflict, "you have reviewed this submission already", {},
                    "another person must give the second review");
    const bool approves = input.step == Step::approve;
    if (!approves) TRY(expect_reason(input));
    accreditation.reviews.push_back({input.who, input.organisation, approves, input.note, now});
    if (!approves)
        accreditation.state = State::draft;
    else if (accreditation.reviews.size() == kReviewers)
        accreditation.state = State::reviewed;
    return {};
}

Result<void> accredit(Accreditation& accreditation, const AccreditationInput& input, Time now,
                      const AccreditationTerms& terms, Accreditation* renewed) {
    TRY(expect(accreditation, input.step, {State::reviewed}));
    std::chrono::sys_days from = day_of(now);
    if (renewed != nullptr && renewed->state == State::accredited && renewed->until) {
        // Who renews early loses nothing.
        from = std::max(from, std::chrono::sys_days(*renewed->until));
        renewed->state = State::renewed;
        renewed->history.push_back(
            {now, input.who, "renewed", fmt::format("by accreditation {}", accreditation.number)});
    }
    accreditation.state = State::accredited;
    accreditation.decided = now;
    accreditation.until = Date(from + terms.term);
    accreditation.reminded_days = 0;
    return {};
}

}  // namespace

Result<void> take_step(Accreditation& accreditation, const AccreditationInput& input, Time now,
                       const AccreditationTerms& terms, Accreditation* renewed) {
    switch (input.step) {
        case Step::submit:
            TRY(expect(accreditation, input.step, {State::draft}));
            TRY(expect_evidence(accreditation));
            accreditation.reviews.clear();
            accreditation.state = State::submitted;
            break;
        case Step::withdraw:
            if (!is_open(accreditation.state)) return no_such_step(accreditation, input.step);
            accreditation.state = State::withdrawn;
            break;
        case Step::approve:
        case Step::refuse: TRY(review(accreditation, input, now)); break;
        case Step::accredit: TRY(accredit(accreditation, input, now, terms, renewed)); break;
        case Step::reject:
            TRY(expect(accreditation, input.step, {State::submitted, State::reviewed}));
            TRY(expect_reason(input));
            accreditation.state = State::refused;
            accreditation.decided = now;
            break;
        case Step::suspend:
            TRY(expect(accreditation, input.step, {State::accredited}));
            TRY(expect_reason(input));
            accreditation.state = State::suspended;
            break;
        case Step::resume:
            TRY(expect(accreditation, input.step, {State::suspended}));
            accreditation.state = State::accredited;
            break;
    }
    accreditation.history.push_back({now, input.who, std::string(enum_name(input.step)), input.note});
    return {};
}

AccreditationTick tick(Accreditation& accreditation, Time now, const AccreditationTerms& terms) {
    AccreditationTick out;
    const bool runs = accreditation.state == State::accredited || accreditation.state == State::suspended;
    if (!runs || !accreditation.until) return out;
    const auto left = (std::chrono::sys_days(*accreditation.until) - day_of(now)).count();
    if (left < 0) {
        accreditation.state = State::expired;
        accreditation.history.push_back({now, "system", "expire", ""});
        out.expired = true;
        return out;
    }
    // The tightest reminder that is due and was not sent: after a long pause one comes, not all of them.
    for (const int days : terms.remind_days) {
        const bool sent = accreditation.reminded_days != 0 && accreditation.reminded_days <= days;
        if (left <= days && !sent) out.remind_days = days;
    }
    if (!out.remind_days) return out;
    accreditation.reminded_days = *out.remind_days;
    accreditation.history.push_back({now, "system", "remind", fmt::format("{} days left", left)});
    out.remind_days = static_cast<int>(left);
    return out;
}

TeamStanding standing_of(std::span<const Accreditation> accreditations, Time now) {
    TeamStanding out;
    const auto take = [&](Standing standing, const Accreditation& accreditation) {
        // accredited above suspended above applying above expired.
        constexpr auto weight = [](Standing s) {
            switch (s) {
                case Standing::accredited: return 4;
                case Standing::suspended: return 3;
                case Standing::applying: return 2;
                case Standing::expired: return 1;
                case Standing::registered: break;
            }
            return 0;
        };
        if (weight(standing) <= weight(out.standing)) return;
        out.standing = standing;
        out.until = standing == Standing::applying ? std::nullopt : accreditation.until;
    };
    for (const Accreditation& each : accreditations) {
        // The end holds on its day, whether or not the clock's step was taken yet.
        const bool over = each.until && std::chrono::sys_days(*each.until) < day_of(now);
        switch (each.state) {
            case State::accredited: take(over ? Standing::expired : Standing::accredited, each); break;
            case State::suspended: take(over ? Standing::expired : Standing::suspended, each); break;
            case State::expired: take(Standing::expired, each); break;
            default:
                if (is_open(each.state)) take(Standing::applying, each);
        }
    }
    return out;
}

}  // namespace quipu::pert
