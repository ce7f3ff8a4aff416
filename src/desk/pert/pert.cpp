#include "desk/pert/pert.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "desk/pert/engine_request.h"
#include "desk/pert/store.h"
#include "events/events.h"

namespace quipu::pert {
namespace {

using data::Transaction;
using platform::Permission;

constexpr std::string_view kEverywhere = "*";
constexpr auto kUsualDue = std::chrono::days(7);
constexpr Time kFirst = Time::min();
constexpr Time kLast = Time::max();

bool is_coordinator(const Caller& caller) {
    return caller.may(Permission::publish, kEverywhere, kTag);
}
bool works_for(const Caller& caller, std::string_view organisation) {
    return caller.may(Permission::work_cases, organisation, kTag);
}

std::unexpected<Error> not_there(std::string_view what, const auto& id, std::string_view collection) {
    return fail(ErrorCode::not_found, fmt::format("there is no {} \"{}\"", what, id), "id",
                fmt::format("see /api/v1/pert/{}", collection));
}
std::unexpected<Error> not_allowed(std::string_view what, std::string_view organisation) {
    return fail(ErrorCode::forbidden, fmt::format("to {} one must work on cases at {}", what, organisation), {},
                "ask a manager of that organisation for the role");
}

template <class T>
Result<void> expect_version(const T& object, std::int64_t expected) {
    if (object.version == expected) return {};
    return fail(ErrorCode::precondition_failed, fmt::format("it is at version {}, not {}", object.version, expected),
                "If-Match", "read it again, and see what differs");
}

bool is_fingerprint(std::string_view text) {
    // RFC 4880 §12.2 has 20 octets, RFC 9580 §5.5.4.3 has 32.
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == ' ') continue;
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
        ++digits;
    }
    return digits == 40 || digits == 64;
}

Result<void> as_one(std::vector<Fault> faults, std::string_view what) {
    if (faults.empty()) return {};
    Error error{ErrorCode::invalid, std::string(what)};
    if (faults.size() == 1) {
        error.what = faults[0].what;
        error.where = faults[0].where;
    }
    error.faults = std::move(faults);
    return std::unexpected(std::move(error));
}

}  // namespace

struct Pert::Known {
    Team team;
    std::vector<Accreditation> accreditations;
};

Pert::Pert(data::Database& database, data::Journal& journal, registry::Registry& registry, const Clock& clock,
           AccreditationTerms terms, HomeOf home_of)
    : database_(database),
      journal_(journal),
      registry_(registry),
      clock_(clock),
      terms_(std::move(terms)),
      home_of_(std::move(home_of)),
      accredited_(std::make_shared<const std::set<std::string, std::less<>>>()) {}

template <class T, class F>
Result<T> Pert::writing(F work) {
    T out{};
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        out = TRY(work(transaction));
        return {};
    }));
    TRY(load());
    return out;
}
template <class T, class F>
Result<T> Pert::reading(F work) const {
    T out{};
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(work(transaction));
        return {};
    }));
    return out;
}

// ---- who is accredited

Result<void> Pert::load() {
    const auto all = TRY(reading<std::vector<Accreditation>>(
        [](Transaction& transaction) { return store::accreditations(transaction, {}); }));
    auto accredited = std::make_shared<std::set<std::string, std::less<>>>();
    const Time now = clock_.now();
    for (const Accreditation& each : all)
        if (standing_of({&each, 1}, now).standing == Standing::accredited) accredited->insert(each.organisation);
    accredited_.with([&](auto& current) { current = std::move(accredited); });
    return {};
}

bool Pert::is_accredited(std::string_view organisation) const {
    const auto accredited = accredited_.with([](const auto& current) { return current; });
    return accredited->contains(organisation);
}

std::vector<std::string> Pert::accredited() const {
    const auto accredited = accredited_.with([](const auto& current) { return current; });
    return {accredited->begin(), accredited->end()};
}

bool Pert::is_of_accredited_team(const Caller& caller) const {
    if (is_coordinator(caller)) return true;
    const auto accredited = accredited_.with([](const auto& current) { return current; });
    return std::ranges::any_of(*accredited,
                               [&](const std::string& organisation) { return works_for(caller, organisation); });
}

// ---- teams

