#include "desk/case_desk.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/random.h"
#include "desk/test_desk.h"
#include "events/events.h"

namespace quipu::desk {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Desk, DeskTest, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         DeskTest::name);

TEST_P(DeskTest, ACaseIsOpenedAnsweredSolvedAndClosed) {
    const Caller mario = member_of("reuna");
    NewCase wanted = help("Slow to Panama", {"reuna"});
    wanted.queue = Queue::performance;
    wanted.objects = {"pair:santiago/panama"};
    const std::int64_t number = must(desk_->open(mario, wanted));
    EXPECT_EQ(number, 1);
    Case c = find(mario, number);
    EXPECT_EQ(c.state, State::new_);
    EXPECT_EQ(c.language, "es");
    EXPECT_EQ(c.country, "CL");
    EXPECT_EQ(c.opened_by, "person:mario");
    EXPECT_EQ(format_time(c.answer.due.value()), "2011-11-15T14:00:00Z");  // two working hours
    EXPECT_EQ(find(noc(), number).watchers, 1);

    clock_.advance(1h);
    must(desk_->add_note(noc(), number, {"We look at it.", Visibility::private_, {}}));
    EXPECT_FALSE(find(noc(), number).answer.done) << "what only the team reads answers nobody";
    must(desk_->add_note(noc(), number, {"Which application is it?", Visibility::public_, State::waiting}));
    c = find(mario, number);
    EXPECT_EQ(c.state, State::waiting);
    EXPECT_TRUE(c.answer.done && !c.answer.late);
    EXPECT_TRUE(c.solution.paused);
    EXPECT_EQ(c.notes, 1);
    EXPECT_EQ(find(noc(), number).notes, 2);

    clock_.advance(20h);
    must(desk_->add_note(mario, number, {"Video.", Visibility::public_, {}}));
    EXPECT_EQ(find(mario, number).state, State::working);
    must(desk_->change(noc(), number, {}, {.state = State::solved, .note = "The window was too small."}));
    c = must(desk_->change(noc(), number, {}, {.state = State::closed}));
    EXPECT_EQ(c.state, State::closed);
    EXPECT_TRUE(c.closed);
    EXPECT_THAT(kinds(mario, number),
                ElementsAre("opened", "note", "moved", "note", "moved", "note", "moved", "moved"));
    EXPECT_THAT(events(), ElementsAre("CaseOpened case:1", "CaseNoteAdded case:1", "CaseChanged case:1",
                                      "CaseNoteAdded case:1", "CaseChanged case:1", "CaseNoteAdded case:1",
                                      "CaseNoteAdded case:1", "CaseChanged case:1", "CaseClosed case:1"));
    EXPECT_EQ(code(desk_->change(noc(), number, {}, {.state = State::waiting})), ErrorCode::conflict);
}

TEST_P(DeskTest, WhatItRefuses) {
    EXPECT_EQ(code(desk_->open(noc(), help(" "))), ErrorCode::invalid);
    EXPECT_EQ(code(desk_->open(noc(), help("x", {"nobody"}))), ErrorCode::invalid);
    NewCase wrong = help("x");
    wrong.objects = {"santiago"};
    EXPECT_EQ(code(desk_->open(noc(), wrong)), ErrorCode::invalid);
    EXPECT_EQ(code(desk_->open(member_of("reuna"), help("x", {"rnp"}))), ErrorCode::forbidden);
    NewCase operations = help("x", {"reuna"});
    operations.queue = Queue::operations;
    EXPECT_EQ(code(desk_->open(member_of("reuna"), operations)), ErrorCode::forbidden);
    must(desk_->open(operator_of("reuna"), operations));
    operations.queue = Queue::security;
    EXPECT_EQ(code(desk_->open(noc(), operations)), ErrorCode::forbidden);
    EXPECT_EQ(code(desk_->find(noc(), 99)), ErrorCode::not_found);
    EXPECT_EQ(code(desk_->add_note(noc(), 1, {" \n", Visibility::public_, {}})), ErrorCode::invalid);
    EXPECT_EQ(code(desk_->add_note(member_of("reuna"), 1, {"x", Visibility::private_, {}})), ErrorCode::forbidden);
    EXPECT_EQ(code(desk_->add_note(member_of("rnp"), 1, {"x", Visibility::public_, {}})), ErrorCode::not_found);
    EXPECT_EQ(code(desk_->change(member_of("reuna"), 1, {}, {.title = "y"})), ErrorCode::forbidden);
    EXPECT_EQ(code(desk_->change(noc(), 1, 7, {.title = "y"})), ErrorCode::precondition_failed);
    EXPECT_EQ(code(desk_->change(operator_of("reuna"), 1, {}, {.organisations = std::vector<std::string>{"rnp"}})),
              ErrorCode::forbidden);
}

