#pragma once
// From a request to its caller, in memory alone: an authenticated call costs a hash and two look-ups more than an open
// one.
//
//   Authorization: Bearer qp_…     a token. A wrong one is refused, and counted against its address.
//   Cookie: quipu_session=…        a session. One that is over is no credential: its bearer is anonymous.
//   Authorization: Bearer qpl_…    the local administrator's file (local.h), from this machine only: the house itself.

#include <memory>

#include "platform/access/core.h"

namespace quipu::access {

[[nodiscard]] std::shared_ptr<platform::Gatekeeper> make_gatekeeper(std::shared_ptr<Core> core);

/// The value of this cookie in a Cookie header (RFC 6265 §5.4); empty when it is not there.
[[nodiscard]] std::string_view cookie_in(std::string_view header, std::string_view name);
/// The token of "Bearer TOKEN" (RFC 6750 §2.1); empty for another scheme.
[[nodiscard]] std::string_view bearer_in(std::string_view header);

}  // namespace quipu::access
