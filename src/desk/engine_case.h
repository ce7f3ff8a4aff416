#pragma once
// The life of a case: which steps there are in each queue, its two service clocks (first answer, solution), when they
// run out and who is told before. Values and the time in, values out.
//
// A clock runs in working time. It stands still while the case waits for the one who asked, ends when it is answered or
// solved, and goes on where it stood when the case is opened again. It is late when it has used more than was promised.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "desk/calendar.h"
#include "desk/model.h"

namespace quipu::desk {

// ---- what is promised

/// Working time until the first answer and until the solution; zero: nothing is promised.
struct Promise {
    Nanoseconds answer{};
    Nanoseconds solution{};
    bool around_the_clock = false;  ///< nights, weekends and holidays count too
};
class Promises {
  public:
    /// A performance case is answered within two working hours; the network itself is looked after day and night.
    Promises();
    [[nodiscard]] const Promise& of(Queue queue, Priority priority) const;
    void set(Queue queue, Priority priority, const Promise& promise);

  private:
    std::array<std::array<Promise, 4>, 4> all_;
};
/// "2 h of working time", "30 min".
[[nodiscard]] std::string in_words(const Promise& promise);

// ---- the state machine

/// States that a case of this queue may move to.
[[nodiscard]] std::span<const State> steps_from(Queue queue, State from);
/// All states of a queue.
[[nodiscard]] std::vector<State> states_of(Queue queue);

struct Watch {
    Nanoseconds promised{};     ///< zero: nothing
    Nanoseconds used{};         ///< until `since`
    std::optional<Time> since;  ///< runs since then; absent: stands still, or done
    std::optional<Time> done;
    std::optional<Time> due;  ///< while it runs
    std::int64_t step = 0;    ///< of escalation, already told
    bool late = false;        ///< when it was done
};

struct Progress {
    Queue queue = Queue::help;
    State state = State::new_;
    Priority priority = Priority::normal;
    Watch answer, solution;
    std::optional<Time> closed;
    std::int64_t reopened = 0;
};

enum class ClockName : std::uint8_t { answer, solution };
constexpr auto describe_enum(ClockName) {
    return names<ClockName>({{ClockName::answer, "answer"}, {ClockName::solution, "solution"}});
}
/// 1: three quarters of the time have passed; 2: late; 3: twice the time has passed.
struct Escalation {
    ClockName clock = ClockName::answer;
    std::int64_t step = 1;
};

/// Decides for one case. `business` is its country's working time.
class CaseEngine {
  public:
    CaseEngine(const Promises& promises, const Calendar& business) : promises_(promises), business_(business) {}

    [[nodiscard]] Progress open(Queue queue, Priority priority, Time now) const;
    /// A person's step; `conflict` when the queue has none from here, and says which there are.
    [[nodiscard]] Result<void> move(Progress& progress, State to, Time now) const;
    /// The team has said something to the one who asked.
    void answer(Progress& progress, Time now) const;
    /// The one who asked, or somebody outside, has said something: what waited, was solved or closed goes on.
    void hear(Progress& progress, Time now) const;
    /// What opened it by itself is over.
    void close(Progress& progress, Time now) const;
    /// It was closed and its cause is back.
    void reopen(Progress& progress, Time now) const;
    void merge(Progress& progress, Time now) const;
    /// Other promises, or another calendar, from now on; what was used stays used.
    void change(Progress& progress, Queue queue, Priority priority, Time now) const;

    /// When something of it is to be looked at next: the next escalation.
    [[nodiscard]] std::optional<Time> next_look(const Progress& progress) const;
    /// Escalations that are due; each is answered once.
    [[nodiscard]] std::vector<Escalation> look(Progress& progress, Time now) const;

    [[nodiscard]] static ServiceClock shown(const Watch& watch, Time now);

  private:
    [[nodiscard]] const Calendar& calendar(const Progress& progress) const;
    void enter(Progress& progress, State to, Time now) const;
    void run(Watch& watch, const Calendar& calendar, Time now) const;
    void pause(Watch& watch, const Calendar& calendar, Time now) const;
    void finish(Watch& watch, const Calendar& calendar, Time now) const;
    [[nodiscard]] std::optional<Time> time_of_step(const Watch& watch, const Calendar& calendar,
                                                   std::int64_t step) const;

    const Promises& promises_;
    const Calendar& business_;
    const Calendar always_;
};

}  // namespace quipu::desk
