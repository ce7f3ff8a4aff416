#include "app/lab_validation.h"

#include "services/rpki/origin/config.h"

namespace quipu::app {

lab::Validation validation_by(std::uint16_t rtr_port) {
    return [rtr_port](const lab::Plan& plan, const lab::Node& node, std::uint32_t as) {
        rpki::RouterDescription router;
        router.name = node.site;
        router.id = node.loopback4;
        router.as = as;
        router.caches = {{{plan.hub4, rtr_port}, 1}};
        return rpki::router_configuration(router);
    };
}

}  // namespace quipu::app
