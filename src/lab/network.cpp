#include <fstream>
#include <iterator>
#include <set>

#include "lab/topology.h"

namespace quipu::lab {

namespace {

using registry::Link;
using registry::Site;

bool in_life(const std::optional<Date>& since, const std::optional<Date>& until, Date day) {
    return (!since || *since <= day) && (!until || day < *until);
}

template <class T>
Result<std::vector<T>> read_list(const Value& file, std::string_view key, const std::string& name) {
    const Value* list = file.find(key);
    if (list == nullptr) return std::vector<T>{};
    return read<std::vector<T>>(*list, name);
}

}  // namespace

Network only_points(Network network) {
    std::erase_if(network.sites, [](const Site& site) { return !site.pop; });
    std::set<std::string_view> points;
    for (const Site& site : network.sites)
        points.insert(site.id);
    std::erase_if(network.links,
                  [&](const Link& link) { return !points.contains(link.a) || !points.contains(link.b); });
    return network;
}

Result<Network> read_network(const std::string& file, Date day) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return fail(ErrorCode::not_found, "cannot be read", file,
                    "name a network file, such as networks/redclara-2011.toml");
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const Value value = TRY(parse_toml(text, file));
    Network network{file, {}, {}};
    const std::size_t slash = network.name.rfind('/');
    if (slash != std::string::npos) network.name.erase(0, slash + 1);
    if (network.name.ends_with(".toml")) network.name.erase(network.name.size() - 5);
    for (Site& site : TRY(read_list<Site>(value, "sites", file)))
        if (in_life(site.since, site.until, day)) network.sites.push_back(std::move(site));
    for (Link& link : TRY(read_list<Link>(value, "links", file)))
        if (link.activated && in_life(link.activated, link.retired, day)) network.links.push_back(std::move(link));
    network = only_points(std::move(network));
    const auto living = [&](std::vector<registry::Resource> list) {
        std::erase_if(list, [&](const registry::Resource& one) { return !in_life(one.since, one.until, day); });
        return list;
    };
    add_members(network, TRY(read_list<registry::Organisation>(value, "organisations", file)),
                living(TRY(read_list<registry::Resource>(value, "as_numbers", file))),
                living(TRY(read_list<registry::Resource>(value, "prefixes", file))));
    return network;
}

}  // namespace quipu::lab
