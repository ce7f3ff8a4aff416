#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_map>

#include "registry/picture_builder.h"

namespace quipu::registry {
namespace {

template <class T>
using Table = std::vector<Entry<T>>;

template <class T>
const Entry<T>* find_in(const Table<T>& table, std::string_view id) {
    const auto at =
        std::ranges::lower_bound(table, id, {}, [](const Entry<T>& e) { return std::string_view(e.object.id); });
    return at != table.end() && at->object.id == id ? &*at : nullptr;
}

struct PrefixHash {
    std::size_t operator()(const net::Prefix& prefix) const {
        std::size_t hash = static_cast<std::size_t>(prefix.length()) * 2 + (prefix.address().is_v6() ? 1 : 0);
        for (const std::uint8_t octet : prefix.address().octets())
            hash = (hash ^ octet) * 0x100000001b3U;  // FNV-1a
        return hash;
    }
};

/// Who owns which prefix: one table for all lengths, asked from the longest length that occurs to the shortest.
struct Owners {
    std::unordered_map<net::Prefix, const Resource*, PrefixHash> prefixes;
    std::vector<int> lengths_v4, lengths_v6;

    explicit Owners(const Table<Resource>& table) {
        for (const Entry<Resource>& entry : table) {
            const auto prefix = net::Prefix::parse(entry.object.value);
            if (!prefix) continue;
            prefixes.emplace(*prefix, &entry.object);
            (prefix->address().is_v6() ? lengths_v6 : lengths_v4).push_back(prefix->length());
        }
        for (std::vector<int>* lengths : {&lengths_v4, &lengths_v6}) {
            std::ranges::sort(*lengths, std::greater{});
            lengths->erase(std::ranges::unique(*lengths).begin(), lengths->end());
        }
    }

    [[nodiscard]] const Resource* of(const net::IpAddress& address) const {
        for (const int length : address.is_v6() ? lengths_v6 : lengths_v4) {
            const auto prefix = net::Prefix::create(address, length);
            if (!prefix) continue;
            if (const auto at = prefixes.find(*prefix); at != prefixes.end()) return at->second;
        }
        return nullptr;
    }
};

}  // namespace

struct Picture::Impl {
    template <class T>
    using Shared = std::shared_ptr<const Table<T>>;

    Date day{};
    bool everything = false;
    std::tuple<Shared<Organisation>, Shared<Person>, Shared<Site>, Shared<Equipment>, Shared<Link>> tables;
    std::array<Shared<Resource>, kKindCount> resources;  ///< by kind; those of other kinds are unused
    std::shared_ptr<const Owners> owners;                ///< points into resources
};

template <class T>
const std::vector<Entry<T>>& Picture::all() const {
    return *std::get<Impl::Shared<T>>(impl_->tables);
}

template <class T>
const Entry<T>* Picture::find(std::string_view id) const {
    return find_in(all<T>(), id);
}

template const std::vector<Entry<Organisation>>& Picture::all() const;
template const std::vector<Entry<Person>>& Picture::all() const;
template const std::vector<Entry<Site>>& Picture::all() const;
template const std::vector<Entry<Equipment>>& Picture::all() const;
template const std::vector<Entry<Link>>& Picture::all() const;
template const Entry<Organisation>* Picture::find(std::string_view) const;
template const Entry<Person>* Picture::find(std::string_view) const;
template const Entry<Site>* Picture::find(std::string_view) const;
template const Entry<Equipment>* Picture::find(std::string_view) const;
template const Entry<Link>* Picture::find(std::string_view) const;

const std::vector<Entry<Resource>>& Picture::resources(Kind kind) const {
    static const Table<Resource> none;
    const auto& table = impl_->resources[index_of(kind)];
    return table == nullptr ? none : *table;
}

const Entry<Resource>* Picture::find_resource(Kind kind, std::string_view id) const {
    return find_in(resources(kind), id);
}

const Entry<Organisation>* Picture::owner_of(const net::IpAddress& address) const {
    const Resource* prefix = impl_->owners->of(address);
    return prefix == nullptr ? nullptr : find<Organisation>(prefix->organisation);
}

Date Picture::day() const {
    return impl_->day;
}

std::vector<const Entry<Link>*> Picture::links_in_service() const {
    std::vector<const Entry<Link>*> out;
    for (const Entry<Link>& entry : all<Link>()) {
        const Link& link = entry.object;
        if (link.activated && *link.activated <= day() && (!link.retired || day() < *link.retired))
            out.push_back(&entry);
    }
    return out;
}

std::shared_ptr<const Picture> PictureBuilder::build(const Records& records, std::int64_t revision, Date day,
                                                     bool everything) {
    return make(nullptr, records, revision, day, everything, kAll);
}

std::shared_ptr<const Picture> PictureBuilder::rebuild(const Picture& before, const Records& records,
                                                       std::int64_t revision, const Dirty& dirty) {
    return make(&before, records, revision, before.impl_->day, before.impl_->everything, dirty);
}

std::shared_ptr<const Picture> PictureBuilder::make(const Picture* before, const Records& records,
                                                    std::int64_t revision, Date day, bool everything, Dirty dirty) {
    auto impl = std::make_shared<Picture::Impl>();
    if (before != nullptr) *impl = *before->impl_;
    impl->day = day;
    impl->everything = everything;
    const auto table_of = [&]<class T>(Kind kind, const std::function<bool(const T&)>& wanted) {
        auto table = std::make_shared<Table<T>>();
        table->reserve(records.all(kind).size());
        for (const auto& [id, chain] : records.all(kind)) {
            const Version& version = everything ? chain.back() : Records::on_day(chain, day);
            if (version.object == nullptr || !(everything || life_of(*version.object).covers(day))) continue;
            const T& object = std::get<T>(*version.object);
            if (wanted && !wanted(object)) continue;
            table->push_back({object, version.number, version.changed, version.who});
        }
        return table;
    };
    // Links follow their sites: on a day on which an end is not there, neither is the link.
    if (dirty[index_of(Kind::sites)]) dirty[index_of(Kind::links)] = true;
    for (const Kind kind : kKinds) {
        if (!dirty[index_of(kind)]) continue;
        with_type(kind, [&]<class T>() {
            if constexpr (std::same_as<T, Resource>) {
                impl->resources[index_of(kind)] = table_of.template operator()<Resource>(kind, {});
                if (kind == Kind::prefixes) impl->owners = std::make_shared<Owners>(*impl->resources[index_of(kind)]);
            } else if constexpr (std::same_as<T, Link>) {
                const Table<Site>& sites = *std::get<Picture::Impl::Shared<Site>>(impl->tables);
                std::get<Picture::Impl::Shared<Link>>(impl->tables) =
                    table_of.template operator()<Link>(kind, [&](const Link& link) {
                        return find_in(sites, link.a) != nullptr && find_in(sites, link.b) != nullptr;
                    });
            } else {
                std::get<Picture::Impl::Shared<T>>(impl->tables) = table_of.template operator()<T>(kind, {});
            }
        });
    }
    auto picture = std::make_shared<Picture>();
    picture->impl_ = std::move(impl);
    picture->revision_ = revision;
    return picture;
}

}  // namespace quipu::registry
