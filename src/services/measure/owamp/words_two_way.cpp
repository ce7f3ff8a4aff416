// twping's words.

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "services/measure/owamp/words_parts.h"

namespace quipu::owamp {
namespace {

using stamp::Exchange;

double ms(Nanoseconds duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

double there_of(const Exchange& e) {
    return ms(e.reflector_received - *e.sent);
}
double back_of(const Exchange& e) {
    return ms(*e.received - e.reflector_sent);
}
double held_of(const Exchange& e) {
    return ms(e.reflector_sent - e.reflector_received);
}
double round_trip_of(const Exchange& e) {
    return there_of(e) + back_of(e);
}

/// Ascending milliseconds of the packets that were answered, among all that were sent.
struct Delays {
    Delays(const std::vector<Exchange>& exchanges, double (*of)(const Exchange&)) : count(exchanges.size()) {
        for (const Exchange& e : exchanges)
            if (e.received) sorted.push_back(of(e));
        std::ranges::sort(sorted);
    }
    [[nodiscard]] std::optional<double> least() const {
        return sorted.empty() ? std::nullopt : std::optional(sorted.front());
    }
    [[nodiscard]] std::optional<double> most() const {
        return sorted.empty() ? std::nullopt : std::optional(sorted.back());
    }
    [[nodiscard]] std::optional<double> at(double percent, const Style& style) const {
        return percentile_of(sorted, count, percent, style.bucket);
    }
    [[nodiscard]] std::optional<double> jitter(const Style& style) const {
        const auto p95 = at(95, style), p50 = at(50, style);
        return p95 && p50 ? std::optional(*p95 - *p50) : std::nullopt;
    }
    std::vector<double> sorted;
    std::size_t count;
};

std::string line_of(std::string_view name, const Delays& delays, std::optional<double> error, const Style& style) {
    return delay_line(
        {.name = name, .least = delays.least(), .median = delays.at(50, style), .most = delays.most(), .error = error},
        Unit(style.unit));
}

std::string jitter_line(std::string_view name, const Delays& delays, const Style& style) {
    const Unit unit(style.unit);
    return fmt::format("{} jitter = {} {} (P95-P50)\n", name, unit.text(delays.jitter(style)), unit.name);
}

std::string hops_of(std::string_view prefix, const std::vector<Exchange>& exchanges, std::int16_t Exchange::* ttl) {
    std::set<std::int16_t> ttls;
    for (const Exchange& e : exchanges)
        if (e.received && e.*ttl >= 0) ttls.insert(e.*ttl);
    if (ttls.empty()) return hops_line(prefix, std::nullopt, std::nullopt, 0);
    return hops_line(prefix, 255 - *ttls.rbegin(), 255 - *ttls.begin(), std::ssize(ttls));
}

std::string header_of(const TwampPingResult& result) {
    return header_line("twping", result.session.from, result.session.to, result.sid);
}

}  // namespace

std::string summary_text(const TwampPingResult& result, const Style& style) {
    const auto& exchanges = result.session.exchanges;
    const stamp::SessionReport& report = result.session.report;
    const Unit unit(style.unit);
    const Delays round_trip(exchanges, round_trip_of), there(exchanges, there_of), back(exchanges, back_of),
        held(exchanges, held_of);
    std::string out;
    if (there.least().value_or(0) < 0 || back.least().value_or(0) < 0)
        out += "\nDirectional delays may be inaccurate due to out of sync clocks!\n";
    out += header_of(result);
    if (!exchanges.empty()) out += first_and_last(exchanges.front().sent, exchanges.back().sent);
    out += lost_share(report.sent, report.lost) + fmt::format("{} send duplicates, {} reflect duplicates\n",
                                                              report.duplicates_there,
                                                              report.duplicates - report.duplicates_there);
    const auto error = [&](double times) {
        return report.synchronised ? std::optional(times * ms(report.clock_error)) : std::nullopt;
    };
    out += line_of("round-trip time", round_trip, error(2), style);
    out += line_of("send time", there, error(1), style);
    out += line_of("reflect time", back, error(1), style);
    out += fmt::format("reflector processing time min/max = {}/{} {}\n", unit.text(held.least()),
                       unit.text(held.most()), unit.name);
    out += jitter_line("two-way", round_trip, style) + jitter_line("send", there, style) +
           jitter_line("reflect", back, style);
    std::vector<std::vector<double>> percentiles;
    for (const double percent : style.percentiles) {
        auto& pair = percentiles.emplace_back(std::vector{percent});
        if (const auto delay = round_trip.at(percent, style)) pair.push_back(*delay);
    }
    out += percentile_lines(percentiles, unit);
    return out + hops_of("send ", exchanges, &Exchange::ttl_there) +
           hops_of("reflect ", exchanges, &Exchange::ttl_back) + "\n";
}

std::string packet_lines(const TwampPingResult& result, const Style& style) {
    const Unit unit(style.unit);
    const auto& exchanges = result.session.exchanges;
    std::string out = header_of(result);
    for (std::size_t i = 0; i < exchanges.size(); ++i) {
        const Exchange& e = exchanges[i];
        if (!e.received) {
            out += fmt::format("seq_no={:<10} *LOST*\n", i);
            continue;
        }
        const double error = 2e3 * (seconds_of(result.session.own_error) + seconds_of(e.reflector_error));
        const auto one = [&](std::string_view name, double delay) {
            return fmt::format(" {}={} {}", name,
                               style.unix_times ? fmt::format("{:e}", delay * unit.factor) : unit.text(delay),
                               unit.name);
        };
        out += fmt::format(fmt::runtime(style.unix_times ? "seq_no={}" : "seq_no={:<10}"), i);
        out += one("fwd_delay", there_of(e)) + one("bck_delay", back_of(e)) + one("delay", round_trip_of(e)) +
               one("proc_delay", held_of(e));
        out += fmt::format("{}(err={} {})", style.unix_times ? " " : "\t", unit.text(error), unit.name);
        if (style.unix_times) {
            out += fmt::format(" sent={:f} recv={:f} reflected={:f} recv={:f}", unix_seconds(*e.sent),
                               unix_seconds(e.reflector_received), unix_seconds(e.reflector_sent),
                               unix_seconds(*e.received));
        }
        out += "\n";
    }
    return out;
}

std::string raw_lines(const TwampPingResult& result) {
    const ErrorEstimate& own = result.session.own_error;
    const auto stamp_of = [](Time time, const ErrorEstimate& error) {
        return fmt::format("{:020} {} {:g}", measure::to_ntp(time), int{error.synchronised}, seconds_of(error));
    };
    const auto ttl = [](std::int16_t known) { return known < 0 ? 255 : int{known}; };
    const std::string none = fmt::format("{:020} 0 {:g}", 0, 0.0);
    std::string out;
    const auto& exchanges = result.session.exchanges;
    for (std::size_t i = 0; i < exchanges.size(); ++i) {
        const Exchange& e = exchanges[i];
        const std::string sent = e.sent ? stamp_of(*e.sent, own) : none;
        if (!e.received) {
            out += fmt::format("{} {} {} 255 0 {} {} 255\n", i, sent, none, none, none);
            continue;
        }
        out += fmt::format("{} {} {} {} {} {} {} {}\n", i, sent, stamp_of(e.reflector_received, e.reflector_error),
                           ttl(e.ttl_there), e.answer_number, stamp_of(e.reflector_sent, e.reflector_error),
                           stamp_of(*e.received, own), ttl(e.ttl_back));
    }
    return out;
}

}  // namespace quipu::owamp
