#include "services/measure/compare/words.h"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace quipu::compare {
namespace {

std::string ms(std::int64_t us) {
    return fmt::format("{:.2f} ms", static_cast<double>(us) / 1000);
}

std::string_view network(Side side) {
    return side == Side::research ? "the research network" : "the other provider";
}

std::string where(const Outcome& outcome) {
    std::string out;
    if (outcome.direction) out = *outcome.direction == Direction::there ? " on the way there" : " on the way back";
    if (!outcome.at.empty()) out += (out.empty() ? " at " : ", at ") + outcome.at;
    return out;
}

std::string slower_by(const Outcome& outcome) {
    const Side side = outcome.slower.value_or(Side::research);
    return fmt::format(
        "By round trip, {} is {} {}", network(Side::research),
        ms(std::abs(outcome.round_trip ? outcome.round_trip->median_us : 0)),
        (outcome.round_trip ? outcome.round_trip->median_us > 0 : side == Side::research) ? "slower" : "faster");
}

std::string difference_line(std::string_view name, const std::optional<Difference>& difference) {
    if (!difference) return fmt::format("  {:<11} not known: the clocks say nothing of one direction\n", name);
    return fmt::format("  {:<11} {:+.2f} ms  (95 %: {:+.2f} to {:+.2f} ms, {} pairs of packets)\n", name,
                       static_cast<double>(difference->median_us) / 1000,
                       static_cast<double>(difference->low_us) / 1000, static_cast<double>(difference->high_us) / 1000,
                       difference->pairs);
}

std::string way_text(std::string_view name, const WaySummary& way, const std::string& from) {
    std::string out = fmt::format("\n{}: {} sent, {} lost", name, way.sent, way.lost);
    if (way.round_trip_median_us)
        out += fmt::format(", round trip {} (least {})", ms(*way.round_trip_median_us), ms(*way.round_trip_min_us));
    if (way.earlier_min_us) out += fmt::format(", by the same path before {}", ms(*way.earlier_min_us));
    if (way.there_median_us) out += fmt::format(", there {}", ms(*way.there_median_us));
    if (way.back_median_us) out += fmt::format(", back {}", ms(*way.back_median_us));
    out += "\n";
    if (!way.failed.empty()) out += fmt::format("  not measured: {}\n", way.failed);
    for (const Segment& segment : way.segments) {
        out += fmt::format("  {:<44} {:>10}", fmt::format("{} – {}", segment.from, segment.to), ms(segment.share_us));
        if (segment.floor_us) out += fmt::format("  light {}", ms(*segment.floor_us));
        if (segment.queue_us > 0) out += fmt::format("  waits {}", ms(segment.queue_us));
        if (segment.loss && *segment.loss > 0) out += fmt::format("  loses {:.1f} %", 100 * *segment.loss);
        if (segment.probes > 0) out += fmt::format("  ({} of {} probes lost)", segment.unanswered, segment.probes);
        if (!segment.link.empty()) out += "  " + segment.link;
        out += "\n";
    }
    out += fmt::format("  there: {} → {}\n", from,
                       way.there.empty() ? "?" : fmt::format("{}", fmt::join(way.there, " → ")));
    if (!way.back.empty()) out += fmt::format("  back:  {}\n", fmt::join(way.back, " → "));
    return out;
}

}  // namespace

std::string sentence_of(const ShownComparison& comparison) {
    if (comparison.state == State::waiting) return "Not decided yet.";
    if (!comparison.outcome) return fmt::format("Not measured: {}.", comparison.reason);
    const Outcome& outcome = *comparison.outcome;
    const Side side = outcome.slower.value_or(Side::research);
    const std::int64_t amount = outcome.amount_us.value_or(0);
    switch (outcome.verdict) {
        case Verdict::no_difference:
            return fmt::format("No difference: less than {} in either direction.", ms(outcome.least_us));
        case Verdict::longer_fibre:
            return fmt::format("Longer fibre: the way of {} is {} longer, most of it{}.", network(side), ms(amount),
                               where(outcome));
        case Verdict::detour:
            return fmt::format("A detour: the research network's way is {} longer than one that it has: {}.",
                               ms(amount), fmt::join(outcome.better_route, ", "));
        case Verdict::queueing:
            return fmt::format("Packets wait: {} in queues of {}{}.", ms(amount), network(side), where(outcome));
        case Verdict::asymmetric_route:
            return amount > 0
                       ? fmt::format("An asymmetric route: in {}, packets{} take {} longer than the other way round.",
                                     network(side), where(outcome), ms(amount))
                       : fmt::format("An asymmetric route: {} sends packets back another way.", network(side));
        case Verdict::loss:
            return fmt::format("Loss: {} loses {:.1f} % of packets{}.", network(side),
                               100 * outcome.amount_loss.value_or(0), where(outcome));
        case Verdict::clock_fault:
            return fmt::format(
                "A clock is wrong: the clocks of {} and {} are {} apart; one-way delays can't be trusted.",
                comparison.from, outcome.at, ms(std::abs(amount)));
        case Verdict::undecided: break;
    }
    return "Undecided: too few packets arrived over both ways.";
}

std::string text_of(const ShownComparison& comparison) {
    std::string out = fmt::format("{} to {} ({}), comparison {}\n\n{}\n", comparison.from, comparison.host,
                                  comparison.target.text(), comparison.id, sentence_of(comparison));
    if (!comparison.outcome) return out;
    const Outcome& outcome = *comparison.outcome;
    if (outcome.verdict != Verdict::no_difference && outcome.round_trip) out += slower_by(outcome) + ".\n";
    out += "\nResearch network less other provider:\n";
    out += difference_line("there", outcome.there) + difference_line("back", outcome.back) +
           difference_line("round trip", outcome.round_trip);
    out += fmt::format("  The clocks' error is at most {}; less than {} is no difference.\n",
                       ms(outcome.clock_error_us), ms(outcome.least_us));
    for (const std::string& site : outcome.clock_fault)
        out += fmt::format("  The clock of {} was wrong at that time.\n", site);
    if (outcome.light_us) out += fmt::format("  Light in fibre along the great circle: {}.\n", ms(*outcome.light_us));
    out += fmt::format("  The ways part after {}.\n", outcome.part_at);
    return out + way_text("Research network", outcome.research, comparison.from) +
           way_text("Other provider", outcome.commodity, comparison.from);
}

}  // namespace quipu::compare
