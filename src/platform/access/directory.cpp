#include "platform/access/directory.h"

#include <algorithm>

namespace quipu::access {

std::shared_ptr<const Person> Directory::person_of(Account account,
                                                   const std::shared_ptr<const OrganisationTree>& tree) {
    // Who is not active holds what everybody holds who is known; whether they come in at all is the gatekeeper's
    // matter.
    auto grants = grants_of(account.state == AccountState::active ? account.roles : std::vector<RoleGrant>(), tree);
    return std::make_shared<const Person>(Person{std::move(account), std::move(grants)});
}

std::shared_ptr<const Person> Directory::person(std::string_view id) const {
    const auto people = people_.load();
    const auto found = people->by_id.find(id);
    return found == people->by_id.end() ? nullptr : found->second;
}

void Directory::fill(std::vector<Account> accounts) {
    changing_.with([&](int&) {
        auto next = std::make_shared<People>();
        next->tree = people_.load()->tree;
        for (Account& account : accounts) {
            std::string id = account.id;
            next->by_id[std::move(id)] = person_of(std::move(account), next->tree);
        }
        people_.store(std::move(next));
    });
}

void Directory::put(Account account) {
    const std::string id = account.id;
    changing_.with([&](int&) {
        auto next = std::make_shared<People>(*people_.load());
        auto& place = next->by_id[id];
        if (place != nullptr && place->account.version > account.version) return;
        place = person_of(std::move(account), next->tree);
        people_.store(std::move(next));
    });
    refresh_streams(id);
}

void Directory::use_tree(std::shared_ptr<const OrganisationTree> tree) {
    changing_.with([&](int&) {
        auto next = std::make_shared<People>();
        next->tree = std::move(tree);
        for (const auto& [id, person] : people_.load()->by_id)
            next->by_id.emplace(id, person_of(person->account, next->tree));
        people_.store(std::move(next));
    });
}

void Directory::refresh_streams(std::string_view account) {
    for (const auto& opening : openings())
        if (opening->account == account)
            opening->ended.exchange(std::make_shared<std::atomic<bool>>(false))->store(true);
}

void Directory::open(std::shared_ptr<Opening> opening) {
    openings_.with([&](Openings& all) {
        all.by_hash[opening->hash] = opening;
        all.by_id[opening->id] = std::move(opening);
    });
}

std::shared_ptr<Opening> Directory::find(std::string_view hash) const {
    return openings_.with([&](const Openings& all) -> std::shared_ptr<Opening> {
        const auto found = all.by_hash.find(std::string(hash));
        return found == all.by_hash.end() ? nullptr : found->second;
    });
}

std::shared_ptr<Opening> Directory::by_id(std::string_view id) const {
    return openings_.with([&](const Openings& all) -> std::shared_ptr<Opening> {
        const auto found = all.by_id.find(std::string(id));
        return found == all.by_id.end() ? nullptr : found->second;
    });
}

bool Directory::close(std::string_view id) {
    std::shared_ptr<Opening> closed;
    openings_.with([&](Openings& all) {
        const auto found = all.by_id.find(std::string(id));
        if (found == all.by_id.end()) return;
        closed = found->second;
        all.by_hash.erase(closed->hash);
        all.by_id.erase(found);
    });
    if (closed == nullptr) return false;
    closed->ended.load()->store(true);
    return true;
}

std::vector<std::shared_ptr<Opening>> Directory::openings(Opening::Kind kind, std::string_view account) const {
    std::vector<std::shared_ptr<Opening>> out;
    for (auto& opening : openings())
        if (opening->kind == kind && opening->account == account) out.push_back(std::move(opening));
    return out;
}

std::vector<std::shared_ptr<Opening>> Directory::openings() const {
    return openings_.with([](const Openings& all) {
        std::vector<std::shared_ptr<Opening>> out;
        out.reserve(all.by_id.size());
        for (const auto& [unused, opening] : all.by_id)
            out.push_back(opening);
        return out;
    });
}

void Directory::clear() {
    openings_.with([](Openings& all) { all = {}; });
}

}  // namespace quipu::access
