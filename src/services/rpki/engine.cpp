#include "services/rpki/engine.h"

#include <atomic>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace quipu::rpki {

struct Validator::Node {
    std::shared_ptr<const Authority> authority;
    std::shared_ptr<const PointOutcome> outcome;
    bool known = false;
    std::vector<std::unique_ptr<Node>> children;  // as outcome.authorities
};

/// The threads of one run and the points that wait for them. The newest goes first, so that few wait at a time.
class Validator::Crew {
  public:
    Crew(const Settings& settings, PointArchive* archive, const Objects& objects, std::int64_t time,
         const Changes& changes, std::size_t anchors)
        : settings_(settings), archive_(archive), objects_(objects), time_(time), changes_(changes), counts_(anchors) {}

    void work(std::vector<Node*> roots) {
        for (const Node* root : roots)
            ++counts_[root->authority->anchor];
        queue_ = std::move(roots);
        pending_ = queue_.size();
        unsigned threads =
            settings_.threads != 0 ? settings_.threads : std::max(1U, std::thread::hardware_concurrency());
        std::vector<std::jthread> crew;
        for (; threads > 1; --threads)
            crew.emplace_back([this] { loop(); });
        loop();
    }
    [[nodiscard]] std::size_t examined() const { return examined_; }
    [[nodiscard]] std::uint64_t signatures() const { return signatures_; }

  private:
    void loop() {
        Workbench bench;
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return !queue_.empty() || pending_ == 0; });
            if (queue_.empty()) break;
            Node& node = *queue_.back();
            queue_.pop_back();
            lock.unlock();
            visit(node, bench);
            lock.lock();
            for (const auto& child : node.children)
                queue_.push_back(child.get());
            pending_ += node.children.size();
            --pending_;
            if (pending_ == 0 || node.children.size() > 1) changed_.notify_all();
        }
        signatures_ += bench.verifier.verified();
    }

    /// What was known of it still holds.
    [[nodiscard]] bool holds(const Node& node) const {
        return node.known && changes_ && time_ >= node.outcome->from && time_ < node.outcome->until &&
               !changes_->contains(node.authority->repository);
    }

    void visit(Node& node, Workbench& bench) {
        if (holds(node)) {
            counts_[node.authority->anchor] += node.children.size();
            return;
        }
        ++examined_;
        // Children that come back with the same certificate and resources keep what is known of them.
        std::unordered_map<std::string_view, std::unique_ptr<Node>> before;
        for (auto& child : node.children) {
            const std::string_view uri = child->authority->uri;
            before.emplace(uri, std::move(child));
        }
        node.children.clear();
        auto outcome = std::make_shared<PointOutcome>(
            validate_point(node.authority, objects_, archive_, time_, settings_.point, bench));
        node.known = true;
        auto& authorities = outcome->authorities;
        for (std::size_t i = 0; i < authorities.size();) {
            if (counts_[node.authority->anchor].fetch_add(1) >= settings_.point.limits.max_authorities) {
                outcome->refused.push_back(
                    {authorities[i]->uri, Rule::too_many_authorities,
                     fmt::format("max-authorities is {}", settings_.point.limits.max_authorities)});
                authorities.erase(authorities.begin() + static_cast<std::ptrdiff_t>(i));
                node.known = false;  // there may be room in the next run
                continue;
            }
            std::unique_ptr<Node> child;
            if (const auto known = before.find(authorities[i]->uri);
                known != before.end() && known->second->authority->same_as(*authorities[i])) {
                child = std::move(known->second);
                before.erase(known);
                // What stands below names the authority that was; the two are alike but for those above.
                if (child->authority->issuer == authorities[i]->issuer)
                    authorities[i] = child->authority;
                else
                    adopt(*child, authorities[i]);
            } else {
                child = std::make_unique<Node>();
                child->authority = authorities[i];
            }
            node.children.push_back(std::move(child));
            ++i;
        }
        node.outcome = std::move(outcome);
    }

    /// Puts a subtree below a new authority that is alike but for what stands above it. A key above may now make a loop
    /// below, so that nothing below is taken for known.
    static void adopt(Node& node, const std::shared_ptr<const Authority>& authority) {
        node.authority = authority;
        node.known = false;
    }

    const Settings& settings_;
    PointArchive* archive_;
    const Objects& objects_;
    std::int64_t time_;
    const Changes& changes_;
    std::vector<std::atomic<std::size_t>> counts_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Node*> queue_;
    std::size_t pending_ = 0;
    std::atomic<std::size_t> examined_ = 0;
    std::atomic<std::uint64_t> signatures_ = 0;
};

Validator::Validator(Settings settings, PointArchive* archive) : settings_(settings), archive_(archive) {}
Validator::~Validator() = default;

