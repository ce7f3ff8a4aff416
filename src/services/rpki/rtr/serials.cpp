#include "services/rpki/rtr/serials.h"

#include <algorithm>

#include "base/log.h"

namespace quipu::rpki::rtr {
namespace {

constexpr LogEvent kSerialsLost{LogLevel::error, "RPKI_RTR_SERIALS_LOST",
                                "What the database holds of the RTR serials contradicts itself; a new session begins",
                                "Routers load the whole set once. See whether the database was restored or edited."};
/// Deltas that are kept beyond the history, so that the base is not written with each of them.
constexpr std::uint64_t kSlack = 16;

}  // namespace

Result<Served> Serials::load() {
    Position position;
    Time confirmed{};
    TRY(database_.read([&](data::Transaction& transaction) -> Result<void> {
        const Store store(transaction);
        const auto state = TRY(store.state());
        if (!state) return {};
        position = TRY(follow(store, *state, std::nullopt, state->number));
        confirmed = state->confirmed;
        return {};
    }));
    if (!position.set) return Served{};
    return serve(std::move(position), confirmed);
}

Result<Served> Serials::publish(PayloadSet set, Time now) {
    const auto shared = std::make_shared<const PayloadSet>(std::move(set));
    const std::vector<std::uint8_t> pdus = canonical(*shared);
    const Sha256 digest = sha256(pdus);
    Position position;
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        Store store(transaction);
        auto placed = place(store, shared, digest, pdus, now);
        if (!placed && placed.error().code == ErrorCode::corrupt) {
            log(kSerialsLost, {{"error", placed.error().text()}});
            placed = begin(store, shared, digest, pdus, now);
        }
        position = TRY(std::move(placed));
        return {};
    }));
    return serve(std::move(position), now);
}

Result<Serials::Position> Serials::place(Store& store, const std::shared_ptr<const PayloadSet>& set,
                                         const Sha256& digest, ByteSpan pdus, Time now) {
    const auto state = TRY(store.state());
    if (!state) return begin(store, set, digest, pdus, now);
    // A database that was restored may be behind what this cache knows.
    std::optional<Position> known;
    if (own_ && own_->session == state->session && own_->number >= state->base && own_->number <= state->number)
        known = own_;

    if (digest == state->digest) {
        TRY(store.confirm(now));
        return follow(store, *state, known, state->number);
    }
    if (known && known->digest == digest) return *known;
    if (!known || known->number < state->number) {
        // Another cache was here before. Its way is followed; who has seen its end and is back where it was before has
        // news.
        if (const auto number = TRY(store.number_of(digest, known ? known->number : state->base)))
            return follow(store, *state, known, *number);
        if (!known && digest == state->base_digest) return follow(store, *state, known, state->base);
    }
    Position position = TRY(follow(store, *state, known, state->number));
    auto delta = std::make_shared<const Delta>(difference(*position.set, *set));
    ByteWriter out;
    write_delta(out, kHighestVersion, *delta);
    position.number = state->number + 1;
    position.digest = digest;
    position.set = set;
    step(position, std::move(delta));
    TRY(store.append({position.number, digest, pack(out.span())}, now));
    TRY(shorten(store, *state, position));
    return position;
}

Result<Serials::Position> Serials::begin(Store& store, const std::shared_ptr<const PayloadSet>& set,
                                         const Sha256& digest, ByteSpan pdus, Time now) {
    // No session of any version may be one that a router knows: their upper octet tells them apart.
    const auto before = TRY(store.state());
    const unsigned last = (own_ ? own_->session : before ? before->session : 0U) >> 8U;
    const std::uint64_t upper = (last + 1 + rng_.below(255)) & 0xffU;
    Position out{.session = static_cast<std::uint16_t>((upper << 8U) | rng_.below(0xfe)),
                 .number = 1,
                 .digest = digest,
                 .set = set,
                 .steps = {}};
    TRY(store.begin({out.session, out.number, digest, now, out.number, digest}, pack(pdus)));
    return out;
}

Result<Serials::Position> Serials::follow(const Store& store, const StoredState& state,
                                          const std::optional<Position>& known, std::uint64_t to) const {
    Position out;
    if (known) {
        out = *known;
    } else {
        out.session = state.session;
        out.number = state.base;
        out.digest = state.base_digest;
        const data::Blob base = TRY(store.base());
        out.set = std::make_shared<const PayloadSet>(TRY(parse_set(TRY(unpack(base)))));
    }
    if (out.number == to && known) return out;
    for (const StoredDelta& stored : TRY(store.deltas(out.number, to))) {
        auto delta = std::make_shared<const Delta>(TRY(parse_delta(TRY(unpack(stored.pdus)), *out.set)));
        out.set = std::make_shared<const PayloadSet>(TRY(apply(*out.set, *delta)));
        out.number = stored.number;
        out.digest = stored.digest;
        step(out, std::move(delta));
    }
    if (out.number != to || sha256(canonical(*out.set)) != out.digest)
        return fail(ErrorCode::corrupt, "the deltas do not lead to the set that they should", "rpki_rtr_deltas");
    return out;
}

void Serials::step(Position& position, std::shared_ptr<const Delta> delta) const {
    position.steps.push_back(std::move(delta));
    if (position.steps.size() > history_) position.steps.erase(position.steps.begin());
}

Result<void> Serials::shorten(Store& store, const StoredState& state, const Position& position) const {
    if (position.number - state.base <= 2 * history_ + kSlack) return {};
    Delta all;
    for (const auto& delta : position.steps)
        all = join(all, *delta);
    const PayloadSet base = TRY(apply(*position.set, inverse(std::move(all))));
    const std::vector<std::uint8_t> pdus = canonical(base);
    return store.move_base(position.number - position.steps.size(), sha256(pdus), pack(pdus));
}

Served Serials::serve(Position position, Time confirmed) {
    const bool same = own_ && served_ && own_->session == position.session && own_->number == position.number;
    if (!same)
        served_ = std::make_shared<const Snapshot>(position.session, position.number, position.set, position.steps,
                                                   intervals_);
    own_ = std::move(position);
    return {served_, confirmed};
}

}  // namespace quipu::rpki::rtr