TEST_P(DeskTest, TheSecurityQueueDoesNotExistForOthers) {
    NewCase incident = help("Worm", {"reuna"});
    incident.queue = Queue::security;
    incident.visibility = Visibility::public_;
    const std::int64_t number = must(desk_->open(csirt(), incident));
    EXPECT_EQ(find(csirt(), number).visibility, Visibility::private_);
    for (const Caller& caller : {noc(), member_of("reuna"), operator_of("reuna"), stranger()}) {
        EXPECT_EQ(code(desk_->find(caller, number)), ErrorCode::not_found);
        EXPECT_THAT(numbers(caller), ElementsAre());
        for (const QueueState& state : must(desk_->queues(caller)))
            EXPECT_NE(state.queue, Queue::security);
        EXPECT_EQ(code(desk_->watch(caller, number, {caller.id, "", {}})), ErrorCode::not_found);
    }
    EXPECT_THAT(numbers(csirt()), ElementsAre(number));
    // Nor does it go where others see it.
    const std::int64_t other = must(desk_->open(noc(), help("x")));
    EXPECT_NE(desk_->merge(house(), number, other).error().code, ErrorCode::internal);
    // The journal has no title of it.
    for (const data::Event& event : must(journal_->events({.limit = 100})))
        EXPECT_EQ(to_json(event.body).find("Worm"), std::string::npos);
}

/// The rule for lists and the rule for one case are one rule.
TEST_P(DeskTest, AListShowsWhatOneMaySee) {
    Rng rng(3);
    const std::vector<std::string> organisations = {"clara", "reuna", "rnp"};
    const std::vector<Caller> callers = {
        noc(), csirt(), member_of("reuna"), member_of("rnp", "rita"), operator_of("reuna"), stranger(), house()};
    for (int i = 0; i < 60; ++i) {
        NewCase wanted = help(fmt::format("Case {}", i));
        wanted.queue = static_cast<Queue>(rng.below(4));
        wanted.visibility = static_cast<Visibility>(rng.below(3));
        for (const std::string& organisation : organisations)
            if (rng.below(3) == 0) wanted.organisations.push_back(organisation);
        if (rng.below(3) == 0) wanted.watchers = {callers[rng.below(6)].id};
        must(desk_->open(house(), wanted));
    }
    for (const Caller& caller : callers) {
        std::vector<std::int64_t> seen;
        for (std::int64_t number = 60; number > 0; --number)
            if (desk_->find(caller, number)) seen.push_back(number);
        EXPECT_EQ(numbers(caller), seen) << caller.id;
        std::vector<std::int64_t> all(60);
        for (std::int64_t i = 0; i < 60; ++i)
            all[static_cast<std::size_t>(i)] = 60 - i;
        std::vector<std::int64_t> among;
        for (const Case& each : must(desk_->cases(caller, all)))
            among.push_back(each.number);
        EXPECT_EQ(among, seen) << caller.id;
    }
    EXPECT_EQ(numbers(house()).size(), 60U);
    EXPECT_LT(numbers(stranger()).size(), numbers(member_of("reuna")).size());
}

