#pragma once
// Leaves out of a text what is private: mail addresses, telephone and identity numbers, the names of people, signatures
// and quotations of letters, secrets in web addresses, and, if wanted, IP addresses. Rather too much than too little:
// what comes out is a draft that a person reads. A name that nobody told of cannot be known: that is what the reading
// is for.

#include <string>
#include <string_view>
#include <vector>

namespace quipu::knowledge {

/// What stands in the place of what was left out.
struct Placeholders {
    std::string_view person, mail, number, address;
};
/// es, pt, en; en for any other.
[[nodiscard]] const Placeholders& placeholders_in(std::string_view language);

class Discretion {
  public:
    /// `known` are full names of people who are not to be named ("Ana Pérez Rojas", "person:ana"); of `present` ones,
    /// who wrote or are addressed, each part of the name is left out by itself too ("Ana").
    Discretion(const std::vector<std::string>& known, const std::vector<std::string>& present, bool leave_out_addresses,
               std::string_view language);

    [[nodiscard]] std::string cleaned(std::string_view text) const;

  private:
    [[nodiscard]] std::string without_names(std::string_view text) const;

    using Name = std::vector<std::string>;  // folded words
    std::vector<Name> names_;               // longest first
    bool leave_out_addresses_;
    const Placeholders& placeholders_;
};

}  // namespace quipu::knowledge
