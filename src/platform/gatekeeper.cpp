#include "platform/api.h"

namespace quipu::platform {
namespace {

class Strangers final : public Grants {
  public:
    [[nodiscard]] bool may(Permission permission, std::string_view, std::string_view) const override {
        return permission == Permission::see_public || permission == Permission::report;
    }
};

class AdmitNobody final : public Gatekeeper {
  public:
    Result<Caller> identify(const net::HttpRequest&) override { return anonymous_caller(); }
    void refused(const Caller&, const RouteInfo&, const net::HttpRequest&) override {}
};

class AdmitAll final : public Gatekeeper {
  public:
    Result<Caller> identify(const net::HttpRequest&) override { return Caller{}; }
    void refused(const Caller&, const RouteInfo&, const net::HttpRequest&) override {}
};

}  // namespace

Caller anonymous_caller() {
    static const auto grants = std::make_shared<const Strangers>();
    Caller caller;
    caller.id = kAnonymous;
    caller.grants = grants;
    return caller;
}

std::shared_ptr<Gatekeeper> admit_nobody() {
    return std::make_shared<AdmitNobody>();
}

std::shared_ptr<Gatekeeper> admit_all() {
    return std::make_shared<AdmitAll>();
}

}  // namespace quipu::platform