TEST_P(DeskTest, ListsFilterSearchAndPage) {
    NewCase one = help("Falla en el enlace a São Paulo", {"rnp"});
    one.objects = {"link:sao-paulo-panama"};
    one.teams = {"rnp-noc"};
    one.priority = Priority::urgent;
    must(desk_->open(noc(), one));
    clock_.advance(1h);
    NewCase two = help("Slow video", {"reuna"});
    two.description = "From Santiago to Panamá, since Monday";
    must(desk_->open(noc(), two));
    NewCase three = help("Fibre cut");
    three.queue = Queue::operations;
    three.owner = "person:nora";
    must(desk_->open(noc(), three));
    const auto with = [&](auto set) {
        CaseFilter filter;
        set(filter);
        return numbers(noc(), filter);
    };
    EXPECT_THAT(with([](CaseFilter& f) { f.queue = Queue::operations; }), ElementsAre(3));
    EXPECT_THAT(with([](CaseFilter& f) { f.organisation = "rnp"; }), ElementsAre(1));
    EXPECT_THAT(with([](CaseFilter& f) { f.object = "link:sao-paulo-panama"; }), ElementsAre(1));
    EXPECT_THAT(with([](CaseFilter& f) { f.team = "rnp-noc"; }), ElementsAre(1));
    EXPECT_THAT(with([](CaseFilter& f) { f.owner = "person:nora"; }), ElementsAre(3));
    EXPECT_THAT(with([](CaseFilter& f) { f.owner = "none"; }), ElementsAre(2, 1));
    EXPECT_THAT(with([](CaseFilter& f) { f.priority = Priority::urgent; }), ElementsAre(1));
    EXPECT_THAT(with([](CaseFilter& f) { f.text = "sao paulo"; }), ElementsAre(1));
    EXPECT_THAT(with([](CaseFilter& f) { f.text = "PANAMÁ"; }), ElementsAre(2, 1));
    EXPECT_THAT(with([](CaseFilter& f) { f.text = "pana vid"; }), ElementsAre(2));
    EXPECT_THAT(with([](CaseFilter& f) { f.text = "#3"; }), ElementsAre(3));
    EXPECT_THAT(with([](CaseFilter& f) { f.text = "nothing"; }), ElementsAre());
    EXPECT_THAT(with([](CaseFilter& f) { f.text = "!?"; }), ElementsAre());
    EXPECT_THAT(with([](CaseFilter& f) { f.order = CaseOrder::due; }), ElementsAre(3, 2, 1))
        << "15 November is a holiday in Brazil";
    EXPECT_THAT(with([&](CaseFilter& f) { f.until = clock_.now(); }), ElementsAre(1));
    clock_.advance(121min);
    EXPECT_THAT(with([](CaseFilter& f) { f.late = true; }), ElementsAre(3));
    EXPECT_THAT(with([](CaseFilter& f) { f.late = false; }), ElementsAre(2, 1));
    must(desk_->add_note(noc(), 1, {"Taken.", Visibility::public_, State::working}));
    EXPECT_THAT(with([](CaseFilter& f) { f.order = CaseOrder::changed; }), ElementsAre(1, 3, 2));
    EXPECT_THAT(with([](CaseFilter& f) { f.state = State::new_; }), ElementsAre(3, 2));
    CaseFilter mine;
    mine.mine = true;
    EXPECT_THAT(numbers(member_of("reuna"), mine), ElementsAre());
    EXPECT_THAT(numbers(noc(), mine), ElementsAre(3, 2, 1));

    for (const CaseOrder order : {CaseOrder::newest, CaseOrder::changed, CaseOrder::due}) {
        CaseFilter filter;
        filter.order = order;
        std::vector<std::int64_t> paged;
        std::string cursor;
        do {
            const auto page = must(desk_->list(noc(), filter, 1, cursor));
            ASSERT_EQ(page.items.size(), 1U);
            paged.push_back(page.items[0].number);
            cursor = page.next.value_or("");
        } while (!cursor.empty());
        EXPECT_EQ(paged, numbers(noc(), filter));
    }
    EXPECT_EQ(code(desk_->list(noc(), {}, 1, "nonsense")), ErrorCode::invalid);
}

