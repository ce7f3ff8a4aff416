// Which sessions a server takes part in, and why not in others.

#include <algorithm>
#include <fmt/format.h>

#include "services/measure/owamp/engine_server.h"

namespace quipu::owamp {
namespace {

constexpr Nanoseconds kFarthestStart = std::chrono::hours(24);
constexpr Nanoseconds kLongestTimeout = std::chrono::hours(1);
constexpr double kLongestSession = 7 * 86'400;  // seconds
// RFC 8545 §4: where reflectors listen. Their answers to us would be our next questions.
constexpr std::uint16_t kReflectorPort = 862;

bool is_zero(const net::IpAddress& address) {
    return std::ranges::all_of(address.octets(), [](std::uint8_t octet) { return octet == 0; });
}

/// Packets in a second, on the average. Whoever asks cuts a gap to 2^-32 s; that makes 0.001 s no more than 1,000/s.
double rate_of(const std::vector<Slot>& slots) {
    double sum = 0;
    for (const Slot& slot : slots)
        sum += (static_cast<double>(slot.parameter) + 1) / 4294967296.0;
    return static_cast<double>(slots.size()) / sum;
}

}  // namespace

std::expected<ServerSession::Session, ServerSession::Refusal> ServerSession::admit(const RequestSession& asked,
                                                                                   Time now) {
    const auto refuse = [](Accept accept, std::string why) { return std::unexpected(Refusal{accept, std::move(why)}); };
    if (asked.server_sends && asked.server_receives)
        return refuse(Accept::not_supported, "both ends of a session would be here");
    if (!asked.server_sends && !asked.server_receives)
        return refuse(Accept::failure, "neither end of the session would be here");
    if (asked.ip_version != (local_.address.is_v6() ? 6 : 4))
        return refuse(Accept::not_supported, "the session's IP version is not that of the control connection");
    if (asked.packets == 0 || asked.slots.empty()) return refuse(Accept::failure, "a session without packets or slots");
    // RFC 4656 §3.5: two bits of zero, then a DSCP, are the one Type-P descriptor that we know.
    if ((asked.type_p & 0xc0ffffffU) != 0) return refuse(Accept::not_supported, "an unknown Type-P descriptor");
    const auto& own = asked.server_sends ? asked.sender : asked.receiver;
    const auto& other = asked.server_sends ? asked.receiver : asked.sender;
    const std::uint16_t port = asked.server_sends ? asked.receiver_port : asked.sender_port;
    if (port == 0) return refuse(Accept::failure, "the client's port is 0");
    // Packets go to and come from the client itself: nobody aims us at others.
    const net::IpAddress peer = is_zero(other) ? peer_.address : other;
    if (peer != peer_.address)
        return refuse(Accept::failure, fmt::format("a session with {}, who is not the client", peer.text()));
    Session out;
    out.request = asked;
    if (auto within = within_limits(asked, out, now); !within) return std::unexpected(std::move(within.error()));
    const net::IpAddress local = is_zero(own) ? local_.address : own;
    const net::Endpoint end{peer, port};
    auto place = shared_.ends().reserve(local, asked.server_receives ? std::optional(end) : std::nullopt,
                                        static_cast<std::uint8_t>(asked.type_p >> 24U));
    if (!place) return refuse(Accept::failure, place.error().text());
    out.place = *place;
    if (asked.server_receives) out.request.sid = make_sid(local, now);
    (asked.server_sends ? out.request.sender : out.request.receiver) = local;
    (asked.server_sends ? out.request.receiver : out.request.sender) = peer;
    (asked.server_sends ? out.request.sender_port : out.request.receiver_port) = place->port;
    out.test = {.sid = out.request.sid,
                .mode = test_mode_of(mode_),
                .keys = keyed() ? test_keys(keys_, out.request.sid) : ControlKeys{},
                .peer = end,
                .start = asked.start,
                .slots = asked.slots,
                .packets = asked.packets,
                .padding = asked.padding,
                .timeout = asked.timeout};
    return out;
}

/// RFC 5357 §3.5: the client sends and receives, we reflect. What the schedule is only the client knows.
std::expected<ServerSession::Session, ServerSession::Refusal> ServerSession::admit_two_way(const RequestSession& asked,
                                                                                           Time now) {
    const auto refuse = [](Accept accept, std::string why) { return std::unexpected(Refusal{accept, std::move(why)}); };
    const ServerLimits& limits = shared_.limits_of(keyed());
    if (asked.server_sends || asked.server_receives || asked.packets != 0)
        return refuse(Accept::failure, "a two-way session has neither Conf-Sender, Conf-Receiver nor packets");
    if (asked.ip_version != (local_.address.is_v6() ? 6 : 4))
        return refuse(Accept::not_supported, "the session's IP version is not that of the control connection");
    if ((asked.type_p & 0xc0ffffffU) != 0) return refuse(Accept::not_supported, "an unknown Type-P descriptor");
    if (asked.sender_port == 0) return refuse(Accept::failure, "the client's port is 0");
    if (asked.sender_port == kReflectorPort)
        return refuse(Accept::not_supported, "the client's port is a reflector's: two of them would never end");
    const net::IpAddress peer = is_zero(asked.sender) ? peer_.address : asked.sender;
    if (peer != peer_.address)
        return refuse(Accept::failure, fmt::format("a session with {}, who is not the client", peer.text()));
    if (asked.padding > limits.padding)
        return refuse(Accept::permanent_limit,
                      fmt::format("padding of {} octets, above {}", asked.padding, limits.padding));
    if (to_duration(asked.timeout) > kLongestTimeout)
        return refuse(Accept::permanent_limit, "a timeout of more than an hour");
    if (measure::from_ntp(asked.start) - now > kFarthestStart)
        return refuse(Accept::permanent_limit, "a start more than a day from now");
    if (shared_.use_of(client_).sessions >= limits.sessions)
        return refuse(Accept::temporary_limit, fmt::format("already {} sessions", limits.sessions));
    Session out;
    out.request = asked;
    if ((mode_ & mode::kReflectOctets) == 0) out.request.reflected_octets = out.request.reflected_padding = 0;
    const net::IpAddress local = is_zero(asked.receiver) ? local_.address : asked.receiver;
    out.test.peer = {peer, asked.sender_port};
    out.test.mode = test_mode_of(mode_);
    auto place = reserve_reflector(local, asked, out.test.peer);
    if (!place) return refuse(Accept::failure, place.error().text());
    out.place = *place;
    out.request.sid = make_sid(local, now);
    if (keyed()) out.test.keys = test_keys(keys_, out.request.sid);
    return out;
}

Result<TestEnds::Place> ServerSession::reserve_reflector(const net::IpAddress& local, const RequestSession& asked,
                                                         const net::Endpoint& peer) {
    const auto dscp = static_cast<std::uint8_t>(asked.type_p >> 24U);
    const auto conflicts = [](const auto& place) { return !place && place.error().code == ErrorCode::conflict; };
    auto place = reflectors_->reserve(local, asked.receiver_port, dscp, peer);
    // Whoever has the client's port now waits for no answers to a session that was stopped.
    if (conflicts(place) && shared_.stop_now(*reflectors_, peer))
        place = reflectors_->reserve(local, asked.receiver_port, dscp, peer);
    // RFC 5357 §3.5: a port that is not free is answered with another one.
    if (conflicts(place)) place = reflectors_->reserve_elsewhere(local, dscp, peer);
    return place;
}

std::expected<void, ServerSession::Refusal> ServerSession::within_limits(const RequestSession& asked, Session& session,
                                                                         Time now) const {
    const auto refuse = [](Accept accept, std::string why) { return std::unexpected(Refusal{accept, std::move(why)}); };
    const ServerLimits& limits = shared_.limits_of(keyed());
    session.rate = rate_of(asked.slots);
    // Each packet may come twice, and a fetch keeps when it is due; the schedule's slots are kept with them.
    constexpr std::uint64_t kOfAPacket = 2 * sizeof(PacketRecord) + sizeof(Fixed);
    session.records = asked.server_receives ? static_cast<std::int64_t>(asked.packets * kOfAPacket) : 0;
    session.records += static_cast<std::int64_t>(asked.slots.size() * sizeof(Slot));
    if (asked.packets > limits.packets)
        return refuse(Accept::permanent_limit, fmt::format("{} packets, above {}", asked.packets, limits.packets));
    if (asked.padding > limits.padding)
        return refuse(Accept::permanent_limit,
                      fmt::format("padding of {} octets, above {}", asked.padding, limits.padding));
    if (!(session.rate <= limits.packets_per_second))
        return refuse(Accept::permanent_limit,
                      fmt::format("{:.0f} packets a second {} it, above {:.0f}", session.rate,
                                  asked.server_sends ? "to" : "from", limits.packets_per_second));
    if (asked.packets > session.rate * kLongestSession)
        return refuse(Accept::permanent_limit, "a session of more than a week");
    if (session.records > limits.records.octets)
        return refuse(Accept::permanent_limit, "more records than the memory allowed holds");
    if (to_duration(asked.timeout) > kLongestTimeout)
        return refuse(Accept::permanent_limit, "a timeout of more than an hour");
    if (measure::from_ntp(asked.start) - now > kFarthestStart)
        return refuse(Accept::permanent_limit, "a start more than a day from now");
    const ServerState::Use& use = shared_.use_of(client_);
    if (use.sessions >= limits.sessions)
        return refuse(Accept::temporary_limit, fmt::format("already {} sessions", use.sessions));
    const double together = session.rate + (asked.server_sends ? use.sent_per_second : use.received_per_second);
    if (together > limits.packets_per_second)
        return refuse(Accept::temporary_limit,
                      fmt::format("its sessions {} it together would have {:.0f} packets a second, above {:.0f}",
                                  asked.server_sends ? "to" : "from", together, limits.packets_per_second));
    if (use.records + session.records > limits.records.octets)
        return refuse(Accept::temporary_limit, "its sessions together would be above the memory allowed");
    return {};
}

}  // namespace quipu::owamp
