#include "services/rpki/rtr/delta.h"

#include <algorithm>
#include <iterator>

#include "services/rpki/rtr/codec_rtr.h"

namespace quipu::rpki::rtr {
namespace {

constexpr std::size_t kMostProviders = (kLongestPdu - kHeaderSize - 4) / 4;
constexpr std::size_t kLongestKeyInfo = kLongestPdu - kHeaderSize - 24;
constexpr Asn kMostAsesOfKey = 256;

template <class T>
std::vector<T> without(const std::vector<T>& a, const std::vector<T>& b) {
    std::vector<T> out;
    std::ranges::set_difference(a, b, std::back_inserter(out));
    return out;
}
template <class T>
std::vector<T> both(const std::vector<T>& a, const std::vector<T>& b) {
    std::vector<T> out;
    out.reserve(a.size() + b.size());
    std::ranges::set_union(a, b, std::back_inserter(out));
    return out;
}

template <class T>
Result<std::vector<T>> changed(const std::vector<T>& set, const std::vector<T>& announced,
                               const std::vector<T>& withdrawn, std::string_view what) {
    std::vector<T> left = withdrawn.empty() ? set : without(set, withdrawn);
    if (left.size() + withdrawn.size() != set.size())
        return fail(ErrorCode::corrupt, "a delta withdraws what is not there", std::string(what));
    if (announced.empty()) return left;
    const std::size_t before = left.size();
    left = both(left, announced);
    if (left.size() != before + announced.size())
        return fail(ErrorCode::corrupt, "a delta announces what is there", std::string(what));
    return left;
}

/// Walks two lists sorted by customer: `each(a, b)`, where one of them may be nullptr.
template <class A, class B, class F>
void by_customer(const std::vector<A>& a, const std::vector<B>& b, F each) {
    auto i = a.begin();
    auto j = b.begin();
    while (i != a.end() || j != b.end()) {
        const bool take_a = j == b.end() || (i != a.end() && i->customer <= j->customer);
        const bool take_b = i == a.end() || (j != b.end() && j->customer <= i->customer);
        each(take_a ? &*i : nullptr, take_b ? &*j : nullptr);
        if (take_a) ++i;
        if (take_b) ++j;
    }
}

}  // namespace

Delta difference(const PayloadSet& from, const PayloadSet& to) {
    Delta out{.announced = without(to.vrps, from.vrps),
              .withdrawn = without(from.vrps, to.vrps),
              .keys_announced = without(to.router_keys, from.router_keys),
              .keys_withdrawn = without(from.router_keys, to.router_keys),
              .aspas = {}};
    by_customer(from.aspas, to.aspas, [&](const Aspa* before, const Aspa* after) {
        if (before != nullptr && after != nullptr && before->providers == after->providers) return;
        out.aspas.push_back({before != nullptr ? before->customer : after->customer,
                             before != nullptr ? before->providers : std::vector<Asn>(),
                             after != nullptr ? after->providers : std::vector<Asn>()});
    });
    return out;
}

Delta join(const Delta& first, const Delta& then) {
    Delta out{.announced = both(without(first.announced, then.withdrawn), without(then.announced, first.withdrawn)),
              .withdrawn = both(without(first.withdrawn, then.announced), without(then.withdrawn, first.announced)),
              .keys_announced = both(without(first.keys_announced, then.keys_withdrawn),
                                     without(then.keys_announced, first.keys_withdrawn)),
              .keys_withdrawn = both(without(first.keys_withdrawn, then.keys_announced),
                                     without(then.keys_withdrawn, first.keys_announced)),
              .aspas = {}};
    by_customer(first.aspas, then.aspas, [&](const AspaChange* a, const AspaChange* b) {
        AspaChange change{a != nullptr ? a->customer : b->customer, a != nullptr ? a->before : b->before,
                          b != nullptr ? b->after : a->after};
        if (change.before != change.after) out.aspas.push_back(std::move(change));
    });
    return out;
}

Delta inverse(Delta delta) {
    std::swap(delta.announced, delta.withdrawn);
    std::swap(delta.keys_announced, delta.keys_withdrawn);
    for (AspaChange& change : delta.aspas)
        std::swap(change.before, change.after);
    return delta;
}

Result<PayloadSet> apply(const PayloadSet& set, const Delta& delta) {
    PayloadSet out {
        .vrps = TRY(changed(set.vrps, delta.announced, delta.withdrawn, "VRPs"))
        , .aspas = {},
            .router_keys = TRY(changed(set.router_keys, delta.keys_announced, delta.keys_withdrawn, "router keys"))
    };
    bool fits = true;
    out.aspas.reserve(set.aspas.size() + delta.aspas.size());
    by_customer(set.aspas, delta.aspas, [&](const Aspa* before, const AspaChange* change) {
        if (change == nullptr) {
            out.aspas.push_back(*before);
            return;
        }
        fits = fits && change->before == (before != nullptr ? before->providers : std::vector<Asn>());
        if (!change->after.empty()) out.aspas.push_back({change->customer, change->after});
    });
    if (!fits) return fail(ErrorCode::corrupt, "a delta changes other providers than are there", "ASPAs");
    return out;
}

PayloadSet for_routers(PayloadSet set, std::size_t& left_out) {
    if (std::ranges::adjacent_find(set.vrps, std::greater_equal<>()) != set.vrps.end()) {
        std::ranges::sort(set.vrps);
        set.vrps.erase(std::ranges::unique(set.vrps).begin(), set.vrps.end());
    }
    std::erase_if(set.aspas, [&](Aspa& aspa) {
        auto& providers = aspa.providers;
        if (providers.size() > 1 && providers.front() == 0) providers.erase(providers.begin());
        // A part of the list would make valid paths invalid; no list leaves them unknown.
        const bool bad = providers.empty() || providers.size() > kMostProviders;
        if (bad) ++left_out;
        return bad;
    });
    std::vector<RouterKey> keys;
    for (RouterKey& key : set.router_keys) {
        if (key.as.high < key.as.low || key.as.high - key.as.low >= kMostAsesOfKey ||
            key.key_info.size() > kLongestKeyInfo) {
            ++left_out;
            continue;
        }
        for (Asn count = key.as.high - key.as.low + 1, as = key.as.low; count > 0; --count, ++as)
            keys.push_back({.as = {as, as}, .key_id = key.key_id, .key_info = key.key_info});
    }
    std::ranges::sort(keys);
    keys.erase(std::ranges::unique(keys).begin(), keys.end());
    set.router_keys = std::move(keys);
    return set;
}

}  // namespace quipu::rpki::rtr
