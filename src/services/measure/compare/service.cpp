#include "services/measure/compare/service.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"
#include "base/number.h"
#include "events/events.h"
#include "services/measure/assignment.h"
#include "services/measure/clock_journal.h"
#include "services/measure/compare/api.h"
#include "services/measure/compare/registry_map.h"
#include "services/measure/compare/store.h"

namespace quipu::compare {
namespace {

constexpr LogEvent kStrange{LogLevel::warning, "COMPARE_STRANGE", "An agent has sent a comparison that can't be used",
                            "See that agent and hub are of the same version."};
constexpr LogEvent kNotDecided{LogLevel::error, "COMPARE_NOT_DECIDED", "A comparison could not be decided",
                               "See that the database can be written to."};

constexpr std::size_t kMostWaiting = 20;
constexpr Nanoseconds kPatience = std::chrono::seconds(45);    // beyond what its packets take
constexpr Nanoseconds kRoutesBack = std::chrono::seconds(15);  // that the routes back may come later
// Comparisons that tell what a path took before.
constexpr Nanoseconds kEarlierThan = std::chrono::days(30);
constexpr std::size_t kMostEarlier = 100;
constexpr Nanoseconds kLook = std::chrono::seconds(1);

/// A point as its agent tells of it.
struct Point {
    PointFacts facts;
    std::vector<net::IpAddress> addresses;  // of measurement
    std::vector<net::IpAddress> interfaces;
    bool connected = false;
    bool operator==(const Point& other) const {
        return facts.reflector_port == other.facts.reflector_port && facts.research == other.facts.research &&
               facts.commodity == other.facts.commodity && interfaces == other.interfaces &&
               addresses == other.addresses && connected == other.connected;
    }
};
using Points = std::map<std::string, Point>;

template <class T>
std::optional<T> fact(const agent::AgentInfo& agent, std::string_view part) {
    const Value* facts = agent.facts.find(part);
    if (facts == nullptr || facts->is_null()) return std::nullopt;
    auto out = read<T>(*facts, "facts of " + agent.id);
    return out ? std::optional(std::move(*out)) : std::nullopt;
}

/// Neither unspecified, nor this machine's own, nor of many hosts (RFC 6890, RFC 5771, RFC 4291 §2.7).
bool is_of_a_host(const net::IpAddress& address) {
    if (address.is_loopback()) return false;
    const std::uint8_t first = address.octets()[0];
    if (!address.is_v6()) return first != 0 && first < 224;
    return first != 0xff && address != *net::IpAddress::parse("::");
}

/// Of all four ways.
std::vector<net::IpAddress> hops_of(const Store::Seen& seen) {
    std::vector<const SeenRoute*> routes{&seen.observation->research.route, &seen.observation->commodity.route};
    if (seen.back) routes.insert(routes.end(), {&seen.back->research, &seen.back->commodity});
    std::vector<net::IpAddress> out;
    for (const SeenRoute* route : routes)
        for (const SeenHop& hop : route->hops)
            if (hop.address) out.push_back(*hop.address);
    return out;
}

class CompareService final : public platform::Service {
  public:
    explicit CompareService(Parts parts) : parts_(std::move(parts)) {}
    ~CompareService() override { end_watch(); }

    [[nodiscard]] std::string_view name() const override { return "compare"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"registry", "agents"}; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kComparisonMigrations; }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        struct None {
            static constexpr auto describe() { return fields(); }
        };
        if (!section.is_null()) TRY(read<None>(section, file));
        return {};
    }

    [[nodiscard]] Result<void> provision(platform::House& house) override {
        house_ = &house;
        store_ = std::make_unique<Store>(house.database);
        add_routes(house.api,
                   {.store = *store_,
                    .points = [this] { return comparing_points(); },
                    .begin = [this](const Wish& wish, const platform::Caller& caller) { return begin(wish, caller); }});
        parts_.agents.add_part("compare", [this](const agent::AgentInfo& agent) { return work_of(agent); });
        parts_.agents.add_stream(std::string(kObservationStream),
                                 [this](const auto& batch) { return take<Observation>(batch); });
        parts_.agents.add_stream(std::string(kRoutesBackStream),
                                 [this](const auto& batch) { return take<RoutesBack>(batch); });
        for (const auto& [verdict, text] : describe_enum(Verdict{}))
            counters_.push_back(house.metrics.counter_from(
                "quipu_measure_comparisons_total", "Comparisons decided, by verdict", {{"verdict", std::string(text)}},
                [this, verdict] { return static_cast<double>(verdicts_[static_cast<std::size_t>(verdict)].load()); }));
        return {};
    }

