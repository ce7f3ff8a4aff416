#pragma once
// eduPERT: performance response teams, who of them is accredited, what they ask of each other and when they meet.
//
// One check: is_accredited(organisation) is the answer to "may people of this organisation see what is for accredited
// teams only", here, for contacts in the registry, and for whoever else asks. It reads memory alone.
//
// Every change is one transaction with its journal event. Other calls block: from an event loop use platform::off_loop.
// What a caller may do is asked here of their permissions, with the organisation of the team in question; the tag is
// "pert". Coordinators are those who may publish everywhere.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "data/database.h"
#include "data/journal.h"
#include "desk/pert/api.h"
#include "desk/pert/engine_accreditation.h"
#include "platform/service.h"
#include "registry/registry.h"

namespace quipu::pert {

using platform::Caller;

inline constexpr std::string_view kTag = "pert";

/// The home organisation of whoever calls, where it is known; empty else.
using HomeOf = std::function<std::string(const Caller& caller)>;

class Pert {
  public:
    Pert(data::Database& database, data::Journal& journal, registry::Registry& registry, const Clock& clock,
         AccreditationTerms terms, HomeOf home_of);

    /// Reads who is accredited; again after each change and each tick.
    [[nodiscard]] Result<void> load();
    [[nodiscard]] bool is_accredited(std::string_view organisation) const;
    [[nodiscard]] std::vector<std::string> accredited() const;  ///< organisations
    /// Whether what is for accredited teams only is for this caller: who works for one of them, or a coordinator.
    [[nodiscard]] bool is_of_accredited_team(const Caller& caller) const;

    // ---- teams; contacts that the caller may not see are left out

    [[nodiscard]] Result<std::vector<Team>> teams(const Caller& caller) const;
    [[nodiscard]] Result<Team> team(const Caller& caller, std::string_view id) const;
    [[nodiscard]] Result<Team> register_team(const Caller& caller, Team wanted);
    [[nodiscard]] Result<Team> change_team(const Caller& caller, std::string_view id, std::int64_t expected,
                                           Team wanted);
    [[nodiscard]] Result<void> remove_team(const Caller& caller, std::string_view id, std::int64_t expected);

    // ---- accreditation: seen by the team, by reviewers and by coordinators

    [[nodiscard]] Result<std::vector<Accreditation>> accreditations(const Caller& caller, std::string_view team) const;
    [[nodiscard]] Result<Accreditation> accreditation(const Caller& caller, std::int64_t number) const;
    /// A draft; where the team is accredited, of its renewal. One at a time is open.
    [[nodiscard]] Result<Accreditation> apply(const Caller& caller, const NewAccreditation& wanted);
    [[nodiscard]] Result<Accreditation> show_evidence(const Caller& caller, std::int64_t number, std::int64_t expected,
                                                      std::map<std::string, std::string> evidence);
    [[nodiscard]] Result<Accreditation> step(const Caller& caller, std::int64_t number,
                                             const AccreditationStepInput& input);

    // ---- requests: seen by both teams and by coordinators

    [[nodiscard]] Result<std::vector<TechnicalRequest>> requests(const Caller& caller) const;
    [[nodiscard]] Result<TechnicalRequest> request(const Caller& caller, std::int64_t number) const;
    [[nodiscard]] Result<TechnicalRequest> ask(const Caller& caller, const NewTechnicalRequest& wanted);
    [[nodiscard]] Result<TechnicalRequest> step(const Caller& caller, std::int64_t number,
                                                const RequestStepInput& input);

    // ---- meetings

    [[nodiscard]] Result<std::vector<Meeting>> meetings(const Caller& caller, std::optional<Time> since,
                                                        std::optional<Time> until) const;
    [[nodiscard]] Result<Meeting> meeting(const Caller& caller, std::int64_t number) const;
    [[nodiscard]] Result<Meeting> call_meeting(const Caller& caller, Meeting wanted);
    [[nodiscard]] Result<Meeting> change_meeting(const Caller& caller, std::int64_t number, std::int64_t expected,
                                                 Meeting wanted);

    /// Ends, reminders and due times; to be called every minute or so.
    [[nodiscard]] Result<void> tick();

  private:
    struct Known;  // a team with where it stands
    Result<Known> known_team(data::Transaction& transaction, std::string_view id) const;
    Result<void> check(const Team& team) const;
    Result<void> check(const Meeting& meeting) const;
    Result<void> tell(data::Transaction& transaction, const Accreditation& accreditation, std::string_view step,
                      std::string_view who);
    Result<void> tell(data::Transaction& transaction, const TechnicalRequest& request, std::string_view step,
                      std::string_view who);
    [[nodiscard]] Team visible_part(Team team, const Caller& caller) const;
    [[nodiscard]] bool may_see(const Caller& caller, const Meeting& meeting) const;
    template <class T, class F>
    Result<T> writing(F work);
    template <class T, class F>
    Result<T> reading(F work) const;

    data::Database& database_;
    data::Journal& journal_;
    registry::Registry& registry_;
    const Clock& clock_;
    const AccreditationTerms terms_;
    const HomeOf home_of_;
    Guarded<std::shared_ptr<const std::set<std::string, std::less<>>>> accredited_;
};

class PertService : public platform::Service {
  public:
    /// There from provision on, until this service is destroyed.
    [[nodiscard]] virtual Pert& pert() = 0;
    [[nodiscard]] virtual bool provisioned() const = 0;  ///< from then on pert() is there
};
/// What `registry` and `home_of` use outlives the service; `registry` is asked from provision on.
[[nodiscard]] std::unique_ptr<PertService> make_pert_service(std::function<registry::Registry&()> registry,
                                                             HomeOf home_of = {});

extern const std::vector<data::Migration> kPertMigrations;

void add_routes(platform::Api& api, Pert& pert, const Clock& clock);

}  // namespace quipu::pert
