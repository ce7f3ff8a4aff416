#pragma once
// One publication point of a generated tree, and the places where a fault may reach in.

#include <functional>
#include <map>

#include "services/rpki/lab_objects.h"
#include "services/rpki/rules.h"

namespace quipu::rpki {

/// An authority of the tree: its key, its addresses and what it holds.
struct LabAuthority {
    std::size_t key = 0;
    std::size_t parent = 0;  ///< index; its own for a trust anchor
    std::string host;
    std::string module;      ///< of rsync
    std::string name;        ///< of its folder and files
    std::string uri;         ///< of its certificate
    std::string repository;  ///< ends in "/"
    std::string notification;
    std::uint64_t generation = 0;
    Resources resources;
    std::uint32_t block = 0;  ///< number of its own addresses and AS numbers
    std::vector<std::size_t> children;
    std::size_t roas = 0;
    bool aspa = false;
    bool router = false;
    int fault = -1;  ///< index into the faults

    [[nodiscard]] std::string crl_name() const { return name + ".crl"; }
    [[nodiscard]] std::string manifest_name() const { return name + ".mft"; }
};

/// Where a fault bends what would be right. What is not set is left alone.
struct LabBend {
    std::function<void(LabCertificate&)> authority;  ///< the certificate of this authority, in the point above
    std::function<void(LabSignedObject&)> object;    ///< the ROA "fault.roa" with its certificate
    std::function<void(LabRoa&, Resources&)> roa;    ///< the content of "fault.roa" and its certificate's resources
    std::function<void(LabAspa&, Resources&)> aspa;  ///< adds "fault.asa" so bent
    std::function<void(LabCertificate&)> router;     ///< adds "fault.cer" so bent
    std::function<std::string()> ghostbusters;       ///< adds "fault.gbr" with this card
    std::function<void(LabTrustAnchorKey&, Resources&, const Resources& own)>
        trust_anchor_key;                                      ///< adds "fault.tak" so bent
    std::function<void(LabChecklist&, Resources&)> checklist;  ///< adds "fault.sig" so bent
    std::function<void(LabManifest&)> manifest;
    std::function<void(LabSignedObject&)> manifest_object;
    std::function<void(LabCrl&)> crl;
    std::function<void(std::map<std::string, write::Octets>&)> before_manifest;  ///< files, before they are listed
    std::function<void(std::map<std::string, write::Octets>&)> after_manifest;   ///< files, after they were listed
};

struct LabFaultPlan {
    std::string_view name;
    Rule rule;
    std::string_view text;
    std::string_view culprit;  ///< whom the verdict is about: "fault.roa", "*.tak", "MANIFEST", "CRL", "AUTHORITY"…
    bool whole_point = false;  ///< the fetch of the point fails (RFC 9286 §6.6)
    std::function<LabBend(std::int64_t time)> bend;
    bool anchor = false;  ///< in the point of a trust anchor of its own
};
[[nodiscard]] const std::vector<LabFaultPlan>& lab_fault_plans();

}  // namespace quipu::rpki
