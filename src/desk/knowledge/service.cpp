#include "desk/knowledge/service.h"

#include "base/log.h"
#include "desk/knowledge/starter.h"
#include "platform/config.h"

namespace quipu::knowledge {
namespace {

constexpr LogEvent kStarted{LogLevel::info, "KNOWLEDGE_STARTED",
                            "The empty knowledge base was given its first articles."};

constexpr LogEvent kNotSwept{LogLevel::warning, "KNOWLEDGE_NOT_SWEPT",
                             "Files that no article has could not be removed; it is tried again at the next start",
                             "See the error; check the data folder's article-files."};

struct Settings {
    bool starter_articles = true;
    ByteCount largest_attachment{10 * 1024 * 1024};
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::starter_articles>("starter_articles",
                                        "Fill an empty knowledge base with the articles that come with Quipu"),
            field<&T::largest_attachment>("largest_attachment", "Octets; \"10 MiB\" is read too").at_least(0));
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
        if (articles_ == nullptr) {
            auto files = TRY(desk::Files::open(house.data_folder + "/article-files"));
            articles_ = std::make_unique<Articles>(house.database, house.journal, house.clock);
            attachments_ =
                std::make_unique<ArticleAttachments>(house.database, house.journal, house.clock, std::move(files));
        }
        attachments_->set_largest(settings_.largest_attachment);
        add_routes(house.api, *articles_, *attachments_, find_case_);
        return {};
    }
    Result<void> start() override {
        if (const auto swept = attachments_->sweep(); !swept) log(kNotSwept, {{"error", swept.error().text()}});
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
    std::unique_ptr<ArticleAttachments> attachments_;
};

}  // namespace

std::unique_ptr<KnowledgeService> make_knowledge_service(FindSolvedCase find_case,
                                                         std::vector<std::string_view> needs) {
    return std::make_unique<Running>(std::move(find_case), std::move(needs));
}

}  // namespace quipu::knowledge
