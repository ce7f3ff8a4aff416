#include "desk/operations/engine_availability.h"

#include <algorithm>
#include <charconv>

namespace quipu::operations {

Intervals normal(std::vector<Interval> intervals) {
    std::erase_if(intervals, [](const Interval& one) { return one.begin >= one.end; });
    std::ranges::sort(intervals);
    Intervals out;
    for (const Interval& one : intervals) {
        if (!out.empty() && one.begin <= out.back().end)
            out.back().end = std::max(out.back().end, one.end);
        else
            out.push_back(one);
    }
    return out;
}

Intervals both(const Intervals& a, const Intervals& b) {
    Intervals out;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Interval one{std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)};
        if (one.begin < one.end) out.push_back(one);
        ++(a[i].end < b[j].end ? i : j);
    }
    return out;
}

Intervals either(const Intervals& a, const Intervals& b) {
    std::vector<Interval> all(a);
    all.insert(all.end(), b.begin(), b.end());
    return normal(std::move(all));
}

Intervals minus(const Intervals& a, const Intervals& b) {
    Intervals out;
    auto hole = b.begin();
    for (Interval left : a) {
        while (hole != b.end() && hole->end <= left.begin)
            ++hole;
        for (auto at = hole; at != b.end() && at->begin < left.end; ++at) {
            if (left.begin < at->begin) out.push_back({left.begin, at->begin});
            left.begin = std::max(left.begin, at->end);
        }
        if (left.begin < left.end) out.push_back(left);
    }
    return out;
}

Nanoseconds length(const Intervals& intervals) {
    Nanoseconds sum{0};
    for (const Interval& one : intervals)
        sum += one.end - one.begin;
    return sum;
}

Result<Interval> parse_period(std::string_view text) {
    using namespace std::chrono;
    int year_number = 0;
    unsigned month_number = 0;
    const auto number = [&](std::string_view digits, auto& out) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return error == std::errc() && end == digits.data() + digits.size();
    };
    const bool whole_year = text.size() == 4;
    const bool good = (whole_year || (text.size() == 7 && text[4] == '-' && number(text.substr(5), month_number))) &&
                      number(text.substr(0, 4), year_number) && year_number >= 1970 && year_number <= 2200;
    if (!good || (!whole_year && !month(month_number).ok()))
        return fail(ErrorCode::invalid, "is no month or year", "period", "write 2026-11 or 2026");
    const auto first = year(year_number) / month(whole_year ? 1 : month_number) / 1;
    const auto next = whole_year ? first + years(1) : first + months(1);
    return Interval{Time(sys_days(first)), Time(sys_days(next))};
}

Availability availability_of(const Intervals& in_service, const Intervals& down, const Intervals& planned) {
    const Intervals seen = both(in_service, down);
    const Intervals unplanned = minus(seen, planned);
    const Intervals foreseen = both(seen, planned);
    // What was planned counts neither as up nor as down.
    const Nanoseconds counted = length(in_service) - length(foreseen);
    const auto share = [](Nanoseconds part, Nanoseconds whole) {
        return whole.count() == 0 ? 1.0 : static_cast<double>(part.count()) / static_cast<double>(whole.count());
    };
    const auto seconds = [](Nanoseconds time) { return std::chrono::floor<std::chrono::seconds>(time).count(); };
    Availability out;
    out.availability = share(counted - length(unplanned), counted);
    out.measured = share(length(in_service) - length(seen), length(in_service));
    out.in_service_s = seconds(length(in_service));
    out.down_s = seconds(length(unplanned));
    out.planned_s = seconds(length(foreseen));
    // An outage that a window cuts in two is one.
    for (const Interval& one : seen)
        if (!both({one}, unplanned).empty()) ++out.outages;
    if (out.outages > 0) {
        out.mtbf_s = seconds((counted - length(unplanned)) / out.outages);
        out.mttr_s = seconds(length(unplanned) / out.outages);
    }
    return out;
}

}  // namespace quipu::operations
