#include "desk/operations/engine_on_call.h"

#include <algorithm>

namespace quipu::operations {
namespace {

using std::chrono::days;
using std::chrono::local_days;

/// Puts `over` in the place of what lies below it.
void lay_over(std::vector<Shift>& shifts, const Shift& over) {
    std::vector<Shift> out;
    for (const Shift& shift : shifts) {
        const Time begin = std::max(shift.begin, over.begin), end = std::min(shift.end, over.end);
        if (begin >= end) {
            out.push_back(shift);
            continue;
        }
        Shift part = shift;
        part.end = begin;
        if (part.begin < part.end) out.push_back(part);
        part = over;
        part.begin = begin;
        part.end = end;
        out.push_back(part);
        part = shift;
        part.begin = end;
        if (part.begin < part.end) out.push_back(part);
    }
    shifts = std::move(out);
}

}  // namespace

Result<std::chrono::minutes> parse_handover(std::string_view text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
    if (text.size() == 5 && text[2] == ':') {
        const int hour = digit(0) * 10 + digit(1), minute = digit(3) * 10 + digit(4);
        if (hour < 24 && minute < 60) return std::chrono::hours(hour) + std::chrono::minutes(minute);
    }
    return fail(ErrorCode::invalid, "is no time of day", "handover", "write it as 09:00");
}

Result<std::vector<Shift>> shifts_of(const Rota& rota, const Zone& zone, std::span<const Override> overrides,
                                     Time since, Time until) {
    const auto handover = TRY(parse_handover(rota.handover));
    if (rota.people.empty() || rota.days < 1) return fail(ErrorCode::invalid, "nobody takes turns", "people");
    const auto first = local_days(rota.first);
    const auto begin_of = [&](std::int64_t turn) {
        return zone.instant(LocalTime(first + days(turn * rota.days)) + handover);
    };
    // A turn before the one that the days alone would say: hand-over may be later in the day than `since`.
    const auto days_until_since =
        std::chrono::floor<days>(zone.local(since)) - std::chrono::floor<days>(LocalTime(first));
    std::int64_t turn = std::max<std::int64_t>(days_until_since.count() / rota.days - 1, 0);
    std::vector<Shift> out;
    for (Time begin = begin_of(turn); begin < until; ++turn) {
        const Time end = begin_of(turn + 1);
        const auto whose = static_cast<std::size_t>(turn) % rota.people.size();
        if (end > since) out.push_back({.rota = rota.id, .person = rota.people[whose], .begin = begin, .end = end});
        begin = end;
    }
    std::vector<Override> in_order(overrides.begin(), overrides.end());
    std::ranges::sort(in_order, {}, &Override::id);
    for (const Override& over : in_order)
        if (over.rota == rota.id)
            lay_over(
                out,
                {.rota = rota.id, .person = over.person, .begin = over.begin, .end = over.end, .overridden = true});
    return out;
}

}  // namespace quipu::operations
