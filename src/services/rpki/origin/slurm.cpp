#include "services/rpki/origin/slurm.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <set>

#include "net/prefix_table.h"

namespace quipu::rpki {
namespace {

/// The prefix filters of all files, ready for many VRPs.
class PrefixFilters {
  public:
    explicit PrefixFilters(std::span<const Slurm> files) {
        std::map<net::Prefix, OfPrefix> by_prefix;
        for (const Slurm& file : files)
            for (const Slurm::PrefixFilter& filter : file.prefix_filters) {
                if (!filter.prefix) {
                    as_.insert(*filter.as);
                    continue;
                }
                OfPrefix& of = by_prefix[*filter.prefix];
                if (filter.as)
                    of.as.insert(*filter.as);
                else
                    of.all = true;
            }
        for (auto& [prefix, of] : by_prefix)
            table_.insert(prefix, std::move(of));
    }
    [[nodiscard]] bool drop(const Vrp& vrp) const {
        if (as_.contains(vrp.as)) return true;
        if (table_.empty()) return false;
        return std::ranges::any_of(table_.covering(vrp.prefix()), [&](const auto& match) {
            return match.value.all || match.value.as.contains(vrp.as);
        });
    }

  private:
    struct OfPrefix {
        bool all = false;
        std::set<Asn> as;
    };
    std::set<Asn> as_;
    net::PrefixTable<OfPrefix> table_;
};

/// What filters leave of a key, whose certificate may speak for many AS numbers.
void keep_of_key(std::span<const Slurm> files, const RouterKey& key, std::vector<RouterKey>& out) {
    std::vector<Range<Asn>> left = {key.as};
    for (const Slurm& file : files)
        for (const Slurm::BgpsecFilter& filter : file.bgpsec_filters) {
            if (filter.key_id && *filter.key_id != key.key_id) continue;
            if (!filter.as) return;
            std::vector<Range<Asn>> after;
            for (const Range<Asn>& range : left) {
                if (*filter.as < range.low || range.high < *filter.as) {
                    after.push_back(range);
                    continue;
                }
                if (range.low < *filter.as) after.push_back({range.low, *filter.as - 1});
                if (*filter.as < range.high) after.push_back({*filter.as + 1, range.high});
            }
            left = std::move(after);
        }
    for (const Range<Asn>& range : left)
        out.push_back({.as = range, .key_id = key.key_id, .key_info = key.key_info});
}

template <class T>
void sort_once(std::vector<T>& list) {
    std::ranges::sort(list);
    const auto repeated = std::ranges::unique(list);
    list.erase(repeated.begin(), repeated.end());
}

std::unexpected<Error> conflict_of(const std::string& what, const Slurm& one, const Slurm& other) {
    return fail(ErrorCode::conflict, fmt::format("{} and {} both speak of {}", one.name, other.name, what), one.name,
                "let each address, AS and customer stand in one file (RFC 8416 §4.2)");
}

}  // namespace

std::size_t Slurm::filters() const {
    return prefix_filters.size() + bgpsec_filters.size() + aspa_filters.size();
}

std::size_t Slurm::assertions() const {
    return prefix_assertions.size() + bgpsec_assertions.size() + aspa_assertions.size();
}

Result<void> check_conflicts(std::span<const Slurm> files) {
    net::PrefixTable<std::size_t> prefixes;  // of the files before
    std::map<Asn, std::size_t> signers;
    std::map<Asn, std::size_t> customers;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const Slurm& file = files[i];
        std::vector<net::Prefix> own;
        for (const auto& filter : file.prefix_filters)
            if (filter.prefix) own.push_back(*filter.prefix);
        for (const auto& assertion : file.prefix_assertions)
            own.push_back(assertion.vrp.prefix());
        for (const net::Prefix& prefix : own) {
            auto met = prefixes.covering(prefix);
            if (met.empty()) met = prefixes.covered(prefix);
            if (!met.empty()) {
                const net::Prefix& common = met.front().prefix.length() > prefix.length() ? met.front().prefix : prefix;
                return conflict_of(common.text(), files[met.front().value], file);
            }
        }
        const auto claim = [&](std::map<Asn, std::size_t>& of, Asn as, std::string_view what) -> Result<void> {
            const auto [at, added] = of.emplace(as, i);
            if (!added && at->second != i)
                return conflict_of(fmt::format("{} AS{}", what, as), files[at->second], file);
            return {};
        };
        for (const auto& filter : file.bgpsec_filters)
            if (filter.as) TRY(claim(signers, *filter.as, "the router keys of"));
        for (const auto& assertion : file.bgpsec_assertions)
            TRY(claim(signers, assertion.key.as.low, "the router keys of"));
        for (const auto& filter : file.aspa_filters)
            TRY(claim(customers, filter.customer, "the providers of"));
        for (const auto& assertion : file.aspa_assertions)
            TRY(claim(customers, assertion.aspa.customer, "the providers of"));
        for (const net::Prefix& prefix : own)
            prefixes.insert(prefix, i);
    }
    return {};
}