TEST_P(DeskTest, OneCauseIsOneCase) {
    NewCase down = help("Santiago–Panamá is down", {"reuna"});
    down.queue = Queue::operations;
    down.priority = Priority::urgent;
    const std::string cause = "link:santiago-panama/down";
    EXPECT_EQ(must(desk_->open_or_join(house(), cause, down)).how, Opened::How::opened);
    EXPECT_EQ(must(desk_->open_or_join(house(), cause, down)).how, Opened::How::joined);
    down.organisations = {"reuna", "clara"};
    EXPECT_EQ(must(desk_->open_or_join(house(), cause, down)).number, 1);
    EXPECT_THAT(find(noc(), 1).organisations, ElementsAre("reuna", "clara"));
    EXPECT_EQ(must(desk_->case_of_cause(cause)), 1);

    clock_.advance(5min);
    EXPECT_EQ(must(desk_->close_cause(house(), cause, "It is up.")), 1);
    EXPECT_EQ(must(desk_->close_cause(house(), cause, "It is up.")), std::nullopt);
    EXPECT_EQ(find(noc(), 1).state, State::closed);
    EXPECT_EQ(must(desk_->case_of_cause(cause)), std::nullopt);

    clock_.advance(29min);
    EXPECT_EQ(must(desk_->open_or_join(house(), cause, down)).how, Opened::How::reopened);
    EXPECT_EQ(find(noc(), 1).reopened, 1);
    EXPECT_TRUE(is_open(find(noc(), 1).state));
    must(desk_->close_cause(house(), cause, ""));
    clock_.advance(31min);
    const Opened later = must(desk_->open_or_join(house(), cause, down));
    EXPECT_EQ(later.how, Opened::How::opened);
    EXPECT_EQ(later.number, 2);
    EXPECT_THAT(numbers(noc(), {.open = true}), ElementsAre(2));
    EXPECT_EQ(code(desk_->open_or_join(house(), "", down)), ErrorCode::invalid);
    EXPECT_EQ(code(desk_->open_or_join(member_of("reuna"), "x", down)), ErrorCode::forbidden);
}

TEST_P(DeskTest, CausesThatCameTogetherCloseWithTheLast) {
    NewCase down = help("A link is down");
    down.queue = Queue::operations;
    must(desk_->open_or_join(house(), "a", down));
    must(desk_->open_or_join(house(), "b", down));
    must(desk_->merge(noc(), 2, 1));
    EXPECT_EQ(must(desk_->case_of_cause("b")), 1);
    EXPECT_EQ(must(desk_->open_or_join(house(), "b", down)).number, 1);
    EXPECT_EQ(must(desk_->close_cause(house(), "a", "up")), std::nullopt);
    EXPECT_TRUE(is_open(find(noc(), 1).state));
    EXPECT_EQ(must(desk_->close_cause(house(), "b", "up")), 1);
    EXPECT_EQ(find(noc(), 1).state, State::closed);
}

TEST_P(DeskTest, MergedCasesAreOneAndTheirNumbersLeadOn) {
    must(desk_->open(noc(), help("First", {"reuna"})));
    clock_.advance(1min);
    NewCase second = help("Second", {"rnp"});
    second.objects = {"site:panama"};
    second.watchers = {"mail:ana@rnp.br"};
    must(desk_->open(noc(), second));
    clock_.advance(1min);
    must(desk_->add_note(noc(), 1, {"on the first", Visibility::public_, {}}));
    clock_.advance(1min);
    must(desk_->add_note(noc(), 2, {"on the second", Visibility::public_, {}}));
    must(desk_->attach(noc(), 2, {"trace.txt", "1 panama"}, Visibility::public_));
    must(database_->write([&](auto& t) { return desk_->remember_message(t, 2, "m1@rnp.br"); }));
    clock_.advance(1min);

    const Case merged = must(desk_->merge(noc(), 2, 1));
    EXPECT_EQ(merged.number, 1);
    EXPECT_THAT(merged.organisations, ElementsAre("reuna", "rnp"));
    EXPECT_EQ(merged.notes, 2);
    EXPECT_EQ(merged.attachments, 1);
    const Case gone = find(noc(), 2);
    EXPECT_EQ(gone.state, State::merged);
    EXPECT_EQ(gone.merged_into, 1);
    EXPECT_EQ(gone.notes, 0);
    EXPECT_THAT(numbers(noc()), ElementsAre(1));
    EXPECT_THAT(numbers(noc(), {.state = State::merged}), ElementsAre(2));
    std::vector<std::string> said;
    for (const Entry& each : must(desk_->timeline(noc(), 1, 100, {}, true)).items)
        said.push_back(each.text + (each.origin ? fmt::format(" ({})", *each.origin) : ""));
    EXPECT_THAT(said, ElementsAre("on the first", "on the second (2)"));
    EXPECT_EQ(must(desk_->case_of_message("m1@rnp.br")), 1);
    EXPECT_TRUE(must(desk_->is_watching(1, "mail:ana@rnp.br")));
    EXPECT_TRUE(must(desk_->is_watching(2, "mail:ana@rnp.br"))) << "the old number leads on";
    must(desk_->add_note(noc(), 2, {"to the old number", Visibility::public_, {}}));
    EXPECT_EQ(find(noc(), 1).notes, 3);
    EXPECT_EQ(code(desk_->change(noc(), 2, {}, {.title = "x"})), ErrorCode::conflict);
    EXPECT_EQ(code(desk_->merge(noc(), 2, 1)), ErrorCode::conflict);
    EXPECT_EQ(code(desk_->merge(noc(), 1, 2)), ErrorCode::invalid) << "2 is 1 now";
    EXPECT_EQ(code(desk_->merge(member_of("reuna"), 1, 1)), ErrorCode::forbidden);
    EXPECT_THAT(events(), testing::Contains("CaseMerged case:2"));
}

