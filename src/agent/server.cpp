#include "agent/server.h"

#include <algorithm>
#include <fmt/format.h>

#include "agent/batch.h"
#include "base/log.h"
#include "events/events.h"
#include "net/tls.h"

namespace quipu::agent {
namespace {

constexpr std::chrono::days kCertificateLife{90};
// An agent is not told that a part has no work for as long as that part's service may still be starting.
constexpr Nanoseconds kServicesStart = std::chrono::minutes(1);

constexpr LogEvent kEnrolled{LogLevel::info, "AGENT_ENROLLED", "An agent has enrolled"};
constexpr LogEvent kAgentConnected{LogLevel::info, "AGENT_CONNECTED", "An agent is connected"};
constexpr LogEvent kLost{LogLevel::warning, "AGENT_LOST", "An agent has not been heard for some time",
                         "See whether it runs and reaches the hub; it keeps its records meanwhile."};
constexpr LogEvent kAgentRefused{LogLevel::warning, "AGENT_REFUSED", "An agent's request was refused",
                                 "If the agent is one of ours, give it a new ticket: quipu agents ticket SITE."};
constexpr LogEvent kNotKept{LogLevel::error, "AGENT_RECORDS_NOT_KEPT",
                            "Records of agents can't be kept now; the agents keep them and send them again",
                            "See the error; make room if the disk is full."};
constexpr LogEvent kKeptAgain{LogLevel::info, "AGENT_RECORDS_KEPT_AGAIN", "Records of agents are kept again"};
constexpr LogEvent kFailed{LogLevel::error, "AGENT_STATE_FAILED", "What was learnt of an agent could not be kept",
                           "See the error; free space if the disk is full."};

template <class T>
Result<T> read_body(const net::HttpRequest& request) {
    return read<T>(TRY(parse_json(request.body, "body")), "body");
}

void note(Result<void> done) {
    if (!done) log(kFailed, {{"error", done.error().text()}});
}

}  // namespace

Server::Server(platform::House house, net::KeyPair authority)
    : house_(std::move(house)), authority_(std::move(authority)), store_(house_.database) {
    platform::Metrics& metrics = house_.metrics;
    counters_.records = metrics.counter("quipu_agent_records_total", "Records that agents delivered");
    counters_.not_kept = metrics.counter("quipu_agent_records_not_kept_total",
                                         "Records that could not be kept when they came; their agents send them again");
    counters_.refused = metrics.counter("quipu_agent_refused_total", "Requests of agents that were refused");
    counters_.enrolments = metrics.counter("quipu_agent_enrolments_total", "Agents that enrolled");
}

Result<void> Server::load() {
    const auto agents = TRY(store_.agents());
    const auto certificates = TRY(store_.certificates());
    const auto first = std::chrono::floor<std::chrono::milliseconds>(house_.clock.now()).time_since_epoch().count();
    roster_.with([&](Roster& roster) { roster.load(agents, certificates, first); });
    invalidate();
    return {};
}

void Server::add_part(std::string name, Agents::Assign assign) {
    parts_.with([&](auto& parts) { parts[std::move(name)] = std::move(assign); });
    invalidate();
}

void Server::put(Streams& streams, std::string_view stream, Take take) {
    const auto at = std::ranges::find(streams, stream, &Streams::value_type::first);
    if (at == streams.end())
        streams.emplace_back(stream, std::move(take));
    else
        at->second = std::move(take);
}

void Server::add_stream(std::string_view stream, Take take) {
    streams_.with([&](Streams& streams) { put(streams, stream, std::move(take)); });
}

void Server::invalidate() {
    const auto parts = parts_.with([](const auto& list) { return list; });
    if (roster_.with([&](Roster& roster) { return roster.reassign(parts, complete_); })) waiters_.wake_all();
}

std::vector<AgentInfo> Server::agents() const {
    return roster_.with([](const Roster& roster) { return roster.agents(); });
}

Task<net::HttpResponse> Server::handle(net::HttpRequest& request) {
    const auto self = shared_from_this();
    Result<net::HttpResponse> answer = co_await route(request);
    if (answer) co_return std::move(*answer);
    counters_.refused->add();
    log(kAgentRefused, {{"path", request.path}, {"from", request.peer.text()}, {"reason", answer.error().text()}});
    co_return platform::problem(answer.error(), request.request_id, request.path);
}

Task<Result<net::HttpResponse>> Server::route(const net::HttpRequest& request) {
    if (request.method != net::Method::post)
        co_return fail(ErrorCode::not_found, "agents speak POST here", request.path);
    if (request.path == "/agent/v1/enrol") co_return co_await enrol(request);
    if (!request.tls_peer)
        co_return fail(ErrorCode::unauthenticated, "an agent must show its certificate", request.path,
                       "enrol first with a ticket: quipu agents ticket SITE");
    std::string agent =
        CO_TRY(roster_.with([&](const Roster& roster) { return roster.agent_of(request.tls_peer->serial); }));
    roster_.with([&](Roster& roster) { roster.touch(agent, house_.clock.now()); });
    if (request.path == "/agent/v1/poll") co_return co_await poll(request, std::move(agent));
    if (request.path == "/agent/v1/records") co_return co_await take_records(request, std::move(agent));
    if (request.path == "/agent/v1/renew") co_return co_await renew(request, std::move(agent));
    co_return fail(ErrorCode::not_found, "no such route", request.path);
}

Task<Result<net::HttpResponse>> Server::enrol(const net::HttpRequest& request) {
    const EnrolRequest wanted = CO_TRY(read_body<EnrolRequest>(request));
    const auto issued = co_await net::EventLoop::current()->blocking(
        [this, &wanted] { return sign(wanted.agent, wanted.request, wanted.secret); });
    const CertificateReply reply = CO_TRY(issued);
    counters_.enrolments->add();
    log(kEnrolled, {{"agent", wanted.agent}, {"from", request.peer.text()}});
    invalidate();
    co_return net::HttpResponse::json(200, json_text(reply));
}

Task<Result<net::HttpResponse>> Server::renew(const net::HttpRequest& request, std::string agent) {
    const RenewRequest wanted = CO_TRY(read_body<RenewRequest>(request));
    const auto issued = co_await net::EventLoop::current()->blocking(
        [this, &wanted, &agent] { return sign(agent, wanted.request, {}); });
    const CertificateReply reply = CO_TRY(issued);
    co_return net::HttpResponse::json(200, json_text(reply));
}

/// With a secret this is an enrolment, without one the renewal of an agent that has shown its certificate.
Result<CertificateReply> Server::sign(std::string_view agent, std::string_view request, std::string_view secret) {
    const Time now = house_.clock.now();
    const auto certificate = TRY(net::pki::sign_client(authority_, request, agent, now, kCertificateLife));
    TRY(house_.database.write([&](data::Transaction& transaction) -> Result<void> {
        if (!secret.empty()) {
            if (!TRY(Store::take_ticket(transaction, agent, net::sha256_hex(secret), now)))
                return fail(ErrorCode::unauthenticated, "this ticket is not good: it was used, replaced or is too old",
                            std::string(agent), "make a new one with: quipu agents ticket SITE");
            TRY(Store::put_agent(transaction, agent, now));
            events::AgentEnrolled event;
            event.agent = agent;
            TRY(house_.journal.append(transaction, fmt::format("agent:{}", agent), event,
                                      fmt::format("agent:{}", agent)));
        }
        return Store::put_certificate(transaction, certificate.serial, agent, certificate.not_after);
    }));
    roster_.with([&](Roster& roster) {
        if (secret.empty())
            roster.add_certificate(agent, certificate.serial);
        else
            roster.enrol(agent, certificate.serial, now);
    });
    return CertificateReply{.certificate = certificate.certificate, .not_after = certificate.not_after};
}

Task<Result<net::HttpResponse>> Server::poll(const net::HttpRequest& request, std::string agent) {
    const PollRequest wanted = CO_TRY(read_body<PollRequest>(request));
    const Roster::Heard heard = roster_.with(
        [&](Roster& roster) { return roster.heard(agent, request.peer.address.text(), wanted, house_.clock.now()); });
    if (heard.connected || heard.changed) {
        note(co_await net::EventLoop::current()->blocking([this, &agent, &heard]() -> Result<void> {
            const auto info = roster_.with([&](const Roster& roster) {
                return roster.find(agent) == nullptr ? AgentInfo{} : *roster.find(agent);
            });
            TRY(store_.seen(info));
            if (!heard.connected) return {};
            log(kAgentConnected, {{"agent", agent}, {"from", info.address}});
            events::AgentConnected event;
            event.agent = agent;
            event.detail = info.address;
            return house_.journal.append("agent:" + agent, event, "agent:" + agent);
        }));
        invalidate();
    }
    const auto current = [&] { return roster_.with([&](const Roster& roster) { return roster.assignments(agent); }); };
    Assignments work = current();
    const Monotonic deadline = house_.clock.monotonic() + kPollHold;
    while (work.revision == wanted.revision && !stopping_ && house_.clock.monotonic() < deadline) {
        co_await waiters_.wait(deadline);
        work = current();
    }
    roster_.with([&](Roster& roster) { roster.touch(agent, house_.clock.now()); });
    if (work.revision == wanted.revision) co_return net::HttpResponse{.status = 304};
    co_return net::HttpResponse::json(200,
                                      json_text(PollReply{.revision = work.revision, .parts = std::move(work.parts)}));
}

Task<Result<net::HttpResponse>> Server::take_records(const net::HttpRequest& request, std::string agent) {
    const auto taken = co_await net::EventLoop::current()->blocking(
        [this, &agent, &request] { return take_batch(agent, request.body); });
    const RecordsReply reply = CO_TRY(taken);
    co_return net::HttpResponse::json(200, json_text(reply));
}

Result<RecordsReply> Server::take_batch(const std::string& agent, const std::string& body) {
    Batch batch = TRY(parse_batch(as_bytes(body)));
    const auto turn = turns_.with([&](auto& turns) {
        auto& entry = turns[agent];
        if (!entry) entry = std::make_shared<std::mutex>();
        return entry;
    });
    const std::scoped_lock lock(*turn);
    RecordsReply reply;
    const auto known = streams_.with([](const auto& streams) { return streams; });
    const auto place = [&](const BatchStream& stream) {
        return std::ranges::find(known, stream.stream, &Streams::value_type::first);
    };
    // As the services were added, whatever the agent's order; the parts of one stream stay as they came.
    std::ranges::sort(batch.streams, {}, [&](const BatchStream& stream) {
        return std::pair(place(stream) - known.begin(), stream.first_sequence);
    });
    for (const BatchStream& stream : batch.streams) {
        const auto at = place(stream);
        if (at == known.end()) {
            reply.refused[stream.stream] = "no service of this hub takes this stream";
            continue;
        }
        auto done = at->second({.agent = agent,
                                .spool = batch.spool,
                                .stream = stream.stream,
                                .first_sequence = stream.first_sequence,
                                .payloads = stream.payloads});
        if (!done) {
            // What this stream's service can't keep now must not hold up the others; the agent keeps it and tries
            // again.
            reply.refused[stream.stream] = done.error().text();
            counters_.not_kept->add(stream.payloads.size());
            if (not_kept_.with([&](auto& streams) { return streams.insert(stream.stream).second; }))
                log(kNotKept, {{"stream", stream.stream}, {"agent", agent}, {"error", done.error().text()}});
            continue;
        }
        counters_.records->add(stream.payloads.size());
        if (not_kept_.with([&](auto& streams) { return streams.erase(stream.stream) != 0; }))
            log(kKeptAgain, {{"stream", stream.stream}});
        if (stream.first_sequence != 0 && !stream.payloads.empty())
            reply.kept[stream.stream] = stream.first_sequence + stream.payloads.size() - 1;
    }
    return reply;
}

Task<void> Server::clockwork() {
    const auto self = shared_from_this();
    net::EventLoop& loop = *net::EventLoop::current();
    const Monotonic began = house_.clock.monotonic();
    while (!stopping_) {
        co_await loop.sleep(std::chrono::seconds(1));
        if (!complete_ && house_.clock.monotonic() - began > kServicesStart) {
            complete_ = true;
            invalidate();
        }
        waiters_.tick(house_.clock.monotonic());
        const auto lost = roster_.with([&](Roster& roster) { return roster.expire(house_.clock.now()); });
        if (lost.empty()) continue;
        for (const std::string& agent : lost)
            log(kLost, {{"agent", agent}});
        note(co_await loop.blocking([this, &lost] {
            return house_.database.write([&](data::Transaction& transaction) -> Result<void> {
                for (const std::string& agent : lost) {
                    events::AgentLost event;
                    event.agent = agent;
                    TRY(house_.journal.append(transaction, "agent:" + agent, event));
                }
                return {};
            });
        }));
        invalidate();
    }
}

void Server::stop() {
    stopping_ = true;
    waiters_.wake_all();
}

Result<std::string> Server::make_secret(std::string_view agent, Nanoseconds life) {
    std::string secret = net::random_token(24);
    const Time until = house_.clock.now() + life;
    TRY(house_.database.write([&](data::Transaction& transaction) {
        return Store::put_ticket(transaction, agent, net::sha256_hex(secret), until);
    }));
    return secret;
}

Result<void> Server::revoke(std::string_view agent, std::string_view why) {
    TRY(house_.database.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(Store::revoke(transaction, agent));
        events::AgentRevoked event;
        event.agent = agent;
        event.detail = why;
        return house_.journal.append(transaction, fmt::format("agent:{}", agent), event, "local");
    }));
    roster_.with([&](Roster& roster) { roster.revoke(agent); });
    invalidate();
    return {};
}

}  // namespace quipu::agent
