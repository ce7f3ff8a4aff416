#pragma once
// The difference of two sets of payloads, as routers know payloads: VRPs and router keys are there or not, an ASPA is
// replaced. Deltas of consecutive serials join into one that names each payload at most once (RFC 8210 §5.3: the
// changes "needed to update", not their history).

#include "services/rpki/payloads.h"

namespace quipu::rpki::rtr {

struct AspaChange {
    Asn customer = 0;
    std::vector<Asn> before;  ///< none: it was not there
    std::vector<Asn> after;   ///< none: it is withdrawn
    bool operator==(const AspaChange&) const = default;
};

/// Every list is sorted as those of PayloadSet are.
struct Delta {
    std::vector<Vrp> announced, withdrawn;
    std::vector<RouterKey> keys_announced, keys_withdrawn;
    std::vector<AspaChange> aspas;
    [[nodiscard]] bool empty() const {
        return announced.empty() && withdrawn.empty() && keys_announced.empty() && keys_withdrawn.empty() &&
               aspas.empty();
    }
    bool operator==(const Delta&) const = default;
};

[[nodiscard]] Delta difference(const PayloadSet& from, const PayloadSet& to);
/// What `first` and `then` do together.
[[nodiscard]] Delta join(const Delta& first, const Delta& then);
/// The way back.
[[nodiscard]] Delta inverse(Delta delta);
/// `corrupt` if the delta announces what is there or withdraws what is not.
[[nodiscard]] Result<PayloadSet> apply(const PayloadSet& set, const Delta& delta);

/// The set as PDUs can carry it: a router key for each AS of its range, AS 0 not among other providers
/// (draft-ietf-sidrops-8210bis §5.12). `left_out` counts what no PDU can carry: ASPAs with more than 16,380 providers,
/// keys of more than 256 ASes or that make a PDU too long.
[[nodiscard]] PayloadSet for_routers(PayloadSet set, std::size_t& left_out);

}  // namespace quipu::rpki::rtr