Team Pert::visible_part(Team team, const Caller& caller) const {
    const bool own = works_for(caller, team.organisation);
    const bool member = own || caller.may(Permission::see_members, {}, kTag);
    const bool accredited = own || is_of_accredited_team(caller);
    std::erase_if(team.contacts, [&](const TeamContact& contact) {
        switch (contact.sight) {
            case ContactSight::public_: return false;
            case ContactSight::members: return !member && !accredited;
            case ContactSight::accredited: return !accredited;
        }
        return true;
    });
    if (!member && !accredited) {
        team.members.clear();
        team.note.reset();
        team.changed_by.clear();
    }
    return team;
}

Result<Pert::Known> Pert::known_team(Transaction& transaction, std::string_view id) const {
    auto found = TRY(store::team(transaction, id));
    if (!found) return not_there("team", id, "teams");
    Known out {
        std::move(*found), TRY(store::accreditations(transaction, id))
    };
    const TeamStanding standing = standing_of(out.accreditations, clock_.now());
    out.team.standing = standing.standing;
    out.team.accredited_until = standing.until;
    return out;
}

Result<std::vector<Team>> Pert::teams(const Caller& caller) const {
    return reading<std::vector<Team>>([&](Transaction& transaction) -> Result<std::vector<Team>> {
        std::map<std::string, std::vector<Accreditation>> of_team;
        for (Accreditation& each : TRY(store::accreditations(transaction, {})))
            of_team[each.team].push_back(std::move(each));
        std::vector<Team> out;
        for (Team& team : TRY(store::teams(transaction))) {
            const TeamStanding standing = standing_of(of_team[team.id], clock_.now());
            team.standing = standing.standing;
            team.accredited_until = standing.until;
            out.push_back(visible_part(std::move(team), caller));
        }
        return out;
    });
}

Result<Team> Pert::team(const Caller& caller, std::string_view id) const {
    return reading<Team>([&](Transaction& transaction) -> Result<Team> {
        return visible_part(TRY(known_team(transaction, id)).team, caller);
    });
}