TEST_P(DeskTest, APartBecomesACaseOfItsOwn) {
    must(desk_->open(noc(), help("Two things", {"reuna"})));
    must(desk_->add_note(noc(), 1, {"the first thing", Visibility::public_, {}}));
    const std::int64_t note = must(desk_->add_note(noc(), 1, {"another thing", Visibility::public_, {}}));
    const std::vector<std::int64_t> entries = {note};
    const std::int64_t made = must(desk_->split(noc(), 1, entries, "Another thing"));
    EXPECT_EQ(made, 2);
    const Case part = find(noc(), made);
    EXPECT_EQ(part.title, "Another thing");
    EXPECT_EQ(part.description, "another thing");
    EXPECT_THAT(part.organisations, ElementsAre("reuna"));
    EXPECT_THAT(part.objects, ElementsAre("case:1"));
    EXPECT_EQ(part.notes, 1);
    EXPECT_EQ(find(noc(), 1).notes, 1);
    EXPECT_THAT(find(noc(), 1).objects, ElementsAre("case:2"));
    EXPECT_EQ(code(desk_->split(noc(), 1, entries, "again")), ErrorCode::invalid);
    const std::vector<std::int64_t> opening = {must(desk_->timeline(noc(), 1, 1, {}, false)).items[0].id};
    EXPECT_EQ(code(desk_->split(noc(), 1, opening, "again")), ErrorCode::invalid);
}

