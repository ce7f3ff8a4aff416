#include "desk/operations/engine_windows.h"

#include <algorithm>

#include "desk/operations/engine_outages.h"

namespace quipu::operations {
namespace {

bool lists(const std::vector<std::string>& list, std::string_view wanted) {
    return std::ranges::find(list, wanted) != list.end();
}

}  // namespace

WindowState state_at(const Window& window, Time now) {
    if (window.state == WindowState::cancelled || window.state == WindowState::over) return window.state;
    if (now < window.begin) return WindowState::planned;
    return now < window.end ? WindowState::running : WindowState::over;
}

std::optional<std::int64_t> notice_due(const Window& window, const std::set<std::int64_t>& told, Time now) {
    if (state_at(window, now) != WindowState::planned) return std::nullopt;
    std::optional<std::int64_t> due;
    for (const std::int64_t ahead : window.notices_s)
        if (now >= window.begin - std::chrono::seconds(ahead) && (!due || ahead < *due)) due = ahead;
    if (!due || told.contains(*due)) return std::nullopt;
    // One that is nearer to the window has said it already.
    if (std::ranges::any_of(told, [&](std::int64_t ahead) { return ahead < *due; })) return std::nullopt;
    return due;
}

bool covers(const Window& window, Part part, std::string_view object, std::span<const Ends> ends) {
    if (part != Part::link) return lists(window.sites, object);
    if (lists(window.links, object)) return true;
    const auto link = std::ranges::find(ends, object, &Ends::link);
    return link != ends.end() && (lists(window.sites, link->a) || lists(window.sites, link->b));
}

const Window* explanation(std::span<const Window> windows, Part part, std::string_view object, Time when,
                          std::span<const Ends> ends) {
    for (const Window& window : windows)
        if (window.state != WindowState::cancelled && when >= window.begin - kEarly && when < window.end &&
            covers(window, part, object, ends))
            return &window;
    return nullptr;
}

Intervals planned_for(std::span<const Window> windows, Part part, std::string_view object, std::span<const Ends> ends) {
    std::vector<Interval> out;
    for (const Window& window : windows)
        if (window.state != WindowState::cancelled && covers(window, part, object, ends))
            out.push_back({window.begin - kEarly, window.end});
    return normal(std::move(out));
}

MaintenanceReport report_of(const Window& window, std::span<const Outage> seen, std::span<const Ends> ends, Time now) {
    MaintenanceReport out;
    std::set<std::string> failed;
    std::set<std::pair<std::string, std::string>> pairs;
    std::set<std::string> organisations;
    for (const Outage& outage : seen) {
        const Time end = outage.ended.value_or(now);
        if (!covers(window, outage.part, outage.object, ends)) {
            out.unexpected.push_back(cause_of(outage.part, outage.object));
            continue;
        }
        failed.insert(outage.cause);
        out.outages.push_back(outage.id);
        out.actual_begin = std::min(out.actual_begin.value_or(outage.began), outage.began);
        out.actual_end = std::max(out.actual_end.value_or(end), end);
        for (const AffectedPair& pair : outage.pairs)
            pairs.insert(std::minmax(pair.from, pair.to));
        organisations.insert(outage.organisations.begin(), outage.organisations.end());
    }
    const auto seconds = [](Nanoseconds time) {
        return std::max<std::int64_t>(std::chrono::round<std::chrono::seconds>(time).count(), 0);
    };
    if (out.actual_begin) out.early_s = seconds(window.begin - *out.actual_begin);
    if (out.actual_end) out.late_s = seconds(*out.actual_end - window.end);
    for (const std::string& link : window.links)
        if (!failed.contains(cause_of(Part::link, link))) out.unaffected.push_back(cause_of(Part::link, link));
    for (const std::string& site : window.sites)
        if (!failed.contains(cause_of(Part::site, site)) && !failed.contains(cause_of(Part::point, site)))
            out.unaffected.push_back(cause_of(Part::site, site));
    if (window.expected) {
        out.pairs_expected = window.expected->pairs_cut + window.expected->pairs_rerouted;
        out.organisations_expected = window.expected->affected;
    }
    out.pairs_seen = static_cast<std::int64_t>(pairs.size());
    out.organisations_seen.assign(organisations.begin(), organisations.end());
    return out;
}

}  // namespace quipu::operations
