#include "services/rpki/service/served_file.h"

#include <algorithm>

namespace quipu::rpki {
namespace {

constexpr std::string_view kKey = "served";
constexpr std::uint8_t kLayout = 2;  // 1 had no last number

void write_addresses(ByteWriter& out, Ipv6 address) {
    out.u64(static_cast<std::uint64_t>(address >> 64U));
    out.u64(static_cast<std::uint64_t>(address));
}

Ipv6 read_address(ByteReader& in) {
    const Ipv6 high = in.u64();
    return high << 64U | in.u64();
}

}  // namespace

std::vector<std::uint8_t> write_served(const AnchoredPayloads& served, const std::optional<HeldChange>& held,
                                       std::int64_t last_id) {
    ByteWriter out(served.set.vrps.size() * 26 + 4096);
    out.u8(kLayout);
    out.varint(static_cast<std::uint64_t>(last_id));
    out.text(held ? json_text(*held) : std::string());
    out.varint(served.anchor_names.size());
    for (const std::string& name : served.anchor_names)
        out.text(name);
    out.varint(served.set.vrps.size());
    for (std::size_t i = 0; i < served.set.vrps.size(); ++i) {
        const Vrp& vrp = served.set.vrps[i];
        write_addresses(out, vrp.address);
        out.u32(vrp.as);
        out.u8(vrp.length);
        out.u8(vrp.max_length);
        out.u8(vrp.v6 ? 1 : 0);
        out.u16(served.vrp_anchors[i]);
    }
    out.varint(served.set.aspas.size());
    for (std::size_t i = 0; i < served.set.aspas.size(); ++i) {
        const Aspa& aspa = served.set.aspas[i];
        out.u16(served.aspa_anchors[i]);
        out.u32(aspa.customer);
        out.varint(aspa.providers.size());
        for (const Asn provider : aspa.providers)
            out.u32(provider);
    }
    out.varint(served.set.router_keys.size());
    for (std::size_t i = 0; i < served.set.router_keys.size(); ++i) {
        const RouterKey& key = served.set.router_keys[i];
        out.u16(served.key_anchors[i]);
        out.u32(key.as.low);
        out.u32(key.as.high);
        out.bytes(key.key_id);
        out.text(as_text(key.key_info));
    }
    return std::move(out).take();
}

Result<ServedBefore> parse_served(ByteSpan octets) {
    ByteReader in(octets);
    ServedBefore out;
    const auto damaged = [] { return fail(ErrorCode::corrupt, "is not what the guard kept"); };
    const std::uint8_t layout = in.u8();
    if (layout == 0 || layout > kLayout) return damaged();
    if (layout > 1) out.last_id = static_cast<std::int64_t>(in.varint());
    if (const std::string_view held = in.text(); !held.empty()) {
        auto value = parse_json(held);
        if (!value) return damaged();
        out.held = TRY(read<HeldChange>(*value));
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left)
        out.served.anchor_names.emplace_back(in.text());
    const auto read_anchor = [&](std::vector<std::uint16_t>& into) {
        into.push_back(in.u16());
        return into.back() < out.served.anchor_names.size();
    };
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
        Vrp vrp;
        vrp.address = read_address(in);
        vrp.as = in.u32();
        vrp.length = in.u8();
        vrp.max_length = in.u8();
        vrp.v6 = in.u8() != 0;
        if (!read_anchor(out.served.vrp_anchors)) return damaged();
        out.served.set.vrps.push_back(vrp);
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
        if (!read_anchor(out.served.aspa_anchors)) return damaged();
        Aspa aspa{.customer = in.u32(), .providers = {}};
        for (std::uint64_t providers = in.varint(); providers > 0 && in.ok(); --providers)
            aspa.providers.push_back(in.u32());
        out.served.set.aspas.push_back(std::move(aspa));
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
        if (!read_anchor(out.served.key_anchors)) return damaged();
        RouterKey key;
        key.as.low = in.u32();
        key.as.high = in.u32();
        if (const ByteSpan id = in.bytes(key.key_id.size()); in.ok()) std::ranges::copy(id, key.key_id.begin());
        const ByteSpan info = as_bytes(in.text());
        key.key_info.assign(info.begin(), info.end());
        out.served.set.router_keys.push_back(std::move(key));
    }
    if (!in.ok() || !in.at_end() || !std::ranges::is_sorted(out.served.set.vrps)) return damaged();
    return out;
}

Result<ServedFile> ServedFile::open(const std::string& path) {
    return ServedFile(TRY(Pack::open(path)));
}

Result<void> ServedFile::keep(const AnchoredPayloads& served, const std::optional<HeldChange>& held,
                              std::int64_t last_id) {
    TRY(pack_->put(kKey, write_served(served, held, last_id)));
    TRY(pack_->commit({}));
    if (pack_->is_wasteful()) TRY(pack_->compact());
    return {};
}

Result<std::optional<ServedBefore>> ServedFile::load() const {
    std::vector<std::uint8_t> octets;
    if (!pack_->read(kKey, std::numeric_limits<std::size_t>::max(), octets)) return std::optional<ServedBefore>();
    return TRY(parse_served(octets));
}

}  // namespace quipu::rpki