TEST_P(DeskTest, EvidenceIsKeptAsItWas) {
    std::vector<data::ArchiveRecord> minutes;
    for (int i = 0; i < 10; ++i)
        minutes.push_back(
            {"santiago/panama", clock_.now() - std::chrono::minutes(10 - i), {i == 5 ? 0 : 90, 35'000'000 + i}, {}});
    must(archive_->append("delay", minutes, std::nullopt));
    must(journal_->append("link:santiago-panama", events::LabLinkSet{"santiago-panama", "down", ""}));
    clock_.advance(1s);
    NewCase wanted = help("Slow");
    wanted.freeze = {{EvidenceKind::series, "delay", "santiago/panama", clock_.now() - 10min, {}},
                     {EvidenceKind::path, "", "santiago/sao-paulo", {}, {}},
                     {EvidenceKind::events, "", "link:santiago-panama", {}, {}},
                     {EvidenceKind::events, "", "", clock_.now() - 10min, {}},
                     {EvidenceKind::series, "delay", "no/where", {}, {}}};
    must(desk_->open(noc(), wanted));
    // What comes later changes nothing of it.
    must(archive_->append("delay", std::vector<data::ArchiveRecord>{{"santiago/panama", minutes[0].time, {1, 1}, {}}},
                          std::nullopt));
    const auto kept = must(desk_->evidence(noc(), 1));
    ASSERT_EQ(kept.size(), 4U);
    EXPECT_EQ(find(noc(), 1).evidence, 4);
    ASSERT_EQ(kept[0].columns.size(), 3U);
    EXPECT_EQ(kept[0].object, "pair:santiago/panama");
    EXPECT_EQ(kept[0].columns[0].unit, "s");
    EXPECT_EQ(kept[0].columns[1].name, "delay_median");
    EXPECT_EQ(kept[0].columns[1].unit, "us");
    EXPECT_EQ(kept[0].columns[1].values.size(), 9U);  // the first minute began before
    EXPECT_FALSE(kept[0].columns[1].values[4]) << "nothing was received";
    EXPECT_NEAR(*kept[0].columns[1].values[0], 35'000.001, 1e-6);
    EXPECT_THAT(kept[0].description, HasSubstr("delay_median 35000 to 35000 us"));
    ASSERT_EQ(kept[1].hops.size(), 3U);
    EXPECT_EQ(kept[1].hops[0].link, "santiago-panama");
    EXPECT_EQ(kept[1].hops[1].site, "panama");
    EXPECT_EQ(kept[1].hops[1].metres, 6e6);
    EXPECT_THAT(kept[1].description, HasSubstr("2 hops, 11000 km"));
    ASSERT_EQ(kept[2].events.size(), 1U);
    EXPECT_EQ(kept[2].events[0].type, "LabLinkSet");
    EXPECT_EQ(kept[3].object, "") << "the whole network";
    EXPECT_FALSE(kept[3].events.empty());

    NewCase unclear = help("x");
    unclear.freeze = {{EvidenceKind::series, "nothing", "a/b", {}, {}}};
    EXPECT_EQ(code(desk_->open(noc(), unclear)), ErrorCode::invalid);
    unclear.freeze = {{EvidenceKind::events, "", "", clock_.now() - 200h, {}}};
    EXPECT_EQ(code(desk_->open(noc(), unclear)), ErrorCode::invalid);
    EXPECT_THAT(numbers(noc()), ElementsAre(1));
}

TEST_P(DeskTest, FilesAreWhatTheyAre) {
    must(desk_->open(noc(), help("With files", {"reuna"})));
    const Caller mario = member_of("reuna");
    const auto text = must(desk_->attach(mario, 1, {"../../etc/trace.png", "<html><script>"}, Visibility::public_));
    EXPECT_EQ(text.name, "trace.png");
    EXPECT_EQ(text.media_type, "text/plain");
    const auto secret = must(desk_->attach(noc(), 1, {"x.png", "\x89PNG\r\n\x1a\n1234"}, Visibility::private_));
    EXPECT_EQ(secret.media_type, "image/png");
    EXPECT_EQ(must(desk_->attachment(mario, 1, text.id)).octets, "<html><script>");
    EXPECT_EQ(code(desk_->attachment(mario, 1, secret.id)), ErrorCode::not_found);
    EXPECT_EQ(must(desk_->attachments(mario, 1)).size(), 1U);
    EXPECT_EQ(find(mario, 1).attachments, 1);
    EXPECT_EQ(find(noc(), 1).attachments, 2);
    EXPECT_EQ(code(desk_->attach(noc(), 1, {"big", std::string(10 * 1024 * 1024 + 1, 'x')}, Visibility::public_)),
              ErrorCode::too_large);
    EXPECT_EQ(code(desk_->attach(stranger(), 1, {"x", "x"}, Visibility::public_)), ErrorCode::not_found);
    // The same content is kept once.
    EXPECT_EQ(must(desk_->attach(noc(), 1, {"y.txt", "<html><script>"}, Visibility::public_)).sha256, text.sha256);
}

TEST_P(DeskTest, NobodyFillsTheDiskAlone) {
    rules_.attachments_a_day = ByteCount{100};
    open_desk();
    must(desk_->open(noc(), help("With files", {"reuna"})));
    const Caller mario = member_of("reuna");
    const auto send = [&](const Caller& who, std::size_t octets) {
        return desk_->attach(who, 1, {"x.txt", std::string(octets, 'x')}, Visibility::public_);
    };
    must(send(mario, 60));
    must(send(mario, 40));
    EXPECT_EQ(code(send(mario, 1)), ErrorCode::limited);
    must(send(noc(), 60));
    must(send(house(), 200));
    clock_.advance(25h);
    must(send(mario, 60));
}

TEST_P(DeskTest, WhatComesByMailIsMarkedAndOpensAgain) {
    NewCase wanted = help("By mail", {"reuna"});
    wanted.watchers = {"mail:ana@uchile.cl"};
    must(desk_->open(house(), wanted));
    must(desk_->change(noc(), 1, {}, {.state = State::closed}));
    std::int64_t id = 0;
    must(database_->write([&](data::Transaction& t) -> Result<void> {
        id = TRY(desk_->add_outside_note(t, 1, {"mail:ana@uchile.cl", "Ana", "Still slow", {{"a.pdf", "%PDF-1.4"}}}));
        return desk_->remember_message(t, 1, "x@uchile.cl");
    }));
    EXPECT_EQ(find(noc(), 1).state, State::working);
    const auto notes = must(desk_->timeline(noc(), 1, 10, {}, true)).items;
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].id, id);
    EXPECT_TRUE(notes[0].unverified);
    EXPECT_EQ(notes[0].who, "mail:ana@uchile.cl");
    EXPECT_EQ(notes[0].attachment_ids.size(), 1U);
    EXPECT_EQ(must(desk_->timeline(member_of("reuna"), 1, 10, {}, true)).items[0].who, "mail");
    EXPECT_THAT(must(desk_->messages_of(1)), ElementsAre("x@uchile.cl"));
    EXPECT_EQ(must(desk_->case_of_message("nothing")), std::nullopt);
    for (const data::Event& event : must(journal_->events({.limit = 100})))
        EXPECT_EQ((event.actor + to_json(event.body)).find("uchile.cl"), std::string::npos)
            << "the journal is read by many";
}

