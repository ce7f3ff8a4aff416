#pragma once
// Whose is it: prefixes and AS numbers of the registry's organisations, as origin validation asks for them.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/prefix_table.h"
#include "registry/registry.h"
#include "services/rpki/codec_payload.h"

namespace quipu::rpki {

/// The registry's organisations that hold number resources. Immutable.
class Members {
  public:
    struct Member {
        std::string id;
        std::string name;
        std::vector<net::Prefix> prefixes;  ///< sorted
        std::vector<Asn> as_numbers;        ///< sorted
    };

    Members() = default;
    explicit Members(const registry::Picture& picture);
    explicit Members(std::vector<Member> members);

    [[nodiscard]] const std::vector<Member>& all() const { return members_; }  ///< sorted by id
    [[nodiscard]] const Member* find(std::string_view id) const;
    /// Who holds the longest registered prefix around this one; nullptr if nobody does.
    [[nodiscard]] const Member* holder_of(const net::Prefix& prefix) const;
    [[nodiscard]] const Member* holder_of(Asn as) const;
    /// Those that a VRP or a route concerns: the holder of its prefix and, if it is another, the holder of its AS.
    void for_each_concerned(const net::Prefix& prefix, std::optional<Asn> as,
                            const std::function<void(const Member&)>& each) const;

  private:
    void index();

    std::vector<Member> members_;
    net::PrefixTable<std::uint32_t> by_prefix_;
    std::map<Asn, std::uint32_t> by_as_;
};

}  // namespace quipu::rpki
