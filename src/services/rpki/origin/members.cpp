#include "services/rpki/origin/members.h"

#include <algorithm>

#include "services/rpki/origin/validity.h"

namespace quipu::rpki {

Members::Members(const registry::Picture& picture) {
    std::map<std::string, Member, std::less<>> by_id;
    const auto member = [&](const std::string& organisation) -> Member& {
        Member& of = by_id[organisation];
        if (of.id.empty()) {
            of.id = organisation;
            const auto* entry = picture.find<registry::Organisation>(organisation);
            of.name = entry == nullptr ? organisation : entry->object.name;
        }
        return of;
    };
    for (const auto& entry : picture.resources(registry::Kind::prefixes))
        if (const auto prefix = net::Prefix::parse(entry.object.value))
            member(entry.object.organisation).prefixes.push_back(*prefix);
    for (const auto& entry : picture.resources(registry::Kind::as_numbers))
        if (const auto as = parse_asn(entry.object.value)) member(entry.object.organisation).as_numbers.push_back(*as);
    for (auto& [id, of] : by_id)
        members_.push_back(std::move(of));
    index();
}

Members::Members(std::vector<Member> members) : members_(std::move(members)) {
    index();
}

void Members::index() {
    std::ranges::sort(members_, {}, &Member::id);
    for (std::uint32_t i = 0; i < members_.size(); ++i) {
        std::ranges::sort(members_[i].prefixes);
        std::ranges::sort(members_[i].as_numbers);
        for (const net::Prefix& prefix : members_[i].prefixes)
            by_prefix_.insert(prefix, i);
        for (const Asn as : members_[i].as_numbers)
            by_as_.emplace(as, i);
    }
}

const Members::Member* Members::find(std::string_view id) const {
    const auto at = std::ranges::lower_bound(members_, id, {}, &Member::id);
    return at != members_.end() && at->id == id ? &*at : nullptr;
}

const Members::Member* Members::holder_of(const net::Prefix& prefix) const {
    if (by_prefix_.empty()) return nullptr;
    const auto around = by_prefix_.covering(prefix);
    return around.empty() ? nullptr : &members_[around.back().value];
}

const Members::Member* Members::holder_of(Asn as) const {
    const auto at = by_as_.find(as);
    return at == by_as_.end() ? nullptr : &members_[at->second];
}

void Members::for_each_concerned(const net::Prefix& prefix, std::optional<Asn> as,
                                 const std::function<void(const Member&)>& each) const {
    const Member* by_prefix = holder_of(prefix);
    const Member* by_as = as ? holder_of(*as) : nullptr;
    if (by_prefix != nullptr) each(*by_prefix);
    if (by_as != nullptr && by_as != by_prefix) each(*by_as);
}

}  // namespace quipu::rpki
