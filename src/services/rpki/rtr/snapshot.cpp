#include "services/rpki/rtr/snapshot.h"

namespace quipu::rpki::rtr {
namespace {

constexpr std::size_t kIpv4Size = 20;
constexpr std::size_t kIpv6Size = 32;
/// Routers are at a few serials; who asks for every one of them must not fill the memory.
constexpr std::size_t kMostKept = 64;

/// Of sorted VRPs those of one family by length: a bucket for each, in which they stay sorted by address.
template <class F>
void by_length(std::span<const Vrp> vrps, bool v6, bool longest_first, F each) {
    const std::size_t width = v6 ? 128 : 32;
    std::vector<std::uint32_t> place(width + 2, 0);
    for (const Vrp& vrp : vrps)
        if (vrp.v6 == v6) ++place[std::size_t{vrp.length} + 1];
    for (std::size_t i = 1; i < place.size(); ++i)
        place[i] += place[i - 1];
    std::vector<std::uint32_t> starts(place.begin(), place.end() - 1);
    std::vector<std::uint32_t> order(place.back());
    for (std::uint32_t i = 0; i < vrps.size(); ++i)
        if (vrps[i].v6 == v6) order[place[vrps[i].length]++] = i;
    const auto bucket = [&](std::size_t length) {
        const std::size_t end = length + 1 < starts.size() ? starts[length + 1] : order.size();
        for (std::size_t i = starts[length]; i < end; ++i)
            each(vrps[order[i]]);
    };
    for (std::size_t i = 0; i <= width; ++i)
        bucket(longest_first ? width - i : i);
}

void write_vrps(ByteWriter& out, std::uint8_t version, bool announce, std::span<const Vrp> vrps) {
    for (const bool v6 : {false, true})
        by_length(vrps, v6, announce, [&](const Vrp& vrp) { write_vrp(out, version, announce, vrp); });
}

void write_keys(ByteWriter& out, std::uint8_t version, bool announce, std::span<const RouterKey> keys) {
    if (version < 1) return;
    for (const RouterKey& key : keys)
        write_router_key(out, version, announce, key, key.as.low);
}

std::size_t size_of(const PayloadSet& set, std::uint8_t version) {
    std::size_t size = 0;
    for (const Vrp& vrp : set.vrps)
        size += vrp.v6 ? kIpv6Size : kIpv4Size;
    if (version >= 1)
        for (const RouterKey& key : set.router_keys)
            size += kHeaderSize + 24 + key.key_info.size();
    if (version >= 2)
        for (const Aspa& aspa : set.aspas)
            size += kHeaderSize + 4 + 4 * aspa.providers.size();
    return size;
}

}  // namespace

void write_set(ByteWriter& out, std::uint8_t version, const PayloadSet& set) {
    write_vrps(out, version, true, set.vrps);
    write_keys(out, version, true, set.router_keys);
    if (version < 2) return;
    for (const Aspa& aspa : set.aspas)
        write_aspa(out, version, true, aspa.customer, aspa.providers);
}

void write_delta(ByteWriter& out, std::uint8_t version, const Delta& delta) {
    write_vrps(out, version, true, delta.announced);
    write_keys(out, version, true, delta.keys_announced);
    if (version >= 2)
        for (const AspaChange& change : delta.aspas)
            if (!change.after.empty()) write_aspa(out, version, true, change.customer, change.after);
    write_vrps(out, version, false, delta.withdrawn);
    write_keys(out, version, false, delta.keys_withdrawn);
    if (version >= 2)
        for (const AspaChange& change : delta.aspas)
            if (change.after.empty()) write_aspa(out, version, false, change.customer, {});
}

std::uint16_t Snapshot::session(std::uint8_t version) const {
    if (version > 0) return static_cast<std::uint16_t>(session_ + version);
    return static_cast<std::uint16_t>((~session_ & 0xff00U) | (number_ & 0xffU));
}

bool Snapshot::knows(std::uint8_t version, std::uint16_t session) const {
    if (version > 0) return session == this->session(version);
    return ((session ^ this->session(0)) & 0xff00U) == 0;
}

Octets Snapshot::full(std::uint8_t version) const {
    const std::scoped_lock lock(making_);
    Octets& full = full_.at(version);
    if (!full)
        full = answer(version, session(version), size_of(*set_, version),
                      [&](ByteWriter& out) { write_set(out, version, *set_); });
    return full;
}

std::optional<Delta> Snapshot::changes_since(std::uint32_t serial) const {
    // Modulo 2^32: RFC 1982 without a special case, since the history is short.
    const std::uint32_t back = this->serial() - serial;
    if (back > steps_.size()) return std::nullopt;
    Delta joined;
    for (std::size_t i = steps_.size() - back; i < steps_.size(); ++i)
        joined = joined.empty() ? *steps_[i] : join(joined, *steps_[i]);
    return joined;
}

Octets Snapshot::since(std::uint8_t version, std::uint16_t session, std::uint32_t serial) const {
    const std::scoped_lock lock(making_);
    const std::tuple key(version, session, this->serial() - serial);
    if (const auto known = since_.find(key); known != since_.end()) return known->second;
    const auto changes = changes_since(serial);
    if (!changes) return nullptr;
    Octets out = answer(version, session, 0, [&](ByteWriter& writer) { write_delta(writer, version, *changes); });
    if (since_.size() < kMostKept) since_.emplace(key, out);
    return out;
}

template <class F>
Octets Snapshot::answer(std::uint8_t version, std::uint16_t session, std::size_t size, F write_payloads) const {
    ByteWriter out(size + 2 * kIpv6Size);
    write(out, {version, CacheResponse{session}});
    write_payloads(out);
    write(out, {version, EndOfData{session, serial(), intervals_}});
    return std::make_shared<const std::vector<std::uint8_t>>(out.take());
}

}  // namespace quipu::rpki::rtr
