// What the guard holds is a case, once, whatever crashes in between; and the case ends with what is held.

#include <gmock/gmock.h>

#include "events/events.h"
#include "services/rpki/service/test_rounds.h"

namespace quipu::rpki {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class GuardRecord : public RoundsOfTest {
  protected:
    /// Half of REUNA's and all of RNP's would go.
    void hold(bool routers = false) {
        live(routers);
        round();
        clock_.advance(9min);
        publish(kEach / 2, 0);
        round();
        ASSERT_TRUE(rounds_->state()->held);
    }
    desk::Case the_case() {
        const auto list = must(desk_->list(desk::house(), {}, 100, {}));
        EXPECT_EQ(list.items.size(), 1U);
        return list.items.empty() ? desk::Case{} : list.items.front();
    }
    std::string last_note() {
        const auto notes = must(desk_->timeline(desk::house(), the_case().number, 100, {}, true));
        return notes.items.empty() ? std::string() : notes.items.back().text;
    }
};
INSTANTIATE_TEST_SUITE_P(, GuardRecord, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(GuardRecord, WhatIsHeldIsOneCaseOfNetworkOperations) {
    hold();
    EXPECT_EQ(served(), 2 * kEach) << "routers keep what they had";
    deliver();
    const desk::Case held = the_case();
    EXPECT_EQ(held.queue, desk::Queue::operations);
    EXPECT_EQ(held.priority, desk::Priority::urgent) << "of everything";
    EXPECT_THAT(held.organisations, ElementsAre("rnp"));  // half of REUNA's is not more than half
    EXPECT_THAT(held.objects, ElementsAre("rpki:guard", "organisation:rnp"));
    EXPECT_EQ(held.language, "pt");
    EXPECT_THAT(held.title, HasSubstr("15 VRPs"));
    EXPECT_THAT(held.description, HasSubstr("Instituição rnp: 10 de 10 (100.0 %)\n  10.2.0.0/24-24 AS64502\n"));
    EXPECT_THAT(held.description, HasSubstr("Âncora de confiança lab: 15 de 20 (75.0 %)"));
    EXPECT_THAT(held.description, HasSubstr("quipu rpki release 1"));
    const auto evidence = must(desk_->evidence(desk::house(), held.number));
    ASSERT_EQ(evidence.size(), 1U);
    ASSERT_EQ(evidence[0].events.size(), 1U);
    const auto frozen = must(read<events::RpkiChangeHeld>(evidence[0].events[0].body));
    EXPECT_EQ(frozen.lost, 15);
    ASSERT_EQ(frozen.losses.size(), 3U) << "everything, the trust anchor, RNP";

    // Later rounds say nothing new; an event that comes again opens nothing.
    round();
    deliver();
    EXPECT_THAT(told_types(), ElementsAre("RpkiChangeHeld"));
    EXPECT_EQ(the_case().version, held.version);
}

TEST_P(GuardRecord, APersonReleasesAndTheCaseIsClosed) {
    hold();
    deliver();
    must(rounds_->release(1, "person:nora"));
    EXPECT_EQ(served(), kEach / 2);
    deliver();
    EXPECT_EQ(the_case().state, desk::State::closed);
    EXPECT_EQ(last_note(), "person:nora deixou passar a mudança 1: os roteadores a têm.");
    EXPECT_EQ(told().back().actor, "person:nora");
    deliver();
    EXPECT_EQ(the_case().state, desk::State::closed) << "not opened again by what comes twice";
}

TEST_P(GuardRecord, TimeReleasesAndTheCaseIsClosed) {
    settings_.guard.release_after = 1h;
    hold();
    deliver();
    EXPECT_THAT(the_case().description, HasSubstr("Passa por si: 2011-11-15 13:10 UTC."));
    clock_.advance(59min);
    round();
    EXPECT_EQ(served(), 2 * kEach);
    clock_.advance(1min);
    round();
    EXPECT_EQ(served(), kEach / 2);
    deliver();
    EXPECT_EQ(the_case().state, desk::State::closed);
    EXPECT_THAT(last_note(), HasSubstr("passou ao fim do seu prazo"));
}

TEST_P(GuardRecord, WhatGoesAwayByItselfClosesItsCase) {
    hold();
    deliver();
    clock_.advance(10min);
    publish(kEach, kEach);
    round();
    EXPECT_FALSE(rounds_->state()->held);
    deliver();
    EXPECT_EQ(the_case().state, desk::State::closed);
    EXPECT_THAT(last_note(), HasSubstr("reencontrou o que faltava"));
}

TEST_P(GuardRecord, ACrashBeforeTheJournalLosesNoCase) {
    deaf_ = true;
    hold();
    deaf_ = false;
    live();
    EXPECT_THAT(told_types(), ElementsAre());
    round();
    EXPECT_THAT(told_types(), ElementsAre("RpkiChangeHeld"));
    deliver();
    const std::int64_t number = the_case().number;
    live();
    round();
    deliver();
    EXPECT_EQ(the_case().number, number);

    // The same with its end.
    deaf_ = true;
    must(rounds_->release(1, "person:nora"));
    deaf_ = false;
    live();
    round();
    deliver();
    EXPECT_THAT(told_types(), ElementsAre("RpkiChangeHeld", "RpkiChangeReleased"));
    EXPECT_EQ(the_case().state, desk::State::closed);
    EXPECT_EQ(last_note(), "A mudança 1 já não está retida.");
}

TEST_P(GuardRecord, AnotherChangeIsAnotherCaseAlsoInALaterLife) {
    hold();
    deliver();
    must(rounds_->release(1, "person:nora"));
    clock_.advance(1h);
    publish(kEach, kEach);
    live();
    round();
    publish(0, kEach);
    round();
    ASSERT_TRUE(rounds_->state()->held);
    EXPECT_EQ(rounds_->state()->held->id, 2) << "the number of what was released in an earlier life is not used again";
    deliver();
    EXPECT_EQ(must(desk_->list(desk::house(), {}, 100, {})).items.size(), 2U);
}

TEST_P(GuardRecord, ACaseThatAPersonClosedStaysClosed) {
    hold();
    deliver();
    desk::CaseEdit edit;
    edit.state = desk::State::closed;
    must(desk_->change(desk::noc(), the_case().number, {}, edit));
    deliver();
    EXPECT_EQ(the_case().state, desk::State::closed);
}

}  // namespace
}  // namespace quipu::rpki
