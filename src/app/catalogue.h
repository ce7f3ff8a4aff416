#pragma once
// The catalogue: the one list of services.

#include <memory>
#include <vector>

#include "platform/service.h"

namespace quipu::app {

struct Catalogue {
    /// A service stands after those that it holds on to.
    std::vector<std::unique_ptr<platform::Service>> services;
};

[[nodiscard]] Catalogue make_catalogue();

}  // namespace quipu::app
