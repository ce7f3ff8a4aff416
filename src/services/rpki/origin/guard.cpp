#include "services/rpki/origin/guard.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace quipu::rpki {
namespace {

constexpr std::size_t kExamples = 20;

std::string vrp_text(const Vrp& vrp) {
    return fmt::format("{}-{} AS{}", vrp.prefix().text(), vrp.max_length, vrp.as);
}

/// What one scope had and loses.
struct Tally {
    std::int64_t before = 0;
    std::int64_t lost = 0;
    std::vector<std::string> examples;

    void lose(const Vrp& vrp) {
        ++lost;
        if (examples.size() < kExamples) examples.push_back(vrp_text(vrp));
    }
};

/// Every scope's tally of the change from one set to another.
struct Comparison {
    Tally whole;
    std::map<std::string, Tally, std::less<>> anchors;
    std::map<std::string, Tally, std::less<>> members;
    std::int64_t added = 0;
};

Comparison compare(const AnchoredPayloads& before, const AnchoredPayloads& after, const Members& members) {
    Comparison out;
    // Both sorted: one walk. A VRP that another trust anchor has now is not lost.
    auto next = after.set.vrps.begin();
    const auto end = after.set.vrps.end();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < before.set.vrps.size(); ++i) {
        const Vrp& vrp = before.set.vrps[i];
        while (next != end && *next < vrp)
            ++next;
        const bool gone = next == end || *next != vrp;
        kept += gone ? 0 : 1;
        const auto tally = [&](Tally& of) {
            ++of.before;
            if (gone) of.lose(vrp);
        };
        tally(out.whole);
        if (i < before.vrp_anchors.size() && before.vrp_anchors[i] < before.anchor_names.size())
            tally(out.anchors[before.anchor_names[before.vrp_anchors[i]]]);
        if (!members.all().empty())
            members.for_each_concerned(vrp.prefix(), vrp.as,
                                       [&](const Members::Member& m) { tally(out.members[m.id]); });
    }
    out.added = static_cast<std::int64_t>(after.set.vrps.size() - kept);
    return out;
}

GuardLoss loss_of(GuardScope scope, std::string name, Tally tally, double limit, std::int64_t at_least) {
    GuardLoss out{.scope = scope, .name = std::move(name), .before = tally.before, .lost = tally.lost, .examples = {}};
    out.percent = 100.0 * static_cast<double>(tally.lost) / static_cast<double>(tally.before);
    out.too_much = tally.lost >= at_least && out.percent > limit;
    out.examples = std::move(tally.examples);
    return out;
}

std::vector<GuardLoss> losses_of(Comparison comparison, const GuardSettings& settings) {
    std::vector<GuardLoss> out;
    const auto add = [&](GuardScope scope, const std::string& name, Tally& tally, double limit) {
        if (tally.lost > 0) out.push_back(loss_of(scope, name, std::move(tally), limit, settings.at_least));
    };
    add(GuardScope::whole, {}, comparison.whole, settings.whole_percent);
    for (auto& [name, tally] : comparison.anchors)
        add(GuardScope::anchor, name, tally, settings.anchor_percent);
    for (auto& [name, tally] : comparison.members)
        add(GuardScope::member, name, tally, settings.member_percent);
    std::ranges::sort(out, {}, [](const GuardLoss& loss) {
        return std::tuple(!loss.too_much, -loss.percent, loss.scope, std::string_view(loss.name));
    });
    return out;
}

}  // namespace

void Guard::restore(std::shared_ptr<const AnchoredPayloads> served, std::optional<HeldChange> held,
                    std::int64_t last_id) {
    served_ = std::move(served);
    waiting_ = nullptr;  // known again with the next offer
    held_ = std::move(held);
    last_id_ = std::max(last_id, held_ ? held_->id : 0);
}

void Guard::pass() {
    served_ = std::move(waiting_);
    waiting_ = nullptr;
    held_.reset();
}

Guard::Outcome Guard::offer(std::shared_ptr<const AnchoredPayloads> candidate, const Members& members, Time now) {
    waiting_ = std::move(candidate);
    if (served_ == nullptr) {
        pass();
        return Outcome::passed;
    }
    Comparison comparison = compare(*served_, *waiting_, members);
    const std::int64_t lost = comparison.whole.lost;
    const std::int64_t added = comparison.added;
    std::vector<GuardLoss> losses = losses_of(std::move(comparison), settings_);
    if (losses.empty() || !losses.front().too_much) {
        pass();
        return Outcome::passed;
    }
    const bool fresh = !held_;
    if (fresh) held_ = HeldChange{.id = ++last_id_, .since = now, .release_at = {}, .losses = {}};
    held_->release_at =
        settings_.release_after > Nanoseconds{} ? std::optional(held_->since + settings_.release_after) : std::nullopt;
    held_->lost = lost;
    held_->added = added;
    held_->losses = std::move(losses);
    // A change whose time is over when it is looked at again passes at once.
    if (tick(now)) return Outcome::time_passed;
    return fresh ? Outcome::held : Outcome::still_held;
}

bool Guard::tick(Time now) {
    if (!held_ || waiting_ == nullptr || !held_->release_at || now < *held_->release_at) return false;
    pass();
    return true;
}

Result<void> Guard::release(std::int64_t id) {
    if (!held_) return fail(ErrorCode::conflict, "no change is held", {}, "it passed meanwhile");
    if (held_->id != id)
        return fail(ErrorCode::conflict, fmt::format("change {} is held, not {}", held_->id, id), {},
                    "look at what is held now, then release that");
    if (waiting_ == nullptr)
        return fail(ErrorCode::unavailable, "the held change is not known again yet since the restart", {},
                    "release it after the next run of the validation");
    pass();
    return {};
}

}  // namespace quipu::rpki