TEST_P(DeskTest, WatchersComeAndGo) {
    must(desk_->open(noc(), help("Watched", {"reuna"})));
    const Caller sven = stranger();
    EXPECT_EQ(code(desk_->watch(sven, 1, {sven.id, "", {}})), ErrorCode::not_found);
    must(desk_->watch(noc(), 1, {sven.id, "en", {}}));
    must(desk_->watch(noc(), 1, {sven.id, "en", {}}));
    EXPECT_EQ(find(sven, 1).title, "Watched");
    EXPECT_EQ(must(desk_->watchers(sven, 1)).size(), 1U) << "others are the team's to know";
    EXPECT_EQ(must(desk_->watchers(noc(), 1)).size(), 2U);
    EXPECT_EQ(code(desk_->watch(sven, 1, {"mail:x@y.z", "", {}})), ErrorCode::forbidden);
    must(desk_->add_note(sven, 1, {"I see it too", Visibility::public_, {}}));
    must(desk_->unwatch(sven, 1, sven.id));
    EXPECT_EQ(code(desk_->find(sven, 1)), ErrorCode::not_found);
    EXPECT_EQ(code(desk_->unwatch(noc(), 1, sven.id)), ErrorCode::not_found);
}

TEST_P(DeskTest, ServiceClocksEscalateOnce) {
    NewCase wanted = help("Performance", {"reuna"});
    wanted.queue = Queue::performance;
    wanted.owner = "person:nora";
    must(desk_->open(noc(), wanted));
    EXPECT_GT(looked_at_, 0);
    EXPECT_EQ(format_time(must(desk_->escalate()).value()), "2011-11-15T13:30:00Z");
    clock_.advance(90min);
    EXPECT_EQ(format_time(must(desk_->escalate()).value()), "2011-11-15T14:00:00Z");
    clock_.advance(31min);
    must(desk_->escalate());
    must(desk_->escalate());
    EXPECT_EQ(find(noc(), 1).escalation, 2);
    EXPECT_TRUE(find(noc(), 1).answer.late);
    EXPECT_THAT(kinds(noc(), 1), ElementsAre("opened", "escalated", "escalated"));
    EXPECT_THAT(kinds(member_of("reuna"), 1), ElementsAre("opened"));
    EXPECT_THAT(events(), ElementsAre("CaseOpened case:1", "CaseEscalated case:1", "CaseEscalated case:1"));
    must(desk_->change(noc(), 1, {}, {.state = State::closed}));
    EXPECT_EQ(must(desk_->escalate()), std::nullopt);
}

