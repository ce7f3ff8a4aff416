#include "lab/service.h"

#include <algorithm>
#include <atomic>

#include "base/log.h"
#include "events/events.h"
#include "platform/config.h"

namespace quipu::lab {

namespace {

using platform::Call;
using platform::Permission;

constexpr LogEvent kNotJournalled{LogLevel::error, "LAB_NOT_JOURNALLED",
                                  "a change of the lab could not be written to the journal"};

struct LinkQuery {
    std::string id;
    LinkChange body;
    static constexpr auto describe() {
        return fields(field<&LinkQuery::id>("id", "The link").required().pattern(kSlug),
                      field<&LinkQuery::body>("body", "What to change; the rest stays as it is").required());
    }
};

struct ClockQuery {
    ClockChange body;
    static constexpr auto describe() {
        return fields(field<&ClockQuery::body>("body", "Whose clock is off by how much").required());
    }
};

struct HijackQuery {
    HijackChange body;
    static constexpr auto describe() {
        return fields(field<&HijackQuery::body>("body", "What is announced where, or withdrawn").required());
    }
};

class LabService final : public platform::Service {
  public:
    LabService(std::function<Controls*()> find, LinkOwners owners)
        : find_(std::move(find)), owners_(std::move(owners)) {}

    [[nodiscard]] std::string_view name() const override { return "lab"; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<LabSettings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        if (!section.is_null()) TRY(read<LabSettings>(section, file));
        return {};
    }

    Result<void> provision(platform::House& house) override {
        house_ = &house;
        house.api.get<platform::NoInput, LabStatus>(
            {.path = "/api/v1/lab",
             .summary = "The lab on this machine: its points, its links and what is imposed on them",
             .tag = "lab",
             .permission = Permission::see_public,
             .command = "quipu lab status"},
            [this](const Call&, const platform::NoInput&) -> Task<Result<LabStatus>> {
                if (lab_.load() == nullptr) co_return LabStatus{};
                // Routers are asked what became of hijacks: off the loop.
                co_return co_await net::EventLoop::current()->blocking([this]() -> Result<LabStatus> {
                    Controls* lab = lab_.load();
                    return lab == nullptr ? LabStatus{} : lab->status();
                });
            });
        house.api.patch<LinkQuery, LinkStatus>(
            {.path = "/api/v1/lab/links/{id}",
             .summary = "Takes a link down or up, or imposes delay, jitter, loss, reordering, duplication or a rate",
             .tag = "lab",
             .permission = Permission::operate,
             .command = "quipu lab link ID down"},
            [this](const Call& call, LinkQuery query) -> Task<Result<LinkStatus>> {
                const std::string actor = call.caller.id;
                CO_TRY(may_operate(call.caller, query.id));
                // The journal is written on the way: off the loop.
                co_return co_await net::EventLoop::current()->blocking([this, query = std::move(query), actor] {
                    Controls* lab = lab_.load();
                    return lab == nullptr ? no_lab() : lab->set_link(query.id, query.body, actor);
                });
            });
        house.api.post<HijackQuery, HijackList>(
            {.path = "/api/v1/lab/hijacks",
             .summary = "A member's router in the lab announces another's prefix, or ends it",
             .tag = "lab",
             .permission = Permission::operate,
             .command = "quipu lab hijack PREFIX SITE"},
            [this](const Call& call, HijackQuery query) -> Task<Result<HijackList>> {
                const std::string actor = call.caller.id;
                if (!call.caller.may(Permission::operate, platform::kEverywhere, "lab"))
                    co_return fail(ErrorCode::forbidden, "whoever announces another's prefix operates everywhere",
                                   query.body.prefix.text());
                // The journal is written on the way: off the loop.
                co_return co_await net::EventLoop::current()->blocking(
                    [this, query = std::move(query), actor]() -> Result<HijackList> {
                        Controls* lab = lab_.load();
                        if (lab == nullptr) return std::unexpected(no_lab().error());
                        return lab->set_hijack(query.body, actor);
                    });
            });
        house.api.post<ClockQuery, ClockChange>(
            {.path = "/api/v1/lab/clocks",
             .summary = "A point of the lab starts again with a clock that is wrong, or right",
             .tag = "lab",
             .permission = Permission::operate,
             .command = "quipu lab clock SITE 20ms"},
            [this](const Call& call, ClockQuery query) -> Task<Result<ClockChange>> {
                if (!call.caller.may(Permission::operate, platform::kEverywhere, "lab"))
                    co_return fail(ErrorCode::forbidden, "whoever sets clocks wrong operates everywhere",
                                   query.body.site);
                co_return co_await net::EventLoop::current()->blocking(
                    [this, query = std::move(query)]() -> Result<ClockChange> {
                        Controls* lab = lab_.load();
                        if (lab == nullptr) return std::unexpected(no_lab().error());
                        return lab->set_clock(query.body);
                    });
            });
        return {};
    }

    Result<void> start() override {
        Controls* lab = find_();
        lab_ = lab;
        if (lab == nullptr) return {};
        journalling_ = lab->observe([this](const LinkSet& set) { keep(set); });
        journalling_hijacks_ =
            lab->observe_hijacks([this](const HijackChange& change, std::string_view actor) { keep(change, actor); });
        return {};
    }

    void drain() override {
        journalling_.reset();
        journalling_hijacks_.reset();
    }
    void stop() override {
        drain();
        lab_ = nullptr;
    }

  private:
    [[nodiscard]] Result<void> may_operate(const platform::Caller& caller, const std::string& link) const {
        const auto owners = owners_ ? owners_(link) : std::vector<std::string>();
        const auto operates = [&](std::string_view place) { return caller.may(Permission::operate, place, "lab"); };
        if (owners.empty() ? operates(platform::kEverywhere) : std::ranges::all_of(owners, operates)) return {};
        return fail(ErrorCode::forbidden, "whoever changes a link operates at both its ends' organisations", link);
    }

    static Result<LinkStatus> no_lab() {
        return fail(ErrorCode::unavailable, "no lab runs beside this hub", {}, "start one with `quipu run`");
    }

    void keep(const LinkSet& set) {
        const events::LabLinkSet event{set.link, std::string(enum_name(set.state)), set.impairment};
        if (auto kept = house_->journal.append("link:" + set.link, event, set.actor); !kept)
            log(kNotJournalled, {{"link", set.link}, {"error", kept.error().text()}});
    }

    void keep(const HijackChange& change, std::string_view actor) {
        const events::LabHijackSet event{change.prefix.text(), change.site, change.stop ? "stopped" : "announced"};
        if (auto kept = house_->journal.append("site:" + change.site, event, actor); !kept)
            log(kNotJournalled, {{"site", change.site}, {"error", kept.error().text()}});
    }

    std::function<Controls*()> find_;
    LinkOwners owners_;
    std::atomic<Controls*> lab_{nullptr};
    platform::House* house_ = nullptr;
    std::shared_ptr<void> journalling_, journalling_hijacks_;
};

}  // namespace

std::unique_ptr<platform::Service> make_service(std::function<Controls*()> find, LinkOwners owners) {
    return std::make_unique<LabService>(std::move(find), std::move(owners));
}

}  // namespace quipu::lab
