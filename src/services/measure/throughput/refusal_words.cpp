#include "services/measure/throughput/refusal_words.h"

#include <fmt/format.h>

#include "services/measure/throughput/engine_calendar.h"

namespace quipu::throughput {
namespace {

std::string other_test(const CalendarRefusal& refusal) {
    return fmt::format("test {} ({} to {}) from {} to {}", refusal.other, refusal.other_from, refusal.other_to,
                       format_time(refusal.other_begins.value_or(Time{})),
                       format_time(refusal.other_until.value_or(Time{})));
}

/// Whoever reads it wants to know why the link is on the path at all.
std::string_view source_of_path(const CalendarRefusal& refusal) {
    return refusal.traced ? "as it was traced" : "as the registry has it";
}

std::string octets(std::int64_t count) {
    return format_bytes({count});
}

}  // namespace

std::string words_of(const CalendarRefusal& refusal) {
    switch (refusal.reason) {
        case RefusalReason::end_busy: return fmt::format("{} is in use by {}", refusal.object, other_test(refusal));
        case RefusalReason::link_busy:
            return fmt::format("the link {} on its path, {}, is in use by {}", refusal.object, source_of_path(refusal),
                               other_test(refusal));
        case RefusalReason::path_busy:
            return fmt::format("{}, and of one of the two no path is known: they might meet on a link",
                               other_test(refusal));
        case RefusalReason::link_share:
            return fmt::format("the link {} carries {} of tests on {}; this one may bring {}, and a day's limit is {}",
                               refusal.object, octets(refusal.used_octets), format_date(date_of(refusal.wanted)),
                               octets(refusal.expected_octets), octets(refusal.limit_octets));
        case RefusalReason::too_much:
            return fmt::format("this test alone may bring {} over the link {}, whose limit for a day's tests is {}",
                               octets(refusal.expected_octets), refusal.object, octets(refusal.limit_octets));
        case RefusalReason::too_early:
            return fmt::format("{} is too soon: its ends hear of a test {} before it starts",
                               format_time(refusal.wanted), format_duration(kNotice + kLead));
        case RefusalReason::too_late:
            return fmt::format("{} is too far ahead: the calendar holds {}", format_time(refusal.wanted),
                               format_duration(kHeldAhead));
    }
    return {};
}

std::string advice_of(const CalendarRefusal& refusal) {
    if (refusal.reason == RefusalReason::too_much) return "a shorter test or a lower rate would fit";
    if (refusal.next_free) return "the next free start is " + format_time(*refusal.next_free);
    return fmt::format("no start is free within {}", format_duration(kHeldAhead));
}

}  // namespace quipu::throughput
