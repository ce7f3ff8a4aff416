#include "agent/engine_roster.h"

#include <algorithm>

namespace quipu::agent {

void Roster::load(const std::vector<AgentInfo>& agents, const std::vector<CertificateRow>& certificates,
                  std::int64_t first_revision) {
    revision_ = first_revision;
    for (const AgentInfo& agent : agents)
        agents_[agent.id].info = agent;
    for (const CertificateRow& row : certificates)
        certificates_[row.serial] = {row.agent, row.revoked};
}

Result<std::string> Roster::agent_of(std::string_view serial) const {
    const auto it = certificates_.find(serial);
    if (it == certificates_.end())
        return fail(ErrorCode::unauthenticated, "this certificate is not one of this hub's", "client certificate",
                    "enrol again with a ticket: quipu agents ticket SITE");
    if (it->second.second)
        return fail(ErrorCode::forbidden, "the certificate of agent " + it->second.first + " has been revoked",
                    "client certificate", "ask the network's operators for a new ticket");
    return it->second.first;
}

void Roster::enrol(std::string_view agent, std::string_view serial, Time now) {
    AgentInfo& info = agents_[std::string(agent)].info;
    info.id = agent;
    info.revoked = false;
    info.enrolled = now;
    info.seen = now;
    add_certificate(agent, serial);
}

void Roster::add_certificate(std::string_view agent, std::string_view serial) {
    certificates_[std::string(serial)] = {std::string(agent), false};
}

void Roster::revoke(std::string_view agent) {
    for (auto& [serial, owner] : certificates_)
        if (owner.first == agent) owner.second = true;
    if (const auto it = agents_.find(agent); it != agents_.end()) {
        it->second.info.revoked = true;
        it->second.info.connected = false;
    }
}

Roster::Heard Roster::heard(std::string_view agent, std::string address, PollRequest said, Time now) {
    const auto it = agents_.find(agent);
    if (it == agents_.end()) return {};
    AgentInfo& info = it->second.info;
    const Heard result{.connected = !info.connected,
                       .changed = info.facts != said.facts || info.version != said.version ||
                                  info.started != said.started || info.address != address};
    info.connected = true;
    info.seen = now;
    info.address = std::move(address);
    info.version = std::move(said.version);
    info.started = said.started;
    info.facts = std::move(said.facts);
    return result;
}

void Roster::touch(std::string_view agent, Time now) {
    if (const auto it = agents_.find(agent); it != agents_.end())
        it->second.info.seen = std::max(it->second.info.seen, now);
}

std::vector<std::string> Roster::expire(Time now) {
    std::vector<std::string> lost;
    for (auto& [id, entry] : agents_) {
        // A clock that was stepped back must not keep a dead agent alive for as long as the step.
        if (entry.info.seen > now) entry.info.seen = now;
        if (!entry.info.connected || now - entry.info.seen < kLostAfter) continue;
        entry.info.connected = false;
        lost.push_back(id);
    }
    return lost;
}

bool Roster::reassign(const std::map<std::string, Agents::Assign>& parts, bool complete) {
    bool any = false;
    for (auto& [id, entry] : agents_) {
        Value work{Value::Object{}};
        for (const auto& [name, assign] : parts) {
            if (auto assignment = assign(entry.info)) work.set(name, std::move(*assignment));
        }
        if (const Value::Object* facts = complete ? entry.info.facts.if_object() : nullptr)
            for (const auto& [name, unused] : *facts)
                if (!parts.contains(name)) work.set(name, Value());
        if (entry.work.revision != 0 && entry.work.parts == work) continue;
        entry.work = {.revision = ++revision_, .parts = std::move(work)};
        any = true;
    }
    return any;
}

Assignments Roster::assignments(std::string_view agent) const {
    const auto it = agents_.find(agent);
    return it == agents_.end() ? Assignments{} : it->second.work;
}

std::vector<AgentInfo> Roster::agents() const {
    std::vector<AgentInfo> out;
    for (const auto& [id, entry] : agents_)
        out.push_back(entry.info);
    return out;
}

const AgentInfo* Roster::find(std::string_view agent) const {
    const auto it = agents_.find(agent);
    return it == agents_.end() ? nullptr : &it->second.info;
}

}  // namespace quipu::agent
