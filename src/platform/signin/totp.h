#pragma once
// One-time passwords by time (RFC 6238, over RFC 4226): six digits every thirty seconds, HMAC-SHA-1, as every
// authenticator app computes them. And the recovery codes for whoever has lost the app.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace quipu::signin {

/// RFC 4226 §4 R6 recommends 160 bits.
inline constexpr std::size_t kTotpSecretOctets = 20;
inline constexpr std::chrono::seconds kTotpStep{30};

/// The step that this instant lies in (RFC 6238 §4.2).
[[nodiscard]] std::int64_t totp_step(Time now);
/// The six digits of a step.
[[nodiscard]] std::string totp_code(ByteSpan secret, std::int64_t step);
/// The step whose code this is: the present one or a neighbour (a clock may be half a minute off), and above
/// `last_step`, so that a code is never accepted twice. Spaces within the code do not matter. Nothing if it is wrong.
[[nodiscard]] std::optional<std::int64_t> accept_totp(ByteSpan secret, std::string_view code, Time now,
                                                      std::int64_t last_step);

/// RFC 4648 §6 without padding.
[[nodiscard]] std::string base32_encode(ByteSpan bytes);
/// "ABCD EFGH …", to be typed by hand.
[[nodiscard]] std::string in_groups(std::string_view text, std::size_t group);
/// otpauth://totp/ISSUER:ACCOUNT?secret=…, as authenticator apps read it from a QR code.
[[nodiscard]] std::string otpauth_uri(ByteSpan secret, std::string_view issuer, std::string_view account);
/// A QR code as an SVG picture. `too_large` for more than about two thousand characters.
[[nodiscard]] Result<std::string> qr_svg(std::string_view text);

/// Recovery codes of 80 bits each, "abcd-efgh-ijkl-mnop", and what is kept of one: too much chance is in it for a slow
/// hash to add anything. Case, spaces and hyphens do not matter.
[[nodiscard]] std::vector<std::string> make_recovery_codes(std::size_t count);
[[nodiscard]] std::string recovery_hash(std::string_view code);

}  // namespace quipu::signin
