#pragma once
// A whole RPKI of any size on disk, the same for the same settings: trust anchors, authorities nested below them with
// prefixes that nest as well, ROAs, ASPAs, router certificates, manifests, CRLs and TALs, in folders HOST/path as rsync
// would leave them. Faults are planted on demand, one rule each, each in a publication point of its own, and every
// object there has its verdict in labels.csv.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "services/rpki/resources.h"
#include "services/rpki/rules.h"

namespace quipu::rpki {

/// An authority that holds what it is given, with a ROA for each payload.
struct LabHolder {
    struct Payload {
        Asn as = 0;
        net::Prefix prefix;
        int max_length = 0;
    };
    std::string name;  ///< of its folder and files
    std::vector<net::Prefix> prefixes;
    std::vector<Asn> as_numbers;
    std::vector<Payload> payloads;  ///< inside its prefixes
};

struct LabSettings {
    std::string folder;  ///< gets cache/, tals/ and labels.csv
    std::uint64_t seed = 1;
    std::size_t objects = 1'000;  ///< about so many files
    std::size_t anchors = 2;
    std::int64_t time = 0;      ///< everything is valid at this time…
    std::int64_t validity = 0;  ///< …and for so many seconds before and after
    unsigned threads = 1;
    std::vector<std::string> faults;  ///< names, or "all"
    std::uint64_t number = 1;         ///< of manifests and CRLs: a tree written anew in its place has a higher one
    std::vector<LabHolder> holders;   ///< if any, the tree is one trust anchor of this name with these below it
    std::string anchor;
    std::string rrdp;        ///< "https://HOST:PORT/PATH": authorities and TALs name files below it
    std::string rsync_host;  ///< "HOST:PORT" instead of rpkiN.example.net
    /// Above 0: `changed` publication points are issued anew over the tree of the generation before, each with a ROA
    /// gone and one come.
    std::uint64_t generation = 0;
    std::size_t changed = 0;
};

struct LabFault {
    std::string_view name;
    Rule rule;              ///< of the object that is at fault
    std::string_view text;  ///< what is done
};
[[nodiscard]] std::vector<LabFault> lab_faults();

/// What one trust anchor's authorities publish.
struct LabRepository {
    std::string name;          ///< of the trust anchor
    std::string notification;  ///< empty without RRDP
    std::string rsync;         ///< "rsync://HOST/MODULE/"
    std::string folder;        ///< the same on disk
    std::string certificate;   ///< of the trust anchor, on disk
};

struct LabSummary {
    std::size_t authorities = 0;
    std::size_t objects = 0;
    std::size_t roas = 0;
    std::size_t vrps = 0;
    std::size_t faults = 0;
    std::vector<LabRepository> repositories;
};

[[nodiscard]] Result<LabSummary> write_lab(const LabSettings& settings);

}  // namespace quipu::rpki
