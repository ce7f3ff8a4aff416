#include "services/measure/stamp/summary.h"

#include <fmt/format.h>

#include "services/measure/figures.h"

namespace quipu::stamp {
namespace {

double us(Nanoseconds value) {
    return static_cast<double>(value.count()) / 1e3;
}

std::string shown(double microseconds) {
    return fmt::format("{:.3f} ms", microseconds / 1e3);
}
template <class T>
std::string shown(std::optional<T> microseconds) {
    return microseconds ? shown(static_cast<double>(*microseconds)) : "–";
}

std::string range(std::optional<std::int64_t> least, std::optional<std::int64_t> most) {
    if (!least) return "unknown";
    return *least == *most ? fmt::format("{}", *least) : fmt::format("{}–{}", *least, *most);
}

std::string direction(const SessionSummary& summary) {
    if (summary.lost == 0) return "";
    if (!summary.lost_there) return ", in a direction that the reflector does not tell";
    std::string out = fmt::format(" ({} there, {} back", *summary.lost_there, *summary.lost_back);
    if (summary.lost_somewhere != 0) out += fmt::format(", {} unknown", summary.lost_somewhere);
    return out + ")";
}

}  // namespace

SessionSummary summary_of(const ClientResult& result) {
    const SessionReport& report = result.report;
    SessionSummary out{.from = result.from.text(),
                       .to = result.to.text(),
                       .sent = report.sent,
                       .received = report.received,
                       .lost = report.lost,
                       .loss = report.sent == 0 ? 0 : static_cast<double>(report.lost) / report.sent,
                       .lost_there = report.lost_there,
                       .lost_back = report.lost_back,
                       .lost_somewhere = report.lost_somewhere,
                       .duplicates = report.duplicates,
                       .reordered = report.reordered,
                       .synchronised = report.synchronised,
                       .clock_error_us = us(report.clock_error),
                       .kernel_stamps = result.kernel_stamps,
                       .ttl_there_min = report.ttl_there_least,
                       .ttl_there_max = report.ttl_there_most,
                       .ttl_back_min = report.ttl_back_least,
                       .ttl_back_max = report.ttl_back_most,
                       .own_loss = static_cast<std::int64_t>(result.overflowed),
                       .wrong = result.wrong,
                       .strange = report.strange,
                       .not_understood = result.not_understood,
                       .malformed = result.malformed,
                       .integrity_failed = result.integrity_failed};
    if (report.received == 0) return out;
    out.round_trip_min_us = us(report.round_trip.least);
    out.round_trip_median_us = us(report.round_trip.median);
    out.round_trip_p95_us = us(report.round_trip.p95);
    out.round_trip_max_us = us(report.round_trip.most);
    if (report.round_trip.ipdv) out.round_trip_ipdv_us = us(*report.round_trip.ipdv);
    out.held_us = us(report.held);
    // With clocks that may be a second wrong nothing one-way is said.
    if (!report.there || report.clock_error >= std::chrono::seconds(1)) return out;
    const std::int64_t granule = measure::granule_us(report.clock_error.count());
    const auto rounded = [&](Nanoseconds delay) { return measure::rounded_us(delay.count(), granule); };
    out.there_min_us = rounded(report.there->least);
    out.there_median_us = rounded(report.there->median);
    out.there_p95_us = rounded(report.there->p95);
    out.there_max_us = rounded(report.there->most);
    out.back_min_us = rounded(report.back->least);
    out.back_median_us = rounded(report.back->median);
    out.back_p95_us = rounded(report.back->p95);
    out.back_max_us = rounded(report.back->most);
    if (report.there->ipdv) out.there_ipdv_us = us(*report.there->ipdv);
    if (report.back->ipdv) out.back_ipdv_us = us(*report.back->ipdv);
    return out;
}

std::string text_of(const SessionSummary& s) {
    std::string out = fmt::format("--- stamp statistics from {} to {} ---\n", s.from, s.to);
    out += fmt::format("{} sent, {} lost ({:.3f}%){}, {} duplicates, {} reordered\n", s.sent, s.lost, 100 * s.loss,
                       direction(s), s.duplicates, s.reordered);
    if (s.own_loss != 0)
        out += fmt::format("{} answers were dropped by this machine: not the network's loss\n", s.own_loss);
    if (s.wrong != 0) out += fmt::format("{} answers had a wrong HMAC or form\n", s.wrong);
    if (s.integrity_failed != 0) out += fmt::format("{} answers: the extensions' HMAC failed\n", s.integrity_failed);
    if (s.not_understood != 0)
        out += fmt::format("{} answers: the reflector did not know an extension\n", s.not_understood);
    if (s.received == 0) return out;
    out += fmt::format("round trip min/median/95th/max = {}/{}/{}/{}, ipdv {}\n", shown(s.round_trip_min_us),
                       shown(s.round_trip_median_us), shown(s.round_trip_p95_us), shown(s.round_trip_max_us),
                       shown(s.round_trip_ipdv_us));
    if (s.there_min_us) {
        out +=
            fmt::format("there      min/median/95th/max = {}/{}/{}/{}, ipdv {}\n", shown(s.there_min_us),
                        shown(s.there_median_us), shown(s.there_p95_us), shown(s.there_max_us), shown(s.there_ipdv_us));
        out += fmt::format("back       min/median/95th/max = {}/{}/{}/{}, ipdv {}\n", shown(s.back_min_us),
                           shown(s.back_median_us), shown(s.back_p95_us), shown(s.back_max_us), shown(s.back_ipdv_us));
        out += fmt::format("clocks     wrong by at most {}; one-way delays are rounded to that\n",
                           shown(s.clock_error_us));
    } else {
        out += "no one-way delays: a clock is not synchronised\n";
    }
    out += fmt::format("reflector  kept a packet for {} (median)\n", shown(s.held_us));
    out += fmt::format("TTL        {} there, {} back\n", range(s.ttl_there_min, s.ttl_there_max),
                       range(s.ttl_back_min, s.ttl_back_max));
    return out;
}

std::string packet_lines(const ClientResult& result) {
    std::string out;
    for (std::size_t i = 0; i < result.exchanges.size(); ++i) {
        const Exchange& e = result.exchanges[i];
        if (!e.received) {
            out += fmt::format("seq_no={} *LOST*\n", i);
            continue;
        }
        const Nanoseconds held = e.reflector_sent - e.reflector_received;
        out += fmt::format("seq_no={} rtt={} held={} ttl={}/{} answer={}\n", i, shown(us(*e.received - *e.sent - held)),
                           shown(us(held)), e.ttl_there, e.ttl_back, e.answer_number);
    }
    return out;
}

}  // namespace quipu::stamp