Result<void> Pert::check(const Team& team) const {
    std::vector<Fault> faults;
    const auto picture = registry_.everything();
    if (picture->find<registry::Organisation>(team.organisation) == nullptr)
        faults.push_back({"organisation", fmt::format("there is no organisation {}", team.organisation)});
    for (std::size_t i = 0; i < team.members.size(); ++i)
        if (picture->find<registry::Person>(team.members[i]) == nullptr)
            faults.push_back({fmt::format("members[{}]", i), fmt::format("there is no person {}", team.members[i])});
    for (std::size_t i = 0; i < team.languages.size(); ++i)
        if (team.languages[i] != "es" && team.languages[i] != "pt" && team.languages[i] != "en")
            faults.push_back({fmt::format("languages[{}]", i), "is none of es, pt and en"});
    if (team.pgp_fingerprint && !is_fingerprint(*team.pgp_fingerprint))
        faults.push_back({"pgp_fingerprint", "is not 40 or 64 hexadecimal digits"});
    if (team.pgp_key && !team.pgp_key->starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
        faults.push_back({"pgp_key", "is not an ASCII armoured public key"});
    return as_one(std::move(faults), "the team is not as it should be");
}

Result<Team> Pert::register_team(const Caller& caller, Team wanted) {
    if (!works_for(caller, wanted.organisation)) return not_allowed("register a team", wanted.organisation);
    TRY(check(wanted));
    wanted.standing = Standing::registered;
    wanted.accredited_until.reset();
    wanted.version = 1;
    wanted.changed = clock_.now();
    wanted.changed_by = caller.id;
    return writing<Team>([&](Transaction& transaction) -> Result<Team> {
        if (TRY(store::team(transaction, wanted.id)))
            return fail(ErrorCode::conflict, fmt::format("there is a team \"{}\" already", wanted.id), "id");
        TRY(store::put(transaction, wanted));
        TRY(journal_.append(transaction, "team:" + wanted.id,
                            events::TeamChanged{wanted.id, wanted.organisation, "registered", 1}, caller.id));
        return wanted;
    });
}

Result<Team> Pert::change_team(const Caller& caller, std::string_view id, std::int64_t expected, Team wanted) {
    TRY(check(wanted));
    return writing<Team>([&](Transaction& transaction) -> Result<Team> {
        const Known known = TRY(known_team(transaction, id));
        if (!works_for(caller, known.team.organisation)) return not_allowed("change its team", known.team.organisation);
        if (wanted.id != known.team.id || wanted.organisation != known.team.organisation)
            return fail(ErrorCode::invalid, "id and organisation of a team stay: its accreditation is given to them",
                        "id", "register another team");
        TRY(expect_version(known.team, expected));
        Team team = wanted;
        team.standing = known.team.standing;
        team.accredited_until = known.team.accredited_until;
        team.version = known.team.version + 1;
        team.changed = clock_.now();
        team.changed_by = caller.id;
        TRY(store::put(transaction, team));
        TRY(journal_.append(transaction, "team:" + team.id,
                            events::TeamChanged{team.id, team.organisation, "changed", team.version}, caller.id));
        return team;
    });
}

Result<void> Pert::remove_team(const Caller& caller, std::string_view id, std::int64_t expected) {
    TRY(writing<bool>([&](Transaction& transaction) -> Result<bool> {
        const Known known = TRY(known_team(transaction, id));
        if (!works_for(caller, known.team.organisation)) return not_allowed("remove its team", known.team.organisation);
        TRY(expect_version(known.team, expected));
        if (known.team.standing != Standing::registered && known.team.standing != Standing::expired)
            return fail(ErrorCode::conflict,
                        fmt::format("a team that is {} is not removed", enum_name(known.team.standing)), {},
                        "withdraw its application, or let its accreditation end");
        for (const TechnicalRequest& request : TRY(store::waiting_requests(transaction)))
            if (request.from == id || request.to == id)
                return fail(ErrorCode::conflict, fmt::format("request {} waits for an answer", request.number), {},
                            "close or decline it first");
        TRY(store::remove_team(transaction, id));
        TRY(journal_.append(transaction, "team:" + known.team.id,
                            events::TeamChanged{known.team.id, known.team.organisation, "removed", known.team.version},
                            caller.id));
        return true;
    }));
    return {};
}

// ---- accreditation

Result<void> Pert::tell(Transaction& transaction, const Accreditation& accreditation, std::string_view step,
                        std::string_view who) {
    return journal_.append(
        transaction, "team:" + accreditation.team,
        events::AccreditationChanged{accreditation.number, accreditation.team, accreditation.organisation,
                                     std::string(step), std::string(enum_name(accreditation.state))},
        who);
}

namespace {
/// The applicant's people, and whoever may review.
bool may_see(const Caller& caller, const Accreditation& accreditation) {
    return works_for(caller, accreditation.organisation) || caller.may(Permission::publish, {}, kTag);
}
}  // namespace

Result<std::vector<Accreditation>> Pert::accreditations(const Caller& caller, std::string_view team) const {
    auto all = TRY(reading<std::vector<Accreditation>>(
        [&](Transaction& transaction) { return store::accreditations(transaction, team); }));
    std::erase_if(all, [&](const Accreditation& each) { return !pert::may_see(caller, each); });
    std::ranges::reverse(all);
    return all;
}

Result<Accreditation> Pert::accreditation(const Caller& caller, std::int64_t number) const {
    return reading<Accreditation>([&](Transaction& transaction) -> Result<Accreditation> {
        auto found = TRY(store::accreditation(transaction, number));
        if (!found || !pert::may_see(caller, *found)) return not_there("accreditation", number, "accreditations");
        return std::move(*found);
    });
}

Result<Accreditation> Pert::apply(const Caller& caller, const NewAccreditation& wanted) {
    return writing<Accreditation>([&](Transaction& transaction) -> Result<Accreditation> {
        const Known known = TRY(known_team(transaction, wanted.team));
        if (!works_for(caller, known.team.organisation)) return not_allowed("apply", known.team.organisation);
        Accreditation out;
        for (const Accreditation& each : known.accreditations) {
            if (standing_of({&each, 1}, clock_.now()).standing == Standing::applying)
                return fail(ErrorCode::conflict, fmt::format("accreditation {} is open already", each.number), "team",
                            "go on with it, or withdraw it");
            if (each.state == AccreditationState::accredited) out.renews = each.number;
        }
        out.number = TRY(store::next_number(transaction, "pert_accreditations"));
        out.team = known.team.id;
        out.organisation = known.team.organisation;
        out.evidence = wanted.evidence;
        out.version = 1;
        out.history.push_back({clock_.now(), caller.id, "begin", ""});
        TRY(store::put(transaction, out));
        TRY(tell(transaction, out, "begin", caller.id));
        return out;
    });
}

Result<Accreditation> Pert::show_evidence(const Caller& caller, std::int64_t number, std::int64_t expected,
                                          std::map<std::string, std::string> evidence) {
    std::vector<Fault> faults;
    const auto criteria = criteria_in("en");
    for (const auto& [id, unused] : evidence)
        if (std::ranges::find(criteria, id, &Criterion::id) == criteria.end())
            faults.push_back({"evidence." + id, "is no criterion; see /api/v1/pert/criteria"});
    TRY(as_one(std::move(faults), "the evidence is not as it should be"));
    return writing<Accreditation>([&](Transaction& transaction) -> Result<Accreditation> {
        auto found = TRY(store::accreditation(transaction, number));
        if (!found || !pert::may_see(caller, *found)) return not_there("accreditation", number, "accreditations");
        if (!works_for(caller, found->organisation)) return not_allowed("show evidence", found->organisation);
        TRY(expect_version(*found, expected));
        if (found->state != AccreditationState::draft)
            return fail(ErrorCode::conflict,
                        fmt::format("the evidence of an accreditation that is {} stays as it is reviewed",
                                    enum_name(found->state)));
        found->evidence = evidence;
        ++found->version;
        found->history.push_back({clock_.now(), caller.id, "evidence", ""});
        TRY(store::put(transaction, *found));
        return std::move(*found);
    });
}

Result<Accreditation> Pert::step(const Caller& caller, std::int64_t number, const AccreditationStepInput& input) {
    const std::string home = home_of_ ? home_of_(caller) : std::string();
    return writing<Accreditation>([&](Transaction& transaction) -> Result<Accreditation> {
        auto found = TRY(store::accreditation(transaction, number));
        if (!found || !pert::may_see(caller, *found)) return not_there("accreditation", number, "accreditations");
        AccreditationInput taken{input.step, caller.id, found->organisation, input.note};
        switch (input.step) {
            case AccreditationStep::submit:
            case AccreditationStep::withdraw:
                if (!works_for(caller, found->organisation)) return not_allowed("do this", found->organisation);
                break;
            case AccreditationStep::approve:
            case AccreditationStep::refuse:
                taken.organisation = input.organisation.value_or(home);
                if (!taken.organisation.empty() && !caller.may(Permission::publish, taken.organisation, kTag))
                    return fail(ErrorCode::forbidden,
                                fmt::format("to review one must be allowed to publish for {}", taken.organisation),
                                "organisation");
                // A token acts for somebody who could so review twice.
                if (caller.id.starts_with("token:"))
                    return fail(ErrorCode::forbidden, "a review is given by a person who is signed in, not by a token");
                [[fallthrough]];
            case AccreditationStep::accredit:
            case AccreditationStep::reject:
            case AccreditationStep::suspend:
            case AccreditationStep::resume:
                if (home == found->organisation)
                    return fail(ErrorCode::forbidden, "nobody decides on a team of their own organisation");
                if (input.step != AccreditationStep::approve && input.step != AccreditationStep::refuse &&
                    !is_coordinator(caller))
                    return fail(ErrorCode::forbidden, "this step is the coordinators'", "step",
                                "they may publish everywhere");
                break;
        }
        std::optional<Accreditation> renewed;
        if (found->renews) renewed = TRY(store::accreditation(transaction, *found->renews));
        const auto state_before = renewed ? renewed->state : AccreditationState::draft;
        TRY(take_step(*found, taken, clock_.now(), terms_, renewed ? &*renewed : nullptr));
        ++found->version;
        TRY(store::put(transaction, *found));
        if (renewed && renewed->state != state_before) {
            ++renewed->version;
            TRY(store::put(transaction, *renewed));
        }
        TRY(tell(transaction, *found, enum_name(input.step), caller.id));
        return std::move(*found);
    });
}

// ---- requests

Result<void> Pert::tell(Transaction& transaction, const TechnicalRequest& request, std::string_view step,
                        std::string_view who) {
    const auto from = TRY(store::team(transaction, request.from));
    const auto to = TRY(store::team(transaction, request.to));
    return journal_.append(transaction, fmt::format("request:{}", request.number),
                           events::TechnicalRequestChanged{request.number, request.from, request.to,
                                                           from ? from->organisation : "", to ? to->organisation : "",
                                                           std::string(step), std::string(enum_name(request.state))},
                           who);
}

namespace {
/// The sides on which a caller stands.
struct Sides {
    bool asking = false, asked = false;
    [[nodiscard]] bool any() const { return asking || asked; }
};
Result<Sides> sides_of(Transaction& transaction, const Caller& caller, const TechnicalRequest& request) {
    const auto from = TRY(store::team(transaction, request.from));
    const auto to = TRY(store::team(transaction, request.to));
    return Sides{from && works_for(caller, from->organisation), to && works_for(caller, to->organisation)};
}
}  // namespace

Result<std::vector<TechnicalRequest>> Pert::requests(const Caller& caller) const {
    return reading<std::vector<TechnicalRequest>>(
        [&](Transaction& transaction) -> Result<std::vector<TechnicalRequest>> {
            std::set<std::string> own;
            for (const Team& team : TRY(store::teams(transaction)))
                if (works_for(caller, team.organisation)) own.insert(team.id);
            auto all = TRY(store::requests(transaction));
            if (!is_coordinator(caller))
                std::erase_if(all, [&](const TechnicalRequest& each) {
                    return !own.contains(each.from) && !own.contains(each.to);
                });
            return all;
        });
}

Result<TechnicalRequest> Pert::request(const Caller& caller, std::int64_t number) const {
    return reading<TechnicalRequest>([&](Transaction& transaction) -> Result<TechnicalRequest> {
        auto found = TRY(store::request(transaction, number));
        if (!found || (!is_coordinator(caller) && !TRY(sides_of(transaction, caller, *found)).any()))
            return not_there("request", number, "requests");
        return std::move(*found);
    });
}

Result<TechnicalRequest> Pert::ask(const Caller& caller, const NewTechnicalRequest& wanted) {
    if (wanted.from == wanted.to) return fail(ErrorCode::invalid, "is the team that asks", "to");
    const Time now = clock_.now();
    const Time due = wanted.due.value_or(now + kUsualDue);
    if (due <= now) return fail(ErrorCode::invalid, "has passed already", "due");
    return writing<TechnicalRequest>([&](Transaction& transaction) -> Result<TechnicalRequest> {
        const Known from = TRY(known_team(transaction, wanted.from));
        const Known to = TRY(known_team(transaction, wanted.to));
        if (!works_for(caller, from.team.organisation)) return not_allowed("ask for its team", from.team.organisation);
        TechnicalRequest out;
        out.number = TRY(store::next_number(transaction, "pert_requests"));
        out.from = from.team.id;
        out.to = to.team.id;
        out.subject = wanted.subject;
        out.question = wanted.question;
        out.performance_case = wanted.performance_case;
        out.asked = now;
        out.due = due;
        out.version = 1;
        out.history.push_back({now, caller.id, "ask", ""});
        TRY(store::put(transaction, out));
        TRY(tell(transaction, out, "ask", caller.id));
        return out;
    });
}

Result<TechnicalRequest> Pert::step(const Caller& caller, std::int64_t number, const RequestStepInput& input) {
    return writing<TechnicalRequest>([&](Transaction& transaction) -> Result<TechnicalRequest> {
        auto found = TRY(store::request(transaction, number));
        if (!found) return not_there("request", number, "requests");
        const Sides sides = TRY(sides_of(transaction, caller, *found));
        if (!sides.any() && !is_coordinator(caller)) return not_there("request", number, "requests");
        const Side side = side_of(input.step);
        if (side == Side::asking ? !sides.asking : !sides.asked)
            return fail(ErrorCode::forbidden,
                        fmt::format("the step \"{}\" is the {} team's", enum_name(input.step),
                                    side == Side::asking ? "asking" : "asked"),
                        "step");
        TRY(take_step(*found, {input.step, caller.id, side, input.note}, clock_.now()));
        ++found->version;
        TRY(store::put(transaction, *found));
        TRY(tell(transaction, *found, enum_name(input.step), caller.id));
        return std::move(*found);
    });
}

// ---- meetings

bool Pert::may_see(const Caller& caller, const Meeting& meeting) const {
    return meeting.public_ || is_of_accredited_team(caller) || caller.may(Permission::publish, {}, kTag);
}

Result<void> Pert::check(const Meeting& meeting) const {
    std::vector<Fault> faults;
    if (meeting.ends <= meeting.begins) faults.push_back({"ends", "is not after the beginning"});
    if (meeting.ends - meeting.begins > std::chrono::days(31)) faults.push_back({"ends", "is more than a month later"});
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        for (std::size_t i = 0; i < meeting.teams.size(); ++i)
            if (!TRY(store::team(transaction, meeting.teams[i])))
                faults.push_back({fmt::format("teams[{}]", i), fmt::format("there is no team {}", meeting.teams[i])});
        return {};
    }));
    return as_one(std::move(faults), "the meeting is not as it should be");
}

