#include "app/organisation_tree.h"

namespace quipu::app {
namespace {

class PictureTree final : public access::OrganisationTree {
  public:
    explicit PictureTree(std::shared_ptr<const registry::Picture> picture) : picture_(std::move(picture)) {}

    [[nodiscard]] std::string_view parent_of(std::string_view organisation) const override {
        const auto* entry = picture_->find<registry::Organisation>(organisation);
        return entry != nullptr && entry->object.parent ? std::string_view(*entry->object.parent) : std::string_view();
    }
    [[nodiscard]] bool knows(std::string_view organisation) const override {
        return picture_->find<registry::Organisation>(organisation) != nullptr;
    }

  private:
    std::shared_ptr<const registry::Picture> picture_;
};

class Organisations final : public platform::Service {
  public:
    Organisations(access::Access& access, std::function<registry::Registry&()> registry)
        : access_(access), registry_(std::move(registry)) {}

    [[nodiscard]] std::string_view name() const override { return "organisations"; }
    [[nodiscard]] bool indispensable() const override { return true; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"access", "registry"}; }

    Result<void> parse(const Value&, const std::string&) override { return {}; }
    Result<void> provision(platform::House&) override { return {}; }
    Result<void> start() override {
        registry::Registry& registry = registry_();
        following_ =
            registry.follow([this, &registry](const auto&) { access_.use_tree(tree_of(registry.everything())); });
        access_.use_tree(tree_of(registry.everything()));
        access_.find_scopes_by(
            [&registry](std::string_view scope) { return organisation_of_scope(*registry.now(), scope); });
        return {};
    }
    void drain() override { following_.reset(); }
    void stop() override { following_.reset(); }

  private:
    access::Access& access_;
    std::function<registry::Registry&()> registry_;
    std::shared_ptr<void> following_;
};

const std::string* owner_of(const registry::Picture& picture, registry::Kind kind, std::string_view name) {
    for (const auto& entry : picture.resources(kind))
        if (entry.object.value == name) return &entry.object.organisation;
    return nullptr;
}

}  // namespace

std::shared_ptr<const access::OrganisationTree> tree_of(std::shared_ptr<const registry::Picture> picture) {
    return std::make_shared<const PictureTree>(std::move(picture));
}

std::optional<std::string> organisation_of_scope(const registry::Picture& picture, std::string_view scope) {
    while (scope.find('.') != std::string_view::npos) {
        for (const registry::Kind kind : {registry::Kind::realms, registry::Kind::domains})
            if (const std::string* owner = owner_of(picture, kind, scope)) return *owner;
        scope.remove_prefix(scope.find('.') + 1);
    }
    return std::nullopt;
}

std::unique_ptr<platform::Service> make_organisations_service(access::Access& access,
                                                              std::function<registry::Registry&()> registry) {
    return std::make_unique<Organisations>(access, std::move(registry));
}

}  // namespace quipu::app
