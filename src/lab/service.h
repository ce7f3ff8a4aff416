#pragma once
// The hub's service "lab": shows the lab that runs beside it, changes its links, and keeps the journal of it.
//
//     GET   /api/v1/lab
//     PATCH /api/v1/lab/links/{id}

#include <functional>
#include <memory>

#include "lab/controls.h"
#include "platform/service.h"

namespace quipu::lab {

/// `find` answers the lab to show, or nullptr where there is none; what it points to outlives the service's stop. It is
/// asked when the service starts.
[[nodiscard]] std::unique_ptr<platform::Service> make_service(std::function<Controls*()> find);

}  // namespace quipu::lab