Result<std::vector<Meeting>> Pert::meetings(const Caller& caller, std::optional<Time> since,
                                            std::optional<Time> until) const {
    auto all = TRY(reading<std::vector<Meeting>>([&](Transaction& transaction) {
        return store::meetings(transaction, since.value_or(kFirst), until.value_or(kLast));
    }));
    std::erase_if(all, [&](const Meeting& each) { return !may_see(caller, each); });
    return all;
}

Result<Meeting> Pert::meeting(const Caller& caller, std::int64_t number) const {
    return reading<Meeting>([&](Transaction& transaction) -> Result<Meeting> {
        auto found = TRY(store::meeting(transaction, number));
        if (!found || !may_see(caller, *found)) return not_there("meeting", number, "meetings");
        return std::move(*found);
    });
}

Result<Meeting> Pert::call_meeting(const Caller& caller, Meeting wanted) {
    TRY(check(wanted));
    return writing<Meeting>([&](Transaction& transaction) -> Result<Meeting> {
        Meeting out = wanted;
        out.number = TRY(store::next_number(transaction, "pert_meetings"));
        out.organiser = caller.id;
        out.version = 1;
        out.changed = clock_.now();
        TRY(store::put(transaction, out));
        TRY(journal_.append(transaction, fmt::format("meeting:{}", out.number),
                            events::MeetingChanged{out.number, "called", std::string(enum_name(out.state))},
                            caller.id));
        return out;
    });
}

