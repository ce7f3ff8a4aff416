#include "services/measure/stamp/engine_reflector.h"

#include <algorithm>
#include <bit>

namespace quipu::stamp {
namespace {

constexpr Form kOpen{Protocol::stamp, Mode::open};
constexpr Form kAuthenticated{Protocol::stamp, Mode::authenticated};
constexpr Form kLight{Protocol::twamp, Mode::open};
constexpr std::size_t kMostTold = 64;
// RFC 6038 §5: what a symmetrical question has more, before its padding.
constexpr std::size_t symmetrical_octets(Form form) {
    return form.answer_octets() - form.question_octets();
}

/// Where the 64 bits of T3 stand.
constexpr std::size_t timestamp_at(Form form) {
    return form.mode == Mode::open ? 4 : 16;
}

/// An authenticated question has zeros where an open one has its time (RFC 8762 §4.2.2): it needs no other mark.
bool looks_authenticated(ByteSpan bytes) {
    return bytes.size() >= kAuthenticated.question_octets() &&
           std::ranges::all_of(bytes.subspan(4, 12), [](std::uint8_t octet) { return octet == 0; });
}

/// Of a question these octets are zeros or padding. As two times within an hour of now they are what an answer has
/// there, and whoever answers answers goes on for ever with another who does. By chance that comes once in some 10^11.
bool looks_like_answer(ByteSpan bytes, Form form, Time now) {
    constexpr Nanoseconds kNear = std::chrono::hours(1);
    const auto answer = parse_answer(bytes, form);
    if (!answer) return false;
    const auto is_near = [&](std::uint64_t timestamp) {
        return timestamp != 0 && (std::chrono::abs(time_of(timestamp, 0) - now) < kNear ||
                                  std::chrono::abs(time_of(timestamp, kPtpFormat) - now) < kNear);
    };
    return is_near(answer->received) && is_near(answer->question.timestamp);
}

std::size_t mix(std::size_t seed, std::uint64_t value) {
    return (seed ^ value) * 0x9e3779b97f4a7c15ULL;
}

std::uint64_t half(const net::IpAddress& address, std::size_t from) {
    std::uint64_t out = 0;
    std::memcpy(&out, address.octets().data() + from, sizeof out);
    return out;
}

}  // namespace

std::size_t ReflectorEngine::AddressHash::operator()(const net::IpAddress& address) const {
    return std::rotl(mix(mix(0, half(address, 0)), half(address, 8)), 32);
}

std::size_t ReflectorEngine::KeyHash::operator()(const Key& key) const {
    return std::rotl(mix(AddressHash()(key.peer.address), (static_cast<std::uint64_t>(key.socket) << 32U) |
                                                              (std::uint64_t{key.peer.port} << 16U) | key.ssid),
                     32);
}

ReflectorEngine::ReflectorEngine(ReflectorSettings settings)
    : settings_(std::move(settings)), sessions_(settings_.most_sessions), clients_(settings_.most_clients) {
    for (const auto& [user, key] : settings_.keys)
        hmacs_.emplace_back(Hmac::Hash::sha256, as_bytes(key));
}

bool ReflectorEngine::prepare(const Arrival& arrival, Monotonic now, Reflection& out) {
    if (arrival.truncated) return refuse(Refusal::faulty, arrival.peer);
    out.to = arrival.peer;
    out.from = arrival.local.address;
    out.tos = 0;
    out.hmac = nullptr;
    out.cipher = nullptr;
    out.extension_hmac_at.reset();
    out.last_timestamp = nullptr;
    out.error = error_field(clock_.error, clock_.ptp);
    if (!granted_.empty()) {
        const auto found = granted_.find(Key{arrival.socket, 0, arrival.peer});
        // Its ports were agreed upon: RFC 5357 lets both be the same.
        if (found != granted_.end()) return prepare_granted(arrival, now, found->second, out);
    }
    if (is_forged(arrival.peer, arrival.local)) return refuse(Refusal::reflection, arrival.peer);
    if (arrival.granted_only) return refuse(Refusal::no_session, arrival.peer);
    if (!is_allowed(arrival.peer.address)) return refuse(Refusal::not_allowed, arrival.peer);
    return prepare_stamp(arrival, now, out);
}

bool ReflectorEngine::prepare_stamp(const Arrival& arrival, Monotonic now, Reflection& out) {
    Client* client = nullptr;
    if (settings_.stateful || settings_.packets_per_second_of_client > 0) {
        const net::IpAddress who = client_of(arrival.peer.address);
        client = clients_.find(who, now);
        if (client == nullptr) {
            client = clients_.add(who, now);
            if (client == nullptr) return refuse(Refusal::sessions, arrival.peer);
            client->tokens = settings_.packets_per_second_of_client;
            client->filled = now;
        }
        if (!within_rate(*client, now)) return refuse(Refusal::rate, arrival.peer);
    }
    const bool authenticated = !hmacs_.empty() && looks_authenticated(arrival.bytes);
    if (authenticated) {
        out.form = kAuthenticated;
        out.hmac = fitting_key(arrival.bytes, client);
        if (out.hmac == nullptr) return refuse(Refusal::wrong_hmac, arrival.peer);
    } else if (!settings_.open) {
        return refuse(Refusal::no_key, arrival.peer);
    } else {
        out.form = arrival.bytes.size() >= kOpen.question_octets() ? kOpen : kLight;
    }
    const auto question = parse_question(arrival.bytes, out.form);
    if (!question) return refuse(Refusal::faulty, arrival.peer);
    // RFC 8762 §4.3: sizes are symmetrical. What is shorter than its answer asks for amplification.
    if (arrival.bytes.size() < out.form.answer_octets()) return refuse(Refusal::too_short, arrival.peer);
    if (looks_like_answer(arrival.bytes, out.form, arrival.received)) return refuse(Refusal::reflection, arrival.peer);

    Session* session = nullptr;
    if (settings_.stateful) {
        const Key key{arrival.socket, question->ssid, arrival.peer};
        session = sessions_.find(key, now);
        if (session == nullptr && client->sessions < settings_.most_sessions_of_client) {
            session = sessions_.add(key, now);
            if (session != nullptr) ++client->sessions;
        }
        if (session == nullptr) return refuse(Refusal::sessions, arrival.peer);
    }
    write(arrival, *question, session, out);
    return true;
}

void ReflectorEngine::write(const Arrival& arrival, const Question& question, Session* session, Reflection& out) {
    if (session != nullptr) ++session->counts.received;
    const bool stateful = session != nullptr;
    out.sequence = stateful ? session->counts.sent : question.sequence;
    header_.clear();
    write_answer(header_,
                 {.sequence = out.sequence,
                  .timestamp = 0,
                  .error = out.error,
                  .ssid = question.ssid,
                  .received = timestamp_field(arrival.received, clock_.ptp),
                  .question = question,
                  .ttl = static_cast<std::uint8_t>(arrival.ttl < 0 ? 255 : arrival.ttl)},
                 out.form);
    out.bytes.assign(arrival.bytes.begin(), arrival.bytes.end());
    std::ranges::copy(header_.span(), out.bytes.begin());
    if (out.form.protocol == Protocol::stamp) {
        Hmac* key = out.hmac != nullptr ? out.hmac : hmacs_.empty() ? nullptr : &hmacs_.front();
        const auto found =
            reflect_extensions(std::span(out.bytes).subspan(out.form.answer_octets()), question.sequence,
                               {.from = arrival.peer,
                                .to = arrival.local,
                                .tos = arrival.tos,
                                .sync = clock_.error.synchronised ? SyncSource::ntp : SyncSource::free_running,
                                .may_mark = settings_.may_mark,
                                .stateful = stateful,
                                .received = stateful ? session->counts.received : 0,
                                .sent = stateful ? session->counts.sent : 0,
                                .last_sequence = stateful ? session->last_sequence : 0,
                                .last_timestamp = stateful ? session->last_timestamp : 0},
                               key, out.form.mode == Mode::authenticated);
        out.extension_hmac_at = found.hmac_at;
        if (found.hmac_at) out.hmac = key;
        if (found.dscp) out.tos = static_cast<std::int16_t>(*found.dscp << 2U);
    }
    if (stateful) {
        ++session->counts.sent;
        session->last_sequence = out.sequence;
        out.last_timestamp = &session->last_timestamp;
    }
    ++reflected_;
}

bool ReflectorEngine::prepare_granted(const Arrival& arrival, Monotonic now, Granted& granted, Reflection& out) {
    out.form = granted.what.form;
    const Form form = out.form;
    ByteSpan bytes = arrival.bytes;
    if (granted.cipher) {
        plain_.assign(bytes.begin(), bytes.end());
        if (!granted.cipher->open(plain_, form, false)) return refuse(Refusal::wrong_hmac, arrival.peer);
        bytes = plain_;
        out.cipher = &*granted.cipher;
    }
    const auto question = parse_question(bytes, form);
    if (!question) return refuse(Refusal::faulty, arrival.peer);
    granted.used = now;
    Session& session = granted.state;
    ++session.counts.received;
    out.sequence = session.counts.sent++;
    header_.clear();
    write_answer(header_,
                 {.sequence = out.sequence,
                  .timestamp = 0,
                  .error = out.error,
                  .received = timestamp_field(arrival.received, clock_.ptp),
                  .question = *question,
                  .ttl = static_cast<std::uint8_t>(arrival.ttl < 0 ? 255 : arrival.ttl)},
                 form);
    // RFC 5357 §4.2.1: as long as the question where that is possible. RFC 6038 §4.2: the padding begins with what is
    // reflected.
    const std::size_t before = form.question_octets() + (granted.what.symmetrical ? symmetrical_octets(form) : 0);
    const ByteSpan padding = bytes.subspan(std::min(before, bytes.size()));
    const ByteSpan kept = padding.first(std::min<std::size_t>(granted.what.reflected_octets, padding.size()));
    out.bytes.assign(std::max(bytes.size(), form.answer_octets() + kept.size()), 0);
    std::ranges::copy(header_.span(), out.bytes.begin());
    std::ranges::copy(kept, std::span(out.bytes).subspan(form.answer_octets()).begin());
    ++reflected_;
    return true;
}

void ReflectorEngine::seal(Reflection& reflection, Time sent) {
    const std::span<std::uint8_t> packet(reflection.bytes);
    const std::uint64_t timestamp = timestamp_field(sent, (reflection.error & kPtpFormat) != 0);
    const auto at = packet.subspan(timestamp_at(reflection.form), sizeof timestamp);
    const std::uint64_t ordered = std::byteswap(timestamp);
    std::memcpy(at.data(), &ordered, sizeof ordered);
    if (reflection.last_timestamp != nullptr) *reflection.last_timestamp = timestamp;
    if (reflection.cipher != nullptr) {
        reflection.cipher->seal(packet, reflection.form, true);
    } else if (reflection.form == kAuthenticated) {
        seal_stamp(packet, *reflection.hmac);
    }
    if (reflection.extension_hmac_at)
        seal_extensions(packet.subspan(reflection.form.answer_octets()), *reflection.extension_hmac_at,
                        reflection.sequence, *reflection.hmac);
}

void ReflectorEngine::age(Monotonic now) {
    const Monotonic since = now - settings_.idle;
    sessions_.end_unused_since(since, [&](const Key& key, const Session&) {
        // A client is used by each packet of its sessions, so it outlives them.
        if (Client* client = clients_.find(client_of(key.peer.address), now)) --client->sessions;
    });
    clients_.end_unused_since(since, [](const net::IpAddress&, const Client&) {});
    std::erase_if(granted_, [&](const auto& entry) { return now - entry.second.used > settings_.refwait; });
}

bool ReflectorEngine::grant(std::uint32_t socket, const net::Endpoint& peer, const GrantedSession& session,
                            Monotonic now) {
    const auto [at, fresh] = granted_.try_emplace(Key{socket, 0, peer}, Granted{.what = session, .used = now});
    if (fresh && session.form.mode != Mode::open) at->second.cipher.emplace(session.keys);
    return fresh;
}

std::optional<SessionCounts> ReflectorEngine::granted(std::uint32_t socket, const net::Endpoint& peer) const {
    const auto found = granted_.find(Key{socket, 0, peer});
    if (found == granted_.end()) return std::nullopt;
    return found->second.state.counts;
}

std::optional<SessionCounts> ReflectorEngine::revoke(std::uint32_t socket, const net::Endpoint& peer) {
    const auto counts = granted(socket, peer);
    granted_.erase(Key{socket, 0, peer});
    return counts;
}

bool ReflectorEngine::refuse(Refusal why, const net::Endpoint& peer) {
    const std::uint64_t times = ++refused_[static_cast<std::size_t>(why)];
    if (std::has_single_bit(times) && told_.size() < kMostTold) told_.push_back({why, times, peer});
    return false;
}

/// Two reflectors that answer each other never end, and what has no one host's address is nobody's question.
bool ReflectorEngine::is_forged(const net::Endpoint& peer, const net::Endpoint& local) const {
    if (peer.port == 0 || peer.port == local.port ||
        std::ranges::find(settings_.reflector_ports, peer.port) != settings_.reflector_ports.end())
        return true;
    const auto& octets = peer.address.octets();
    if (peer.address.is_v6())
        return octets[0] == 0xff || std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
    return octets[0] == 0 || octets[0] >= 224;  // this network, multicast, reserved, broadcast
}

bool ReflectorEngine::is_allowed(const net::IpAddress& address) const {
    return settings_.allowed.empty() ||
           std::ranges::any_of(settings_.allowed, [&](const net::Prefix& prefix) { return prefix.contains(address); });
}

bool ReflectorEngine::within_rate(Client& client, Monotonic now) const {
    const double rate = settings_.packets_per_second_of_client;
    if (rate <= 0) return true;
    const double seconds = std::chrono::duration<double>(now - client.filled).count();
    client.filled = now;
    client.tokens = std::min(client.tokens + seconds * rate, std::max(rate, 1.0));
    if (client.tokens < 1) return false;
    client.tokens -= 1;
    return true;
}

/// The key that fitted this client last is tried first.
Hmac* ReflectorEngine::fitting_key(ByteSpan bytes, Client* client) {
    const std::size_t first = client != nullptr ? client->key : 0;
    for (std::size_t i = 0; i < hmacs_.size(); ++i) {
        const std::size_t at = (first + i) % hmacs_.size();
        if (!verify_stamp(bytes, hmacs_[at])) continue;
        if (client != nullptr) client->key = static_cast<std::uint32_t>(at);
        return &hmacs_[at];
    }
    return nullptr;
}

net::IpAddress client_of(const net::IpAddress& address) {
    if (!address.is_v6()) return address;
    std::array<std::uint8_t, 16> octets{};
    std::copy_n(address.octets().begin(), 8, octets.begin());
    return net::IpAddress::v6(octets);
}

}  // namespace quipu::stamp
