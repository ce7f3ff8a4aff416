#pragma once
// What a session's report says to a person or a script. No one-way figure is finer than the error of the two clocks.

#include <optional>
#include <string>

#include "base/describe.h"
#include "services/measure/stamp/client.h"

namespace quipu::stamp {

struct SessionSummary {
    std::string from, to;
    std::int64_t sent = 0, received = 0, lost = 0;
    double loss = 0;
    std::optional<std::int64_t> lost_there, lost_back;
    std::int64_t lost_somewhere = 0, duplicates = 0, reordered = 0;
    std::optional<double> round_trip_min_us, round_trip_median_us, round_trip_p95_us, round_trip_max_us,
        round_trip_ipdv_us;
    std::optional<std::int64_t> there_min_us, there_median_us, there_p95_us, there_max_us;
    std::optional<std::int64_t> back_min_us, back_median_us, back_p95_us, back_max_us;
    std::optional<double> there_ipdv_us, back_ipdv_us;
    std::optional<double> held_us;
    bool synchronised = false;
    double clock_error_us = 0;
    bool kernel_stamps = false;
    std::optional<std::int64_t> ttl_there_min, ttl_there_max, ttl_back_min, ttl_back_max;
    std::int64_t own_loss = 0, wrong = 0, strange = 0, not_understood = 0, malformed = 0, integrity_failed = 0;

    static constexpr auto describe() {
        using T = SessionSummary;
        return fields(
            field<&T::from>("from", "Where packets were sent").required(),
            field<&T::to>("to", "The reflector").required(), field<&T::sent>("sent", "Packets sent").required(),
            field<&T::received>("received", "Of those, answered in time").required(),
            field<&T::lost>("lost", "Not answered in time").required(),
            field<&T::loss>("loss", "Fraction lost").required().between(0, 1),
            field<&T::lost_there>("lost_there", "Lost on the way to the reflector, if it counts"),
            field<&T::lost_back>("lost_back", "Lost on the way back, if it counts"),
            field<&T::lost_somewhere>("lost_somewhere", "Lost, and nothing tells in which direction").required(),
            field<&T::duplicates>("duplicates", "Answers beyond the first").required(),
            field<&T::reordered>("reordered", "Overtaken by a later one (RFC 4737)").required(),
            field<&T::round_trip_min_us>("round_trip_min_us", "Least round trip, without the reflector's part")
                .format("us"),
            field<&T::round_trip_median_us>("round_trip_median_us", "Its median").format("us"),
            field<&T::round_trip_p95_us>("round_trip_p95_us", "Its 95th percentile").format("us"),
            field<&T::round_trip_max_us>("round_trip_max_us", "Largest round trip").format("us"),
            field<&T::round_trip_ipdv_us>("round_trip_ipdv_us", "Mean |IPDV| of consecutive packets (RFC 3393)")
                .format("us"),
            field<&T::there_min_us>("there_min_us", "Least delay to the reflector").format("us"),
            field<&T::there_median_us>("there_median_us", "Its median").format("us"),
            field<&T::there_p95_us>("there_p95_us", "Its 95th percentile").format("us"),
            field<&T::there_max_us>("there_max_us", "Largest delay to the reflector").format("us"),
            field<&T::back_min_us>("back_min_us", "Least delay from the reflector").format("us"),
            field<&T::back_median_us>("back_median_us", "Its median").format("us"),
            field<&T::back_p95_us>("back_p95_us", "Its 95th percentile").format("us"),
            field<&T::back_max_us>("back_max_us", "Largest delay from the reflector").format("us"),
            field<&T::there_ipdv_us>("there_ipdv_us", "Mean |IPDV| to the reflector; clocks' offset cancels")
                .format("us"),
            field<&T::back_ipdv_us>("back_ipdv_us", "Mean |IPDV| from the reflector").format("us"),
            field<&T::held_us>("held_us", "Median time that the reflector kept a packet").format("us"),
            field<&T::synchronised>("synchronised", "Both clocks say that they are").required(),
            field<&T::clock_error_us>("clock_error_us", "Bound of both clocks' error; one-way delays are rounded to it")
                .required()
                .format("us"),
            field<&T::kernel_stamps>("kernel_stamps", "Our stamps are the kernel's").required(),
            field<&T::ttl_there_min>("ttl_there_min", "Least TTL at the reflector; sent with 255"),
            field<&T::ttl_there_max>("ttl_there_max", "Largest TTL at the reflector"),
            field<&T::ttl_back_min>("ttl_back_min", "Least TTL of an answer"),
            field<&T::ttl_back_max>("ttl_back_max", "Largest TTL of an answer"),
            field<&T::own_loss>("own_loss", "Answers that this machine dropped: not the network's loss").required(),
            field<&T::wrong>("wrong", "Answers with a wrong HMAC or form").required(),
            field<&T::strange>("strange", "Datagrams that answer nothing").required(),
            field<&T::not_understood>("not_understood", "Answers whose reflector did not know an extension (U)")
                .required(),
            field<&T::malformed>("malformed", "Answers with a malformed extension (M)").required(),
            field<&T::integrity_failed>("integrity_failed", "Answers whose extensions failed their HMAC (I)")
                .required());
    }
};

[[nodiscard]] SessionSummary summary_of(const ClientResult& result);
/// For people.
[[nodiscard]] std::string text_of(const SessionSummary& summary);
/// A line for each packet.
[[nodiscard]] std::string packet_lines(const ClientResult& result);

}  // namespace quipu::stamp