void Validator::run(std::span<const TrustAnchorLocator> locators, const Objects& objects, std::int64_t time,
                    const Changes& changes) {
    anchor_verdicts_.clear();
    anchor_names_.clear();
    for (const TrustAnchorLocator& locator : locators)
        anchor_names_.push_back(locator.name);
    roots_.resize(locators.size());
    Workbench bench;
    std::vector<Node*> ready;
    for (std::size_t i = 0; i < locators.size(); ++i) {
        std::shared_ptr<const Authority> anchor;
        bool any = false;
        for (const std::string& uri : locators[i].addresses) {
            std::vector<std::uint8_t> bytes;
            const ReadOutcome read = objects.read(uri, settings_.point.limits.max_object_size, bytes);
            if (read == ReadOutcome::missing) continue;
            any = true;
            auto checked = read == ReadOutcome::too_large
                               ? breach(Rule::object_too_large)
                               : validate_anchor(bytes, uri, locators[i], static_cast<std::uint16_t>(i), time,
                                                 settings_.point, bench);
            if (checked) {
                anchor = std::move(*checked);
                break;
            }
            anchor_verdicts_.push_back({uri, checked.error().rule, std::move(checked.error().detail)});
        }
        if (!anchor) {
            if (!any)
                anchor_verdicts_.push_back(
                    {locators[i].addresses.front(), Rule::trust_anchor_missing, locators[i].name});
            roots_[i].reset();
            continue;
        }
        anchor_verdicts_.push_back({anchor->uri, Rule::accepted, {}});
        if (!roots_[i] || !roots_[i]->authority->same_as(*anchor)) {
            roots_[i] = std::make_unique<Node>();
            roots_[i]->authority = std::move(anchor);
        }
        ready.push_back(roots_[i].get());
    }
    Crew crew(settings_, archive_, objects, time, changes, locators.size());
    crew.work(std::move(ready));
    examined_ = crew.examined();
    signatures_ = crew.signatures() + bench.verifier.verified();
}

void Validator::for_each_point(const std::function<void(const Authority&, const PointOutcome&)>& each) const {
    for (const Outcomes::Point& point : outcomes().points())
        each(*point.authority, *point.outcome);
}

Outcomes Validator::outcomes() const {
    std::vector<Outcomes::Point> points;
    std::vector<const Node*> waiting;
    for (const auto& root : roots_) {
        if (!root) continue;
        waiting.push_back(root.get());
        while (!waiting.empty()) {
            const Node* node = waiting.back();
            waiting.pop_back();
            points.push_back({node->authority, node->outcome});
            for (std::size_t i = node->children.size(); i-- > 0;)
                waiting.push_back(node->children[i].get());
        }
    }
    return {std::move(points), anchor_verdicts_, anchor_names_};
}

std::vector<AnchoredVrp> Validator::vrps() const {
    std::size_t count = 0;
    for_each_point([&](const Authority&, const PointOutcome& point) { count += point.vrps.size(); });
    std::vector<AnchoredVrp> out;
    out.reserve(count);
    for_each_point([&](const Authority& authority, const PointOutcome& point) {
        for (const Vrp& vrp : point.vrps)
            out.push_back({vrp, authority.anchor});
    });
    std::ranges::sort(out, [](const AnchoredVrp& a, const AnchoredVrp& b) {
        return a.vrp != b.vrp ? a.vrp < b.vrp : a.anchor < b.anchor;
    });
    const auto rest = std::ranges::unique(out, {}, &AnchoredVrp::vrp);
    out.erase(rest.begin(), rest.end());
    return out;
}

std::vector<std::pair<Aspa, std::uint16_t>> Validator::aspas() const {
    std::vector<std::pair<Aspa, std::uint16_t>> out;
    for_each_point([&](const Authority& authority, const PointOutcome& point) {
        for (const Aspa& aspa : point.aspas)
            out.emplace_back(aspa, authority.anchor);
    });
    std::ranges::sort(out);
    std::vector<std::pair<Aspa, std::uint16_t>> merged;
    for (auto& entry : out) {
        if (merged.empty() || merged.back().first.customer != entry.first.customer) {
            merged.push_back(std::move(entry));
            continue;
        }
        std::vector<Asn> both;
        std::ranges::set_union(merged.back().first.providers, entry.first.providers, std::back_inserter(both));
        merged.back().first.providers = std::move(both);
        merged.back().second = std::min(merged.back().second, entry.second);
    }
    return merged;
}

std::vector<std::pair<RouterKey, std::uint16_t>> Validator::router_keys() const {
    std::vector<std::pair<RouterKey, std::uint16_t>> out;
    for_each_point([&](const Authority& authority, const PointOutcome& point) {
        for (const RouterKey& key : point.router_keys)
            out.emplace_back(key, authority.anchor);
    });
    std::ranges::sort(out);
    const auto rest = std::ranges::unique(out, {}, [](const auto& entry) -> const RouterKey& { return entry.first; });
    out.erase(rest.begin(), rest.end());
    return out;
}

void Totals::add(const PointOutcome& point) {
    ++points;
    points_valid += point.valid ? 1 : 0;
    points_stored += point.stored ? 1 : 0;
    accepted += point.accepted.size();
    refused += point.refused.size();
    vrps += point.vrps.size();
    aspas += point.aspas.size();
    router_keys += point.router_keys.size();
}

Totals Outcomes::totals() const {
    Totals out;
    for (const Verdict& verdict : anchor_verdicts_)
        ++(verdict.rule == Rule::accepted ? out.accepted : out.refused);
    for (const Point& point : points_)
        out.add(*point.outcome);
    return out;
}

std::string chain_of(const Authority& authority) {
    std::string out = authority.uri;
    for (const Authority* above = authority.issuer.get(); above != nullptr; above = above->issuer.get())
        out = above->uri + " > " + out;
    return out;
}

}  // namespace quipu::rpki