TEST_P(DeskTest, CandidatesAreThoseOfTheTeamWithAnAccount) {
    desk_->ask_people_by(
        [] { return std::vector<Caller>{noc(), csirt(), member_of("reuna"), operator_of("reuna"), stranger()}; });
    must(desk_->open(noc(), help("Slow", {"reuna"})));
    must(desk_->open(noc(), help("Slow too", {"rnp"})));
    const auto ids = [&](std::int64_t number) {
        std::vector<std::string> out;
        for (const Candidate& each : must(desk_->candidates(noc(), number)))
            out.push_back(each.id);
        return out;
    };
    EXPECT_THAT(ids(1), ElementsAre("person:nora", "person:olga"));
    EXPECT_THAT(ids(2), ElementsAre("person:nora"));
    EXPECT_EQ(code(desk_->candidates(member_of("reuna"), 1)), ErrorCode::forbidden);
    EXPECT_EQ(code(desk_->candidates(stranger(), 1)), ErrorCode::not_found);
}

TEST_P(DeskTest, AReportBecomesAHelpCaseOnce) {
    platform::Reports reports(*database_, *journal_, clock_);
    must(reports.add(
        {.page = "/links/x", .request_id = "r-1", .text = "The map is empty\nsince today", .contact = "ana@uchile.cl"},
        "anonymous"));
    must(reports.add({.page = "/", .request_id = {}, .text = "x", .contact = "call me"}, "anonymous"));
    const auto told = must(journal_->events({.type = "ProblemReported"}));
    ASSERT_EQ(told.size(), 2U);
    for (const data::Event& each : told)
        EXPECT_THAT(to_json(each.body), Not(AnyOf(HasSubstr("uchile"), HasSubstr("call me")))) << "it stays at home";
    must(desk_->take_report(told[0]));
    must(desk_->take_report(told[0]));
    EXPECT_THAT(numbers(noc()), ElementsAre(1));
    const Case c = find(noc(), 1);
    EXPECT_EQ(c.queue, Queue::help);
    EXPECT_EQ(c.title, "The map is empty");
    EXPECT_THAT(c.objects, ElementsAre("report:1"));
    EXPECT_TRUE(must(desk_->is_watching(1, "mail:ana@uchile.cl")));
    EXPECT_THAT(must(desk_->timeline(noc(), 1, 10, {}, true)).items[0].text, HasSubstr("Request: r-1"));
    EXPECT_EQ(code(desk_->find(member_of("reuna"), 1)), ErrorCode::not_found);
    must(desk_->take_report(told[1]));
    EXPECT_THAT(must(desk_->timeline(noc(), 2, 10, {}, true)).items[0].text, HasSubstr("Contact: call me"));
}

TEST_P(DeskTest, StatisticsComeFromTheCases) {
    for (int i = 0; i < 3; ++i)
        must(desk_->open(noc(), help(fmt::format("Help {}", i), {"reuna"})));
    must(desk_->open(noc(), help("Other", {"rnp"})));
    clock_.advance(1h);
    must(desk_->add_note(noc(), 1, {"yes", Visibility::public_, {}}));
    clock_.advance(200h);
    must(desk_->add_note(noc(), 2, {"late", Visibility::public_, State::solved}));
    const auto all = must(desk_->statistics(noc(), {.by_organisation = true}));
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].month, "2011-11");
    EXPECT_EQ(all[0].organisation, "");
    EXPECT_EQ(all[0].opened, 4);
    EXPECT_EQ(all[0].answered, 2);
    EXPECT_EQ(all[0].answered_in_time, 1);
    EXPECT_EQ(all[0].solved, 1);
    EXPECT_EQ(all[0].still_open, 3);
    EXPECT_EQ(all[0].median_answer_s, 3600);
    EXPECT_EQ(all[1].organisation, "reuna");
    EXPECT_EQ(all[1].opened, 3);
    EXPECT_EQ(must(desk_->statistics(member_of("rnp"), {}))[0].opened, 1);
    EXPECT_TRUE(must(desk_->statistics(noc(), {.queue = Queue::operations})).empty());
    const auto queues = must(desk_->queues(noc()));
    ASSERT_EQ(queues.size(), 3U);
    EXPECT_EQ(queues[2].open, 3);
    EXPECT_EQ(queues[2].unanswered, 2);
    EXPECT_EQ(queues[2].late, 3);
    EXPECT_EQ(queues[2].unowned, 3);
    EXPECT_TRUE(queues[2].may_work);
    EXPECT_FALSE(must(desk_->queues(member_of("rnp")))[2].may_work);
}

}  // namespace
}  // namespace quipu::desk
