#include "platform/signin/service.h"

#include <atomic>
#include <fmt/format.h>

#include "base/log.h"
#include "platform/config.h"
#include "platform/signin/routes.h"

namespace quipu::signin {
namespace {

constexpr LogEvent kRead{LogLevel::info, "SIGNIN_METADATA", "A federation's metadata was read."};
constexpr LogEvent kNotRead{LogLevel::warning, "SIGNIN_METADATA_FAILED",
                            "A federation's metadata could not be read; what was good last goes on being used.",
                            "See the error; people of a provider that is new there can't sign in yet"};

struct Settings {
    std::string entity_id, authorities = "/etc/ssl/certs/ca-certificates.crt";
    bool unsolicited = false;
    std::int64_t skew_seconds = 180;
    std::vector<MetadataSettings> metadata;
    std::vector<OpenIdSettings> openid;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::entity_id>("entity_id", "This hub's name in the federation; its metadata's address when empty"),
            field<&T::authorities>("authorities", "File with the authorities that https is verified against (PEM)"),
            field<&T::unsolicited>("unsolicited", "Accept SAML responses that nobody here has asked for"),
            field<&T::skew_seconds>("skew_seconds", "How far others' clocks may be off").between(0, 600),
            field<&T::metadata>("metadata", "Federations: where their metadata is"),
            field<&T::openid>("openid", "OpenID Connect providers"));
    }
};

/// A browser takes no address for a passkey's site: on this machine it is "localhost".
RelyingParty party_of(std::string_view address, std::string_view network) {
    std::string origin(address);
    for (const std::string_view loopback : {"//127.0.0.1", "//[::1]"})
        if (const auto at = origin.find(loopback); at != std::string::npos)
            origin.replace(at, loopback.size(), "//localhost");
    const std::size_t begin = origin.find("//") + 2;
    const std::size_t end = std::min(origin.find_first_of(":/", begin), origin.size());
    return {.id = origin.substr(begin, end - begin), .origins = {origin}, .name = std::string(network)};
}

class SigninService final : public platform::Service {
  public:
    explicit SigninService(access::Access& access) : access_(access) {}

    [[nodiscard]] std::string_view name() const override { return "signin"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return {"access"}; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kSigninMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }

    Result<void> parse(const Value& section, const std::string& file) override {
        settings_ = {};
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        return {};
    }

    Result<void> provision(platform::House& house) override {
        house_ = &house;
        const std::string folder = house.data_folder + "/signin";
        // Without https to fetch from, nobody needs the authorities.
        std::string trust = read_whole_file(settings_.authorities).value_or(std::string());
        const auto address = [&house] { return house.url(); };
        federation_ = std::make_unique<Federation>(
            house.clock, house.database, TRY(OwnKey::open(folder, "Quipu", house.clock.now())),
            FederationSettings{.entity_id = settings_.entity_id,
                               .network = house.network,
                               .openid = settings_.openid,
                               .unsolicited = settings_.unsolicited,
                               .skew = std::chrono::seconds(settings_.skew_seconds),
                               .trust = trust,
                               .address = address});
        desk_ = std::make_unique<FactorDesk>(house.clock, access_, house.network,
                                             [address, &house] { return party_of(address(), house.network); });
        sources_.clear();
        for (const MetadataSettings& each : settings_.metadata)
            sources_.push_back({ TRY(MetadataSource::open(each, folder, trust)) });
        add_federation_routes(house, access_, *federation_);
        add_factor_routes(house, access_, *desk_);
        gauge_ = house.metrics.gauge(
            "quipu_signin_providers", "Institutions and providers that one can sign in through", {},
            [this] { return federation_ != nullptr ? static_cast<double>(federation_->discovery()->size()) : 0.0; });
        return {};
    }

    Result<void> start() override {
        for (Source& source : sources_) {
            // A file is read before anybody can come; an address is asked behind their backs.
            if (!source.from.settings().file.empty()) {
                look(source);
            } else if (auto kept = source.from.last_good(house_->clock.now())) {
                source.providers = std::move(kept->providers);
                source.valid_until = kept->valid_until;
            }
        }
        publish();
        watching_ = std::make_shared<std::atomic<bool>>(true);
        if (!sources_.empty()) house_->loops.at(0).spawn(watch(*this, house_->loops.at(0), watching_));
        return {};
    }

    void drain() override { stop_watching(); }
    void stop() override {
        stop_watching();
        gauge_.reset();
    }

  private:
    struct Source {
        MetadataSource from;
        std::vector<IdentityProvider> providers = {};
        std::optional<Time> valid_until = {};
        std::optional<Monotonic> looked = {};
    };

    void look(Source& source) {
        source.looked = house_->clock.monotonic();
        auto read = source.from.refresh(house_->clock.now());
        if (!read) {
            log(kNotRead, {{"source", source.from.settings().name}, {"error", read.error().text()}});
            // At the first look of a file that has become unreadable.
            if (source.providers.empty())
                if (auto kept = source.from.last_good(house_->clock.now())) read = std::optional(std::move(*kept));
        }
        if (!read || !*read) return;
        log(kRead, {{"source", source.from.settings().name},
                    {"entities", (*read)->entities},
                    {"providers", (*read)->providers.size()},
                    {"left_out", (*read)->left_out}});
        source.providers = std::move((*read)->providers);
        source.valid_until = (*read)->valid_until;
    }

    void publish() {
        std::vector<IdentityProvider> all;
        for (const Source& source : sources_) {
            for (IdentityProvider provider : source.providers) {
                // Its own end or the aggregate's, whichever is nearer.
                if (source.valid_until && (!provider.valid_until || *source.valid_until < *provider.valid_until))
                    provider.valid_until = source.valid_until;
                all.push_back(std::move(provider));
            }
        }
        federation_->set_providers(std::move(all));
    }

    Result<void> look_at_all() {
        bool looked = false;
        for (Source& source : sources_) {
            const auto every = std::chrono::minutes(source.from.settings().refresh_minutes);
            if (source.looked && house_->clock.monotonic() - *source.looked < every) continue;
            look(source);
            looked = true;
        }
        if (looked) publish();
        return {};
    }

    static Task<void> watch(SigninService& self, net::EventLoop& loop, std::shared_ptr<std::atomic<bool>> going) {
        while (*going) {
            (void)co_await loop.blocking([&self, going]() -> Result<void> {
                if (*going) return self.look_at_all();
                return {};
            });
            co_await loop.sleep(std::chrono::seconds(10));
        }
    }

    void stop_watching() {
        if (watching_ != nullptr) *watching_ = false;
    }

    access::Access& access_;
    Settings settings_;
    platform::House* house_ = nullptr;
    std::unique_ptr<Federation> federation_;
    std::unique_ptr<FactorDesk> desk_;
    std::vector<Source> sources_;
    std::shared_ptr<void> gauge_;
    std::shared_ptr<std::atomic<bool>> watching_;
};

}  // namespace

std::unique_ptr<platform::Service> make_service(access::Access& access) {
    return std::make_unique<SigninService>(access);
}

}  // namespace quipu::signin
