#include "desk/knowledge/service.h"

#include "base/log.h"
#include "desk/knowledge/starter.h"
#include "platform/config.h"

namespace quipu::knowledge {
namespace {

constexpr LogEvent kStarted{LogLevel::info, "KNOWLEDGE_STARTED",
                            "The empty knowledge base was given its first articles."};

struct Settings {
    bool starter_articles = true;
    static constexpr auto describe() {
        return fields(field<&Settings::starter_articles>(
            "starter_articles", "Fill an empty knowledge base with the articles that come with Quipu"));
    }
};

class Running final : public KnowledgeService {
  public:
    Running(FindSolvedCase find_case, std::vector<std::string_view> needs)
        : find_case_(std::move(find_case)), needs_(std::move(needs)) {}

    [[nodiscard]] std::string_view name() const override { return kTag; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return needs_; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kKnowledgeMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = {};
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        return {};
    }
    Result<void> provision(platform::House& house) override {
        if (articles_ == nullptr) articles_ = std::make_unique<Articles>(house.database, house.journal, house.clock);
        add_routes(house.api, *articles_, find_case_);
        return {};
    }
    Result<void> start() override {
        if (!settings_.starter_articles) return {};
        const std::size_t made = TRY(articles_->start_with(starter_articles()));
        if (made > 0) log(kStarted, {{"articles", made}});
        return {};
    }

    [[nodiscard]] Articles& articles() override { return *articles_; }

  private:
    const FindSolvedCase find_case_;
    const std::vector<std::string_view> needs_;
    Settings settings_;
    std::unique_ptr<Articles> articles_;
};

}  // namespace

std::unique_ptr<KnowledgeService> make_knowledge_service(FindSolvedCase find_case,
                                                         std::vector<std::string_view> needs) {
    return std::make_unique<Running>(std::move(find_case), std::move(needs));
}

}  // namespace quipu::knowledge
