#pragma once
// Addresses with a number that nobody can guess for another: "help+41.k3v9q2m7xw@DOMAIN" for what is answered about
// case 41, "bounces+812.…@DOMAIN" for what comes back of letter 812. The text after the dot is the first 50 bits of
// HMAC-SHA256 over local part and number, in base32 without letters that look alike.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu::mail {

class NumberedAddresses {
  public:
    NumberedAddresses(std::string secret, std::string domain)
        : secret_(std::move(secret)), domain_(std::move(domain)) {}
    [[nodiscard]] std::string address(std::string_view local, std::int64_t number) const;
    /// The number, if the address is of this local part and its mark is right.
    [[nodiscard]] std::optional<std::int64_t> number_of(std::string_view local, std::string_view address) const;
    /// Whether it is LOCAL@DOMAIN or LOCAL+ANYTHING@DOMAIN.
    [[nodiscard]] bool is_of(std::string_view local, std::string_view address) const;
    [[nodiscard]] const std::string& domain() const { return domain_; }

  private:
    [[nodiscard]] std::string mark(std::string_view local, std::int64_t number) const;
    std::string secret_;
    std::string domain_;
};

}  // namespace quipu::mail