    [[nodiscard]] Result<void> start() override {
        const auto kept = TRY(store_->waiting());
        waiting_.with([&](auto& waiting) {
            waiting.clear();
            for (const Comparison& one : kept)
                waiting.emplace(one.id, Waiting{one, {}});
        });
        open_ = true;
        watch_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
        return {};
    }

    void drain() override { open_ = false; }

    void stop() override {
        open_ = false;
        end_watch();
        counters_.clear();
    }

  private:
    struct Waiting {
        Comparison comparison;
        std::optional<Time> observed;
    };

    void end_watch() {
        if (!watch_.joinable()) return;
        watch_.request_stop();
        watch_.join();
    }

    // ---- who is there

    void watch(const std::stop_token& stop) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
            auto now = std::make_shared<const Points>(points_now());
            const bool changed = points_.with([&](auto& points) {
                const bool other = !points || *points != *now;
                points = std::move(now);
                return other;
            });
            if (changed) parts_.agents.invalidate();
            end_what_took_too_long();
            bell_.wait_for(lock, stop, kLook, [] { return false; });
        }
    }

    [[nodiscard]] Points points_now() const {
        Points out;
        const auto picture = parts_.registry().now();
        for (const agent::AgentInfo& agent : parts_.agents.agents()) {
            if (agent.revoked || picture->find<registry::Site>(agent.id) == nullptr) continue;
            const auto facts = fact<PointFacts>(agent, "compare");
            const auto measured = fact<measure::PointFacts>(agent, "measure");
            if (!facts || !measured) continue;
            out[agent.id] = {.facts = *facts,
                             .addresses = measured->addresses,
                             .interfaces = measured->interfaces,
                             .connected = agent.connected};
        }
        return out;
    }

    [[nodiscard]] std::shared_ptr<const Points> points() const {
        auto known = points_.with([](const auto& points) { return points; });
        return known ? known : std::make_shared<const Points>();
    }

    [[nodiscard]] std::vector<ComparingPoint> comparing_points() const {
        std::vector<ComparingPoint> out;
        const auto picture = parts_.registry().now();
        for (const auto& [site, point] : *points()) {
            if (!point.facts.research || !point.facts.commodity) continue;
            const auto* known = picture->find<registry::Site>(site);
            out.push_back({.site = site,
                           .name = known == nullptr ? site : known->object.name,
                           .connected = point.connected,
                           .research = *point.facts.research,
                           .commodity = *point.facts.commodity});
        }
        return out;
    }

    [[nodiscard]] std::optional<Value> work_of(const agent::AgentInfo& agent) const {
        if (agent.revoked) return Value();
        const auto everybody = points_.with([](const auto& points) { return points; });
        if (!everybody) return std::nullopt;
        Work work;
        for (const auto& [site, point] : *everybody) {
            if (site == agent.id) continue;
            for (const auto& address : {point.facts.research, point.facts.commodity})
                if (address)
                    if (const auto host = net::Prefix::create(*address, address->width()))
                        work.reflect_for.push_back(*host);
        }
        waiting_.with([&](const auto& waiting) {
            for (const auto& [id, one] : waiting) {
                if (one.comparison.from == agent.id) work.compare.push_back(one.comparison.task);
                if (one.comparison.to != agent.id) continue;
                const auto from = everybody->find(one.comparison.from);
                if (from == everybody->end() || !from->second.facts.research || !from->second.facts.commodity) continue;
                work.trace_back.push_back(
                    {one.comparison.task.comparison, *from->second.facts.research, *from->second.facts.commodity});
            }
        });
        return to_value(work);
    }

    // ---- asking

    [[nodiscard]] Result<Comparison> begin(const Wish& wish, const platform::Caller& caller) {
        const auto picture = parts_.registry().now();
        const auto* site = picture->find<registry::Site>(wish.from);
        if (site == nullptr) return fail(ErrorCode::not_found, "there is no site " + wish.from, "from");
        const std::string organisation = site->object.organisation.value_or(std::string(platform::kEverywhere));
        if (!caller.may(platform::Permission::operate, organisation, "measure"))
            return fail(ErrorCode::forbidden, "whoever lets a point measure operates its network", wish.from);
        const auto everybody = points();
        const auto from = everybody->find(wish.from);
        if (from == everybody->end() || !from->second.connected)
            return fail(ErrorCode::unavailable, "its measurement point is not there", wish.from,
                        "see `quipu agents list`");
        if (!from->second.facts.research || !from->second.facts.commodity)
            return fail(ErrorCode::unsupported, "its measurement point has an address of one network only", wish.from,
                        "give its agent the other provider's with --commodity-address");
        if (waiting_.with([](const auto& waiting) { return waiting.size(); }) >= kMostWaiting)
            return fail(ErrorCode::exhausted, "too many comparisons are under way", {}, "ask again in a minute");
        Comparison wanted{.from = wish.from, .host = wish.host};
        wanted.task.packets = wish.packets;
        wanted.task.interval_us = wish.interval_us;
        TRY(aim(wanted, *everybody));
        wanted.asked = house_->clock.now();
        wanted.by = caller.id;
        Comparison begun = TRY(store_->add(std::move(wanted)));
        waiting_.with([&](auto& waiting) { waiting.emplace(begun.id, Waiting{begun, {}}); });
        parts_.agents.invalidate();
        return begun;
    }

    /// A site's point, or any host.
    [[nodiscard]] Result<void> aim(Comparison& wanted, const Points& everybody) const {
        const auto at = everybody.find(wanted.host);
        if (at != everybody.end()) {
            if (wanted.host == wanted.from) return fail(ErrorCode::invalid, "is the point itself", "host");
            wanted.to = wanted.host;
            if (!at->second.facts.research)
                return fail(ErrorCode::unsupported, "its measurement point has no address", wanted.host);
            wanted.task.target = *at->second.facts.research;
            wanted.task.port = at->second.facts.reflector_port;
            wanted.task.counting = true;
            if (wanted.task.port == 0)
                return fail(ErrorCode::unavailable, "its measurement point has no reflector", wanted.host,
                            "see its agent's log");
            return {};
        }
        const net::Endpoint found = TRY(parts_.resolve(wanted.host));
        const net::IpAddress& address = found.address;
        const auto own = everybody.find(wanted.from);
        if (address.is_v6() != own->second.facts.research->is_v6())
            return fail(ErrorCode::unsupported, "is of another address family than the point's sources", wanted.host);
        if (!is_of_a_host(address)) return fail(ErrorCode::invalid, "is no host's address", wanted.host);
        wanted.task.target = address;
        wanted.task.port = found.port;
        for (const auto& [site, point] : everybody)
            if (std::ranges::find(point.addresses, address) != point.addresses.end()) {
                wanted.to = site;
                wanted.task.counting = point.facts.reflector_port == found.port;
            }
        return {};
    }

    // ---- what came

    template <class Seen>
    [[nodiscard]] Result<void> take(const agent::StreamBatch& batch) {
        if (!open_) return fail(ErrorCode::unavailable, "the service compare is not running");
        for (const ByteSpan payload : batch.payloads) {
            const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
            const auto seen = [&]() -> Result<Seen> { return read<Seen>(TRY(parse_json(text)), batch.stream); }();
            const auto id = seen ? parse_number<std::int64_t>(seen->comparison) : std::nullopt;
            if (!id) {
                log(kStrange, {{"agent", batch.agent}, {"error", seen ? "its number" : seen.error().text()}});
                continue;
            }
            if (!is_of<Seen>(*id, batch.agent)) continue;  // decided already, or none of this agent's
            static_cast<void>(TRY(store_->keep(*id, *seen)));
            decide_if_complete(*id);
        }
        return {};
    }

    template <class Seen>
    [[nodiscard]] bool is_of(std::int64_t id, const std::string& agent) const {
        return waiting_.with([&](const auto& waiting) {
            const auto at = waiting.find(id);
            if (at == waiting.end()) return false;
            return std::is_same_v<Seen, Observation> ? at->second.comparison.from == agent
                                                     : at->second.comparison.to == agent;
        });
    }

    [[nodiscard]] std::optional<Waiting> find_waiting(std::int64_t id) const {
        return waiting_.with([&](const auto& waiting) -> std::optional<Waiting> {
            const auto at = waiting.find(id);
            return at == waiting.end() ? std::nullopt : std::optional(at->second);
        });
    }

    void decide_if_complete(std::int64_t id) {
        const auto seen = store_->seen(id);
        if (!seen || !seen->observation) return;
        const auto waiting = find_waiting(id);
        if (!waiting) return;
        if (waiting->comparison.to.empty() || seen->back) return end(waiting->comparison, *seen);
        waiting_.with([&](auto& all) {
            if (const auto at = all.find(id); at != all.end()) at->second.observed = house_->clock.now();
        });
    }

    void end_what_took_too_long() {
        const Time now = house_->clock.now();
        std::vector<Waiting> over;
        waiting_.with([&](const auto& waiting) {
            for (const auto& [id, one] : waiting) {
                // Where STAMP is not answered, echoes take as long again.
                const Nanoseconds packets =
                    2 * std::chrono::microseconds(one.comparison.task.interval_us) * one.comparison.task.packets;
                if (one.observed ? now - *one.observed > kRoutesBack : now - one.comparison.asked > packets + kPatience)
                    over.push_back(one);
            }
        });
        for (const Waiting& one : over) {
            const auto seen = store_->seen(one.comparison.id);
            if (!seen)
                log(kNotDecided, {{"comparison", one.comparison.id}, {"error", seen.error().text()}});
            else
                end(one.comparison, *seen);
        }
    }

    void end(Comparison comparison, const Store::Seen& seen) {
        comparison.ended = house_->clock.now();
        comparison.state = State::failed;
        if (!seen.observation) {
            comparison.reason = "the point " + comparison.from + " has not answered";
        } else if (seen.observation->research.rounds.empty() && seen.observation->commodity.rounds.empty()) {
            comparison.reason = seen.observation->research.failed.empty() ? seen.observation->commodity.failed
                                                                          : seen.observation->research.failed;
            if (comparison.reason.empty()) comparison.reason = "the host answered over neither way";
        } else {
            comparison.state = State::done;
            const auto picture = parts_.registry().now();
            measure::PathNames names(picture, sites());
            names.take_dns_names(house_->dns_names.get(), hops_of(seen));
            const RegistryMap map(picture, std::move(names));
            const auto earlier = store_->outcomes_before(comparison, *comparison.ended - kEarlierThan, kMostEarlier);
            if (!earlier) {
                log(kNotDecided, {{"comparison", comparison.id}, {"error", earlier.error().text()}});
                return;
            }
            comparison.outcome = decide(comparison.from, comparison.to, *seen.observation, seen.back, map,
                                        earlier_of(*earlier, *seen.observation, seen.back));
            for (const std::string& site : {comparison.from, comparison.to})
                if (clock_is_wrong(site)) comparison.outcome->clock_fault.push_back(site);
        }
        const auto ended = store_->end(comparison, [&](data::Transaction& transaction) -> Result<void> {
            if (!comparison.outcome) return {};
            events::WaysCompared event{.comparison = comparison.id, .from = comparison.from, .to = comparison.host};
            event.verdict = std::string(enum_name(comparison.outcome->verdict));
            return house_->journal.append(transaction, "site:" + comparison.from, event);
        });
        if (!ended) {
            log(kNotDecided, {{"comparison", comparison.id}, {"error", ended.error().text()}});
            return;
        }
        if (*ended && comparison.outcome) ++verdicts_[static_cast<std::size_t>(comparison.outcome->verdict)];
        waiting_.with([&](auto& waiting) { waiting.erase(comparison.id); });
        parts_.agents.invalidate();
    }

    /// As whoever watches the clocks has told last.
    [[nodiscard]] bool clock_is_wrong(const std::string& site) const {
        if (site.empty()) return false;
        const auto told = measure::last_of_clock(house_->journal, site);
        return told && *told && (*told)->type == events::ClockWentWrong::kType;
    }

    [[nodiscard]] std::shared_ptr<const measure::SitesByAddress> sites() const {
        std::vector<std::pair<std::string, std::vector<net::IpAddress>>> all;
        for (const auto& [site, point] : *points()) {
            auto& addresses = all.emplace_back(site, point.addresses).second;
            addresses.insert(addresses.end(), point.interfaces.begin(), point.interfaces.end());
        }
        return std::make_shared<const measure::SitesByAddress>(measure::sites_by_address(all));
    }

    const Parts parts_;
    platform::House* house_ = nullptr;
    std::unique_ptr<Store> store_;
    Guarded<std::map<std::int64_t, Waiting>> waiting_;
    Guarded<std::shared_ptr<const Points>> points_;
    std::array<std::atomic<std::uint64_t>, 8> verdicts_{};
    std::vector<std::shared_ptr<void>> counters_;
    std::atomic<bool> open_{false};
    std::condition_variable_any bell_;
    std::jthread watch_;
};

}  // namespace

std::unique_ptr<platform::Service> make_service(Parts parts) {
    return std::make_unique<CompareService>(std::move(parts));
}

}  // namespace quipu::compare
