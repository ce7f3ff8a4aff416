#pragma once
// The servers of OWAMP, TWAMP and STAMP of one process, as the settings have them.

#include <memory>

#include "services/measure/servers/figures.h"
#include "services/measure/servers/settings.h"

namespace quipu::servers {

class Servers {
  public:
    /// Binds every port and serves. `clock` outlives them.
    static Result<std::unique_ptr<Servers>> start(const Settings& settings, const Clock& clock);
    virtual ~Servers() = default;  ///< closes every connection
    /// From any thread.
    [[nodiscard]] virtual Figures figures() const = 0;
};

}  // namespace quipu::servers