SlurmEffect apply_slurm(std::span<const Slurm> files, PayloadSet& set) {
    SlurmEffect effect;
    const auto any = [&](auto member) {
        return std::ranges::any_of(files, [&](const Slurm& file) { return !(file.*member).empty(); });
    };
    if (any(&Slurm::prefix_filters)) {
        const PrefixFilters filters(files);
        effect.vrps_filtered = std::erase_if(set.vrps, [&](const Vrp& vrp) { return filters.drop(vrp); });
    }
    if (any(&Slurm::bgpsec_filters)) {
        std::vector<RouterKey> left;
        for (const RouterKey& key : set.router_keys) {
            const std::size_t before = left.size();
            keep_of_key(files, key, left);
            const bool whole = left.size() == before + 1 && left.back().as == key.as;
            effect.keys_filtered += whole ? 0 : 1;
        }
        set.router_keys = std::move(left);
    }
    if (any(&Slurm::aspa_filters)) {
        std::set<Asn> customers;
        for (const Slurm& file : files)
            for (const auto& filter : file.aspa_filters)
                customers.insert(filter.customer);
        effect.aspas_filtered =
            std::erase_if(set.aspas, [&](const Aspa& aspa) { return customers.contains(aspa.customer); });
    }

    for (const Slurm& file : files) {
        for (const auto& assertion : file.prefix_assertions)
            set.vrps.push_back(assertion.vrp);
        for (const auto& assertion : file.bgpsec_assertions)
            set.router_keys.push_back(assertion.key);
        for (const auto& assertion : file.aspa_assertions) {
            const Aspa& added = assertion.aspa;
            const auto at = std::ranges::lower_bound(set.aspas, added.customer, {}, &Aspa::customer);
            if (at == set.aspas.end() || at->customer != added.customer) {
                set.aspas.insert(at, added);
            } else {
                at->providers.insert(at->providers.end(), added.providers.begin(), added.providers.end());
                sort_once(at->providers);
                // AS 0 says that there is no provider: it means nothing beside one.
                if (at->providers.size() > 1) std::erase(at->providers, Asn{0});
            }
        }
        effect.vrps_added += file.prefix_assertions.size();
        effect.keys_added += file.bgpsec_assertions.size();
        effect.aspas_added += file.aspa_assertions.size();
    }
    if (effect.vrps_added > 0) sort_once(set.vrps);
    if (effect.keys_added > 0 || effect.keys_filtered > 0) sort_once(set.router_keys);
    return effect;
}

namespace {

/// The anchors of a changed list: those of the old one where its key is found, else that of what is local.
template <class T, class Key>
std::vector<std::uint16_t> anchors_after(const std::vector<T>& before, const std::vector<std::uint16_t>& anchors,
                                         const std::vector<T>& after, std::uint16_t local, Key key) {
    std::vector<std::uint16_t> out;
    out.reserve(after.size());
    for (const T& one : after) {
        const auto at = std::ranges::lower_bound(before, std::invoke(key, one), {}, key);
        const bool known = at != before.end() && std::invoke(key, *at) == std::invoke(key, one);
        out.push_back(known ? anchors[static_cast<std::size_t>(at - before.begin())] : local);
    }
    return out;
}

}  // namespace

