#include "desk/search/service.h"

namespace quipu::search {
namespace {

class Running final : public platform::Service {
  public:
    Running(std::vector<std::unique_ptr<Source>> sources, std::vector<std::string_view> needs)
        : sources_(std::move(sources)), needs_(std::move(needs)) {}

    [[nodiscard]] std::string_view name() const override { return "search"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return needs_; }

    Result<void> parse(const Value&, const std::string&) override { return {}; }
    Result<void> provision(platform::House& house) override {
        index_ = TRY(Index::open(house.database));
        std::vector<Source*> sources;
        for (const auto& source : sources_)
            sources.push_back(source.get());
        follower_ = std::make_unique<Follower>(*index_, house.journal, sources);
        add_routes(house.api, {*index_, *follower_, sources});
        behind_ = house.metrics.gauge("quipu_search_position", "The last journal event that the search knows", {},
                                      [this] { return static_cast<double>(follower_->position()); });
        return {};
    }
    Result<void> start() override {
        follower_->start();
        return {};
    }
    void drain() override { end(); }
    void stop() override {
        end();
        behind_.reset();
    }

  private:
    void end() {
        if (follower_ != nullptr) follower_->stop();
    }

    const std::vector<std::unique_ptr<Source>> sources_;
    const std::vector<std::string_view> needs_;
    std::unique_ptr<Index> index_;
    std::unique_ptr<Follower> follower_;
    std::shared_ptr<void> behind_;
};

}  // namespace

std::unique_ptr<platform::Service> make_search_service(std::vector<std::unique_ptr<Source>> sources,
                                                       std::vector<std::string_view> needs) {
    return std::make_unique<Running>(std::move(sources), std::move(needs));
}

}  // namespace quipu::search
