#pragma once
// Local exceptions: SLURM files (RFC 8416; version 2 adds ASPA, draft-ietf-sidrops-aspa-slurm), and the files in use,
// each as it was last found good.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki {

/// One file. Versions 1 and 2; unknown members are errors (RFC 8416 §3.2).
struct Slurm {
    /// §3.3.1: drops VRPs inside the prefix, of the AS, or both at once.
    struct PrefixFilter {
        std::optional<net::Prefix> prefix;
        std::optional<Asn> as;
        std::string comment;
    };
    /// §3.3.2: drops router keys of the AS, with the key identifier, or both at once.
    struct BgpsecFilter {
        std::optional<Asn> as;
        std::optional<std::array<std::uint8_t, 20>> key_id;
        std::string comment;
    };
    struct AspaFilter {
        Asn customer = 0;
        std::string comment;
    };
    struct PrefixAssertion {
        Vrp vrp;
        std::string comment;
    };
    struct BgpsecAssertion {
        RouterKey key;
        std::string comment;
    };
    struct AspaAssertion {
        Aspa aspa;
        std::string comment;
    };

    std::string name;  ///< of the file
    int version = 1;
    std::vector<PrefixFilter> prefix_filters;
    std::vector<BgpsecFilter> bgpsec_filters;
    std::vector<AspaFilter> aspa_filters;
    std::vector<PrefixAssertion> prefix_assertions;
    std::vector<BgpsecAssertion> bgpsec_assertions;
    std::vector<AspaAssertion> aspa_assertions;

    [[nodiscard]] std::size_t filters() const;
    [[nodiscard]] std::size_t assertions() const;
};

/// At most 16 MiB. Error::faults name each fault's path, "locallyAddedAssertions.prefixAssertions[3].asn", and line.
[[nodiscard]] Result<Slurm> parse_slurm(std::string_view text, std::string name);

/// §4.2: an address, AS or customer that two files speak of is a `conflict`.
[[nodiscard]] Result<void> check_conflicts(std::span<const Slurm> files);

/// What the files did to a set.
struct SlurmEffect {
    std::size_t vrps_filtered = 0;
    std::size_t vrps_added = 0;
    std::size_t keys_filtered = 0;
    std::size_t keys_added = 0;
    std::size_t aspas_filtered = 0;
    std::size_t aspas_added = 0;
};
/// All filters first, then all assertions (§3.1): what is asserted is never filtered. An ASPA asserted for a customer
/// that has one adds its providers to it; to put another in its place, filter the customer too.
SlurmEffect apply_slurm(std::span<const Slurm> files, PayloadSet& set);

/// The same for a set that keeps its trust anchors; what is asserted stands under "N/A", as in Routinator.
SlurmEffect apply_slurm(std::span<const Slurm> files, AnchoredPayloads& payloads);

/// The files in use. A file that is broken stays as it was last found good; if the new ones conflict, all stay as they
/// were.
class LocalExceptions {
  public:
    /// A file as it is found now.
    struct Found {
        std::string name;
        Result<std::string> text;
    };
    struct Status {
        std::string name;
        std::optional<Time> since;   ///< what is in use was taken over then; none if nothing ever was
        std::optional<Error> error;  ///< what is wrong with the file as it is now
        std::size_t filters = 0;     ///< of what is in use
        std::size_t assertions = 0;
    };

    /// Good texts of an earlier life, by name: those of `good()`. What no longer parses is left out.
    void restore(const std::map<std::string, std::string, std::less<>>& good, Time now);
    /// Every configured file, in order; one that is no longer named is no longer used. True if what is in use changed.
    bool update(std::vector<Found> found, Time now);

    [[nodiscard]] std::span<const Slurm> in_use() const { return in_use_; }
    [[nodiscard]] const std::vector<Status>& status() const { return status_; }
    /// The texts in use, to be kept over a restart.
    [[nodiscard]] const std::map<std::string, std::string, std::less<>>& good() const { return good_; }

  private:
    std::map<std::string, std::string, std::less<>> good_;
    std::map<std::string, Time, std::less<>> since_;
    std::vector<Slurm> in_use_;
    std::vector<Status> status_;
};

/// The shell around LocalExceptions: reads the files, and keeps the last good ones in a folder of the state.
class SlurmFiles {
  public:
    /// `folder` is made if it is not there; an empty name keeps nothing over a restart.
    static Result<SlurmFiles> open(std::vector<std::string> paths, std::string folder, Time now);
    /// Reads the files again; true if what is in use changed.
    Result<bool> refresh(Time now);
    [[nodiscard]] const LocalExceptions& exceptions() const { return exceptions_; }

  private:
    SlurmFiles(std::vector<std::string> paths, std::string folder)
        : paths_(std::move(paths)), folder_(std::move(folder)) {}
    [[nodiscard]] Result<void> keep() const;

    std::vector<std::string> paths_;
    std::string folder_;
    LocalExceptions exceptions_;
};

}  // namespace quipu::rpki
