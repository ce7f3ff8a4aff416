#include "app/run_rpki.h"

#include <filesystem>
#include <fmt/format.h>

#include "agent/files.h"
#include "registry/registry.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/origin/members.h"

namespace quipu::app {
namespace {

constexpr std::int64_t kValidity = std::int64_t{30} * 86'400;  // s, each way
constexpr rpki::Asn kStranger = 64511;                         // RFC 5398: for documentation

std::string folder_of(const std::string& data_folder) {
    return data_folder + "/rpki-demonstration";
}

/// The member's AS number, or that of whom it is connected through.
std::optional<rpki::Asn> as_of(const registry::Picture& picture, const rpki::Members& members, std::string id) {
    for (int steps = 0; steps < 16 && !id.empty(); ++steps) {
        if (const auto* member = members.find(id); member != nullptr && !member->as_numbers.empty())
            return member->as_numbers.front();
        const auto* organisation = picture.find<registry::Organisation>(id);
        if (organisation == nullptr) break;
        id = organisation->object.parent.value_or("");
    }
    return std::nullopt;
}

/// The first prefix inside, as long as what is announced at most: /24 or /48.
net::Prefix inside(const net::Prefix& prefix) {
    const int longest = prefix.address().is_v6() ? 48 : 24;
    return *net::Prefix::create(prefix.address(), std::max(longest, prefix.length()));
}

struct Demonstration {
    std::vector<rpki::LabHolder> holders;
    std::string routes;
};

/// By the order of the members: the first has a ROA that is too loose, the second announces more than its ROA allows,
/// the third's prefix is announced by a stranger, the last has no ROA.
Demonstration demonstration_of(const registry::Picture& picture) {
    Demonstration out;
    const rpki::Members members(picture);
    std::vector<const rpki::Members::Member*> with_prefixes;
    for (const auto& member : members.all())
        if (!member.prefixes.empty() && as_of(picture, members, member.id)) with_prefixes.push_back(&member);
    const auto announce = [&](const net::Prefix& prefix, rpki::Asn as) {
        out.routes += fmt::format("{} => AS{}\n", prefix.text(), as);
    };
    for (std::size_t i = 0; i < with_prefixes.size(); ++i) {
        const auto& member = *with_prefixes[i];
        const rpki::Asn as = *as_of(picture, members, member.id);
        rpki::LabHolder holder{.name = member.id, .prefixes = member.prefixes, .as_numbers = member.as_numbers};
        for (const net::Prefix& prefix : member.prefixes) {
            announce(prefix, as);
            if (i > 0 && i + 1 == with_prefixes.size()) continue;
            const bool loose = i == 0 && &prefix == &member.prefixes.front();
            holder.payloads.push_back({as, prefix, loose ? inside(prefix).length() : prefix.length()});
        }
        if (i == 1) announce(inside(member.prefixes.front()), as);
        if (i == 2) announce(inside(member.prefixes.front()), kStranger);
        out.holders.push_back(std::move(holder));
    }
    return out;
}

}  // namespace

std::string rpki_demonstration_section(const std::string& data_folder) {
    const std::string folder = folder_of(data_folder);
    return fmt::format(
        "[rpki]\ntals = {:?}\noffline = {:?}\nroutes = [{:?}]\ninterval = \"1m\"\n"
        "[rpki.rtr]\nlisten = [\"127.0.0.1:0\"]\n",
        folder + "/tals", folder + "/cache", folder + "/routes.txt");
}

Result<void> prepare_rpki_demonstration(const std::string& data_folder) {
    for (const char* name : {"/cache", "/tals"}) {
        std::error_code fault;
        std::filesystem::create_directories(folder_of(data_folder) + name, fault);
        if (fault) return fail(ErrorCode::io, "the folder can't be made: " + fault.message(), folder_of(data_folder));
    }
    return {};
}

Result<void> write_rpki_demonstration(platform::Hub& hub, const std::string& data_folder) {
    platform::House& house = hub.house();
    const auto registry = TRY(registry::Registry::open(house.database, house.journal, house.clock));
    Demonstration made = demonstration_of(*registry->now());
    if (made.holders.empty()) return {};
    const std::int64_t now = unix_seconds(house.clock.now());
    TRY(rpki::write_lab({.folder = folder_of(data_folder),
                         .time = now,
                         .validity = kValidity,
                         .number = static_cast<std::uint64_t>(now),
                         .holders = std::move(made.holders),
                         .anchor = "demonstration"}));
    return agent::write_file(
        folder_of(data_folder) + "/routes.txt",
        "# Made by quipu run: who would announce the registry's prefixes. Not what is announced.\n" + made.routes,
        0644);
}

}  // namespace quipu::app