SlurmEffect apply_slurm(std::span<const Slurm> files, AnchoredPayloads& payloads) {
    const PayloadSet before = payloads.set;
    const SlurmEffect effect = apply_slurm(files, payloads.set);
    const auto local = static_cast<std::uint16_t>(payloads.anchor_names.size());
    payloads.anchor_names.emplace_back(kLocalAnchor);
    payloads.vrp_anchors = anchors_after(before.vrps, payloads.vrp_anchors, payloads.set.vrps, local, std::identity{});
    // An ASPA that was added to is its trust anchor's still.
    payloads.aspa_anchors =
        anchors_after(before.aspas, payloads.aspa_anchors, payloads.set.aspas, local, &Aspa::customer);
    payloads.key_anchors =
        anchors_after(before.router_keys, payloads.key_anchors, payloads.set.router_keys, local, std::identity{});
    return effect;
}

// ---- the files in use

void LocalExceptions::restore(const std::map<std::string, std::string, std::less<>>& good, Time now) {
    for (const auto& [name, text] : good) {
        if (auto parsed = parse_slurm(text, name); parsed) {
            good_[name] = text;
            since_[name] = now;
        }
    }
}

bool LocalExceptions::update(std::vector<Found> found, Time now) {
    std::vector<Status> status;
    std::map<std::string, std::string, std::less<>> wanted;
    std::vector<Slurm> parsed;
    for (Found& file : found) {
        Status of{.name = file.name, .since = {}, .error = {}};
        std::optional<Slurm> now_good;
        if (!file.text) {
            of.error = file.text.error();
        } else if (auto read = parse_slurm(*file.text, file.name); read) {
            now_good = std::move(*read);
            wanted[file.name] = std::move(*file.text);
        } else {
            of.error = std::move(read.error());
        }
        if (!now_good) {
            if (const auto before = good_.find(file.name); before != good_.end()) {
                now_good = parse_slurm(before->second, file.name).value_or(Slurm{});
                wanted[file.name] = before->second;
            }
        }
        if (now_good) parsed.push_back(std::move(*now_good));
        status.push_back(std::move(of));
    }
    if (const auto fits = check_conflicts(parsed); !fits) {
        // Nothing of the new is taken; what was good before goes on, as far as it is still wanted and fits itself.
        for (Status& of : status)
            if (!of.error) of.error = fits.error();
        parsed.clear();
        for (const Found& file : found)
            if (const auto before = good_.find(file.name); before != good_.end())
                if (auto read = parse_slurm(before->second, file.name); read) parsed.push_back(std::move(*read));
        if (!check_conflicts(parsed)) parsed.clear();
        wanted.clear();
        for (const Slurm& file : parsed)
            wanted[file.name] = good_.find(file.name)->second;
    }
    const auto names_of = [](const std::vector<Slurm>& files) {
        std::vector<std::string> names;
        for (const Slurm& file : files)
            names.push_back(file.name);
        return names;
    };
    const bool changed = wanted != good_ || names_of(parsed) != names_of(in_use_);
    for (const auto& [name, text] : wanted)
        if (const auto before = good_.find(name); before == good_.end() || before->second != text) since_[name] = now;
    good_ = std::move(wanted);
    in_use_ = std::move(parsed);
    for (Status& of : status) {
        const auto used = std::ranges::find(in_use_, of.name, &Slurm::name);
        if (used == in_use_.end()) continue;
        of.since = since_[of.name];
        of.filters = used->filters();
        of.assertions = used->assertions();
    }
    status_ = std::move(status);
    return changed;
}

}  // namespace quipu::rpki