Result<Meeting> Pert::change_meeting(const Caller& caller, std::int64_t number, std::int64_t expected, Meeting wanted) {
    TRY(check(wanted));
    return writing<Meeting>([&](Transaction& transaction) -> Result<Meeting> {
        auto found = TRY(store::meeting(transaction, number));
        if (!found || !may_see(caller, *found)) return not_there("meeting", number, "meetings");
        TRY(expect_version(*found, expected));
        Meeting out = wanted;
        out.number = number;
        out.organiser = found->organiser;
        out.version = found->version + 1;
        out.changed = clock_.now();
        TRY(store::put(transaction, out));
        TRY(journal_.append(transaction, fmt::format("meeting:{}", out.number),
                            events::MeetingChanged{out.number, "changed", std::string(enum_name(out.state))},
                            caller.id));
        return out;
    });
}

// ---- the clock

Result<void> Pert::tick() {
    const Time now = clock_.now();
    // Looked at first, so that a minute in which nothing is due writes nothing.
    auto due = [&](Transaction& transaction, bool write) -> Result<bool> {
        bool any = false;
        for (Accreditation& each : TRY(store::accreditations(transaction, {}))) {
            const AccreditationTick done = pert::tick(each, now, terms_);
            if (!done.expired && !done.remind_days) continue;
            any = true;
            if (!write) return true;
            ++each.version;
            TRY(store::put(transaction, each));
            if (done.expired) TRY(tell(transaction, each, "expire", "system"));
            if (done.remind_days)
                TRY(journal_.append(
                    transaction, "team:" + each.team,
                    events::AccreditationExpiring{each.number, each.team, each.organisation, *done.remind_days}));
        }
        for (TechnicalRequest& each : TRY(store::waiting_requests(transaction))) {
            const RequestTick done = pert::tick(each, now);
            if (done == RequestTick::nothing) continue;
            any = true;
            if (!write) return true;
            ++each.version;
            TRY(store::put(transaction, each));
            TRY(tell(transaction, each, done == RequestTick::remind ? "remind" : "overdue", "system"));
        }
        return any;
    };
    const bool any = TRY(reading<bool>([&](Transaction& transaction) { return due(transaction, false); }));
    if (any)
        TRY(database_.write([&](Transaction& transaction) -> Result<void> {
            TRY(due(transaction, true));
            return {};
        }));
    return load();
}

}  // namespace quipu::pert
