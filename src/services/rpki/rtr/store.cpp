#include "services/rpki/rtr/store.h"

#include <algorithm>
#include <zstd.h>

#include "data/instants.h"
#include "services/rpki/rtr/snapshot.h"

namespace quipu::rpki {

const std::vector<data::Migration> kRtrMigrations = {{.name = "rpki_rtr.001.serials", .sql = R"(
CREATE TABLE rpki_rtr_state (
    id BIGINT PRIMARY KEY,
    session BIGINT NOT NULL,
    number BIGINT NOT NULL,
    digest BLOB NOT NULL,
    confirmed BIGINT NOT NULL,
    base BIGINT NOT NULL,
    base_digest BLOB NOT NULL
);
CREATE TABLE rpki_rtr_base (
    id BIGINT PRIMARY KEY,
    pdus BLOB NOT NULL
);
CREATE TABLE rpki_rtr_deltas (
    number BIGINT PRIMARY KEY,
    digest BLOB NOT NULL,
    pdus BLOB NOT NULL
);
)"}};

namespace rtr {
namespace {

constexpr unsigned long long kLargestPlain = 1ULL << 30U;
constexpr int kLevel = 3;

data::Blob blob_of(const Sha256& digest) {
    return {digest.begin(), digest.end()};
}
Result<Sha256> digest_of(const data::Blob& blob) {
    Sha256 out{};
    if (blob.size() != out.size()) return fail(ErrorCode::corrupt, "a digest of another size", "rpki_rtr_state");
    std::ranges::copy(blob, out.begin());
    return out;
}
std::int64_t column(std::uint64_t number) {
    return static_cast<std::int64_t>(number);
}

template <class F>
Result<void> each_pdu(ByteSpan pdus, F each) {
    ByteReader in(pdus);
    while (!in.at_end())
        TRY(each(TRY(parse(in))));
    return {};
}

RouterKey key_of(RouterKeyPdu& pdu) {
    return {.as = {pdu.as, pdu.as}, .key_id = pdu.key_id, .key_info = std::move(pdu.key_info)};
}

}  // namespace

std::vector<std::uint8_t> canonical(const PayloadSet& set) {
    ByteWriter out(set.vrps.size() * 24);
    write_set(out, kHighestVersion, set);
    return out.take();
}

data::Blob pack(ByteSpan pdus) {
    data::Blob out(ZSTD_compressBound(pdus.size()));
    const std::size_t size = ZSTD_compress(out.data(), out.size(), pdus.data(), pdus.size(), kLevel);
    // The bound makes room for the worst case, so only a lack of memory can be left.
    if (ZSTD_isError(size) != 0) throw std::bad_alloc();
    out.resize(size);
    return out;
}

Result<std::vector<std::uint8_t>> unpack(ByteSpan packed) {
    // The two special answers of this function are larger than any limit.
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size > kLargestPlain) return fail(ErrorCode::corrupt, "stored PDUs: not compressed as they should be");
    std::vector<std::uint8_t> out(static_cast<std::size_t>(size));
    const std::size_t got = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
    if (ZSTD_isError(got) != 0) return fail(ErrorCode::corrupt, std::string("stored PDUs: ") + ZSTD_getErrorName(got));
    out.resize(got);
    return out;
}

Result<PayloadSet> parse_set(ByteSpan pdus) {
    PayloadSet out;
    TRY(each_pdu(pdus, [&](Pdu pdu) -> Result<void> {
        if (auto* prefix = std::get_if<PrefixPdu>(&pdu.body); prefix != nullptr && prefix->announce)
            out.vrps.push_back(prefix->vrp);
        else if (auto* key = std::get_if<RouterKeyPdu>(&pdu.body); key != nullptr && key->announce)
            out.router_keys.push_back(key_of(*key));
        else if (auto* aspa = std::get_if<AspaPdu>(&pdu.body); aspa != nullptr && aspa->announce)
            out.aspas.push_back({aspa->customer, std::move(aspa->providers)});
        else
            return fail(ErrorCode::corrupt, "stored PDUs: one that is no announcement");
        return {};
    }));
    std::ranges::sort(out.vrps);
    std::ranges::sort(out.router_keys);
    std::ranges::sort(out.aspas);
    return out;
}

Result<Delta> parse_delta(ByteSpan pdus, const PayloadSet& before) {
    Delta out;
    TRY(each_pdu(pdus, [&](Pdu pdu) -> Result<void> {
        if (auto* prefix = std::get_if<PrefixPdu>(&pdu.body)) {
            (prefix->announce ? out.announced : out.withdrawn).push_back(prefix->vrp);
        } else if (auto* key = std::get_if<RouterKeyPdu>(&pdu.body)) {
            (key->announce ? out.keys_announced : out.keys_withdrawn).push_back(key_of(*key));
        } else if (auto* aspa = std::get_if<AspaPdu>(&pdu.body)) {
            const auto was = std::ranges::lower_bound(before.aspas, aspa->customer, {}, &Aspa::customer);
            const bool is_there = was != before.aspas.end() && was->customer == aspa->customer;
            out.aspas.push_back(
                {aspa->customer, is_there ? was->providers : std::vector<Asn>(), std::move(aspa->providers)});
        } else {
            return fail(ErrorCode::corrupt, "stored PDUs: one that is no payload");
        }
        return {};
    }));
    std::ranges::sort(out.announced);
    std::ranges::sort(out.withdrawn);
    std::ranges::sort(out.keys_announced);
    std::ranges::sort(out.keys_withdrawn);
    std::ranges::sort(out.aspas, {}, &AspaChange::customer);
    return out;
}

Result<std::optional<StoredState>> Store::state() const {
    const data::Rows rows = TRY(transaction_.run(
        "SELECT session, number, digest, confirmed, base, base_digest FROM rpki_rtr_state WHERE id = 1"));
    if (rows.empty()) return std::nullopt;
    return StoredState {
        .session = static_cast<std::uint16_t>(rows.integer(0, 0)),
        .number = static_cast<std::uint64_t>(rows.integer(0, 1)), .digest = TRY(digest_of(rows.blob(0, 2)))
        , .confirmed = data::time_of(rows.integer(0, 3)), .base = static_cast<std::uint64_t>(rows.integer(0, 4)),
            .base_digest = TRY(digest_of(rows.blob(0, 5)))
    };
}

Result<data::Blob> Store::base() const {
    const data::Rows rows = TRY(transaction_.run("SELECT pdus FROM rpki_rtr_base WHERE id = 1"));
    if (rows.empty()) return fail(ErrorCode::corrupt, "there is no base", "rpki_rtr_base");
    return rows.blob(0, 0);
}

Result<std::vector<StoredDelta>> Store::deltas(std::uint64_t after, std::uint64_t to) const {
    const data::Rows rows = TRY(transaction_.run(
        "SELECT number, digest, pdus FROM rpki_rtr_deltas WHERE number > ? AND number <= ? ORDER BY number",
        column(after), column(to)));
    std::vector<StoredDelta> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({
            static_cast<std::uint64_t>(rows.integer(row, 0)), TRY(digest_of(rows.blob(row, 1)))
            , rows.blob(row, 2)
        });
    return out;
}

Result<std::optional<std::uint64_t>> Store::number_of(const Sha256& digest, std::uint64_t after) const {
    const data::Rows rows = TRY(transaction_.run(
        "SELECT number FROM rpki_rtr_deltas WHERE digest = ? AND number > ? ORDER BY number DESC LIMIT 1",
        blob_of(digest), column(after)));
    if (rows.empty()) return std::nullopt;
    return static_cast<std::uint64_t>(rows.integer(0, 0));
}

Result<void> Store::begin(const StoredState& state, data::Blob base) {
    for (const std::string_view table :
         {"DELETE FROM rpki_rtr_state", "DELETE FROM rpki_rtr_base", "DELETE FROM rpki_rtr_deltas"})
        TRY(transaction_.run(table));
    TRY(transaction_.run("INSERT INTO rpki_rtr_base (id, pdus) VALUES (1, ?)", std::move(base)));
    TRY(
        transaction_.run("INSERT INTO rpki_rtr_state (id, session, number, digest, confirmed, base, base_digest) "
                         "VALUES (1, ?, ?, ?, ?, ?, ?)",
                         std::int64_t{state.session}, column(state.number), blob_of(state.digest),
                         data::count_of(state.confirmed), column(state.base), blob_of(state.base_digest)));
    return {};
}

Result<void> Store::confirm(Time time) {
    TRY(transaction_.run("UPDATE rpki_rtr_state SET confirmed = ? WHERE id = 1", data::count_of(time)));
    return {};
}

Result<void> Store::append(StoredDelta delta, Time time) {
    TRY(transaction_.run("UPDATE rpki_rtr_state SET number = ?, digest = ?, confirmed = ? WHERE id = 1",
                         column(delta.number), blob_of(delta.digest), data::count_of(time)));
    TRY(transaction_.run("INSERT INTO rpki_rtr_deltas (number, digest, pdus) VALUES (?, ?, ?)", column(delta.number),
                         blob_of(delta.digest), std::move(delta.pdus)));
    return {};
}

Result<void> Store::move_base(std::uint64_t number, const Sha256& digest, data::Blob base) {
    TRY(transaction_.run("UPDATE rpki_rtr_base SET pdus = ? WHERE id = 1", std::move(base)));
    TRY(transaction_.run("UPDATE rpki_rtr_state SET base = ?, base_digest = ? WHERE id = 1", column(number),
                         blob_of(digest)));
    TRY(transaction_.run("DELETE FROM rpki_rtr_deltas WHERE number <= ?", column(number)));
    return {};
}

}  // namespace rtr
}  // namespace quipu::rpki
