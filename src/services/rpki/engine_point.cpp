#include "services/rpki/engine_point.h"

#include <fmt/format.h>

#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

/// Compares dates with the time of the run and remembers between which of them the answers stay the same.
class Dates {
  public:
    Dates(std::int64_t now, PointOutcome& outcome) : now_(now), outcome_(outcome) {}

    /// The time has come to this second.
    bool reached(std::int64_t second) {
        if (now_ >= second) {
            outcome_.from = std::max(outcome_.from, second);
            return true;
        }
        outcome_.until = std::min(outcome_.until, second);
        return false;
    }
    bool passed(std::int64_t second) { return reached(second + 1); }

    Checked<void> check(const Certificate& certificate) {
        if (!reached(certificate.not_before)) return breach(Rule::not_yet_valid);
        if (passed(certificate.not_after)) return breach(Rule::expired);
        return {};
    }

  private:
    std::int64_t now_;
    PointOutcome& outcome_;
};

struct File {
    std::string_view name;
    std::size_t at = 0;  ///< in the workbench's octets
    std::size_t size = 0;
};

/// What lies between parsing an object and knowing whether its signatures hold.
struct Pending {
    std::size_t file = 0;
    ObjectKind kind = ObjectKind::other;
    std::optional<SignedObject> object;      ///< of signed objects
    std::optional<Certificate> certificate;  ///< of certificates
    std::size_t check = 0;                   ///< first of its signatures
};

struct ContentKind {
    std::string_view extension;
    ObjectKind kind;
    std::string_view content_type;
};
constexpr std::array kContentKinds = {
    ContentKind{".roa", ObjectKind::roa, oid::kRoa},
    ContentKind{".asa", ObjectKind::aspa, oid::kAspa},
    ContentKind{".gbr", ObjectKind::ghostbusters, oid::kGhostbusters},
    ContentKind{".tak", ObjectKind::trust_anchor_key, oid::kTrustAnchorKey},
};

/// Reads a file by its name in the publication point; appends it.
using Fetch = std::function<ReadOutcome(std::string_view name, std::vector<std::uint8_t>& out)>;

class Point {
  public:
    Point(const std::shared_ptr<const Authority>& authority, const PointSettings& settings, std::int64_t time,
          Workbench& bench, PointOutcome& outcome)
        : authority_(authority), settings_(settings), bench_(bench), outcome_(outcome), dates_(time, outcome) {}

    /// The whole point from this manifest. A breach means that the fetch failed; `culprit` is then what failed it.
    Checked<void> validate(std::vector<std::uint8_t> manifest_bytes, const Fetch& fetch,
                           const std::optional<PointArchive::Last>& last);

    [[nodiscard]] const std::string& culprit() const { return culprit_; }
    [[nodiscard]] PointArchive::Last seen() const {
        return {digest_, {manifest_.number.begin(), manifest_.number.end()}, manifest_.this_update};
    }
    [[nodiscard]] StoredPoint stored() const;
    /// Files that the manifest lists, once it could be read.
    [[nodiscard]] const std::vector<ManifestFile>& listed() const { return manifest_.files; }

  private:
    Checked<void> read_manifest(const std::optional<PointArchive::Last>& last);
    Checked<void> find_crl();
    Checked<void> read_files(const Fetch& fetch);
    Checked<void> check_head();
    void parse_object(std::size_t file);
    Checked<void> finish_object(Pending& pending);
    Checked<void> finish_certificate(Pending& pending, Certificate& certificate);
    Checked<void> check_trust_anchor_keys(const SignedObject& object) const;
    void accept(std::string_view name, ObjectKind kind, std::int64_t not_before, std::int64_t not_after,
                std::size_t first_vrp);
    void refuse(std::string_view name, Breach found) {
        outcome_.refused.push_back({authority_->repository + std::string(name), found.rule, std::move(found.detail)});
    }

    std::size_t sign(ByteSpan modulus, ByteSpan signature, Sha256 digest) {
        checks_.push_back({modulus, signature, digest});
        return checks_.size() - 1;
    }
    [[nodiscard]] ByteSpan content(const File& file) const {
        return ByteSpan(bench_.octets).subspan(file.at, file.size);
    }
    /// What RFC 6487 §7.2 demands of every certificate below this authority, its signature aside.
    Checked<void> check_issued(Certificate& certificate);

    const std::shared_ptr<const Authority>& authority_;
    const PointSettings& settings_;
    Workbench& bench_;
    PointOutcome& outcome_;
    Dates dates_;
    std::string culprit_;

    std::vector<std::uint8_t> manifest_bytes_;
    Sha256 digest_{};
    std::optional<SignedObject> manifest_object_;
    Manifest manifest_;
    std::vector<File> files_;
    std::size_t anchor_keys_ = 0;  ///< of the files
    std::size_t crl_file_ = 0;
    std::string crl_uri_;
    Crl crl_;
    std::vector<Pending> pending_;
    std::vector<RsaCheck> checks_;
};

Checked<void> Point::validate(std::vector<std::uint8_t> manifest_bytes, const Fetch& fetch,
                              const std::optional<PointArchive::Last>& last) {
    culprit_ = authority_->manifest;
    manifest_bytes_ = std::move(manifest_bytes);
    digest_ = sha256(manifest_bytes_);
    TRY(read_manifest(last));
    TRY(find_crl());
    TRY(read_files(fetch));
    for (std::size_t i = 0; i < files_.size(); ++i)
        if (i != crl_file_) parse_object(i);
    bench_.verifier.verify(checks_);
    TRY(check_head());
    outcome_.next_update = manifest_.next_update;
    const Certificate& ee = manifest_object_->certificate;
    accept(std::string_view(authority_->manifest).substr(authority_->repository.size()), ObjectKind::manifest,
           ee.not_before, ee.not_after, 0);
    accept(files_[crl_file_].name, ObjectKind::crl, crl_.this_update, crl_.next_update, 0);
    for (Pending& pending : pending_) {
        const std::size_t vrps = outcome_.vrps.size();
        if (auto done = finish_object(pending); !done) {
            outcome_.vrps.resize(vrps);
            refuse(files_[pending.file].name, std::move(done.error()));
        }
    }
    outcome_.valid = true;
    return {};
}

/// RFC 9286 §4.4, §6.2, §6.3. Signatures wait for the others.
Checked<void> Point::read_manifest(const std::optional<PointArchive::Last>& last) {
    if (manifest_bytes_.size() > settings_.limits.max_object_size) return breach(Rule::object_too_large);
    manifest_object_ = TRY(parse_signed_object(manifest_bytes_, settings_.profile));
    if (!same(manifest_object_->content_type, oid::kManifest)) return breach(Rule::content_type);
    manifest_ = TRY(parse_manifest(manifest_object_->content));
    Certificate& ee = manifest_object_->certificate;
    if (!ee.resources.inherits_everything()) return breach(Rule::manifest_resources);
    if (ee.signed_object != authority_->manifest) return breach(Rule::location, std::string(ee.signed_object));
    if (manifest_.files.size() > settings_.limits.max_files)
        return breach(Rule::too_many_files,
                      fmt::format("{} files, max-files is {}", manifest_.files.size(), settings_.limits.max_files));
    if (!dates_.reached(manifest_.this_update)) return breach(Rule::manifest_premature);
    if (dates_.passed(manifest_.next_update)) return breach(Rule::manifest_stale);
    if (last && last->manifest != digest_) {
        // RFC 9286 §4.2.1: both number and date rise with every new manifest.
        const ByteSpan number = manifest_.number;
        const bool greater = number.size() != last->number.size()
                                 ? number.size() > last->number.size()
                                 : std::ranges::lexicographical_compare(last->number, number);
        if (!greater || manifest_.this_update <= last->this_update) return breach(Rule::manifest_regressed);
    }
    sign(authority_->modulus, ee.signature, sha256(ee.tbs));
    sign(ee.modulus, manifest_object_->signature, manifest_object_->attributes_digest());
    return {};
}

/// RFC 9286 §6.4: one CRL, the one that the manifest's certificate names.
Checked<void> Point::find_crl() {
    const std::string_view uri = manifest_object_->certificate.crl;
    std::size_t found = manifest_.files.size();
    for (std::size_t i = 0; i < manifest_.files.size(); ++i) {
        if (!manifest_.files[i].name.ends_with(".crl")) continue;
        if (found != manifest_.files.size()) return breach(Rule::manifest_crl, "it lists two");
        found = i;
    }
    if (found == manifest_.files.size()) return breach(Rule::manifest_crl, "it lists none");
    crl_file_ = found;
    crl_uri_ = authority_->repository + std::string(manifest_.files[found].name);
    if (uri != crl_uri_) return breach(Rule::manifest_crl, std::string(uri));
    return {};
}

/// RFC 9286 §6.4 and §6.5.
Checked<void> Point::read_files(const Fetch& fetch) {
    std::vector<std::uint8_t>& octets = bench_.octets;
    octets.clear();
    files_.reserve(manifest_.files.size());
    for (const ManifestFile& listed : manifest_.files) {
        const std::size_t at = octets.size();
        const ReadOutcome read = fetch(listed.name, octets);
        culprit_ = authority_->repository + std::string(listed.name);
        if (read == ReadOutcome::missing) return breach(Rule::file_missing);
        if (read == ReadOutcome::too_large) return breach(Rule::object_too_large);
        if (octets.size() > settings_.limits.max_point_size) return breach(Rule::point_too_large);
        const Sha256 digest = sha256(ByteSpan(octets).subspan(at));
        if (!same(listed.hash, ByteSpan(digest))) return breach(Rule::file_hash);
        files_.push_back({listed.name, at, octets.size() - at});
        if (listed.name.ends_with(".tak")) ++anchor_keys_;
    }
    culprit_ = crl_uri_;
    crl_ = TRY(parse_crl(content(files_[crl_file_]), settings_.profile));
    sign(authority_->modulus, crl_.signature, sha256(crl_.tbs));
    return {};
}

/// Manifest and CRL, now that their signatures are known.
Checked<void> Point::check_head() {
    culprit_ = crl_uri_;
    if (!same(crl_.issuer, ByteSpan(authority_->subject)) || !same(crl_.authority_key_id, ByteSpan(authority_->key_id)))
        return breach(Rule::crl_issuer);
    if (!checks_[2].good) return breach(Rule::crl_signature);
    if (!dates_.reached(crl_.this_update)) return breach(Rule::crl_stale, "it is from the future");
    if (dates_.passed(crl_.next_update)) return breach(Rule::crl_stale);
    culprit_ = authority_->manifest;
    TRY(check_issued(manifest_object_->certificate));
    if (!checks_[0].good) return breach(Rule::certificate_signature);
    if (!checks_[1].good) return breach(Rule::content_signature);
    return {};
}

void Point::parse_object(std::size_t file) {
    const std::string_view name = files_[file].name;
    const ByteSpan bytes = content(files_[file]);
    Pending pending{.file = file, .kind = ObjectKind::other, .object = {}, .certificate = {}};
    if (name.ends_with(".cer")) {
        auto certificate = parse_certificate(bytes, Place::published, settings_.profile);
        if (!certificate) return refuse(name, std::move(certificate.error()));
        pending.kind = certificate->kind == Certificate::Kind::authority ? ObjectKind::certificate
                                                                         : ObjectKind::router_certificate;
        pending.check = sign(authority_->modulus, certificate->signature, sha256(certificate->tbs));
        pending.certificate = std::move(*certificate);
        pending_.push_back(std::move(pending));
        return;
    }
    if (name.ends_with(".sig")) return refuse(name, {Rule::checklist_published});
    const auto kind = std::ranges::find_if(kContentKinds, [&](const auto& k) { return name.ends_with(k.extension); });
    if (kind == kContentKinds.end()) return refuse(name, {Rule::ignored_type});
    if (kind->kind == ObjectKind::trust_anchor_key && anchor_keys_ > 1) return refuse(name, {Rule::tak_not_alone});
    auto object = parse_signed_object(bytes, settings_.profile);
    if (!object) return refuse(name, std::move(object.error()));
    if (!same(object->content_type, kind->content_type)) return refuse(name, {Rule::wrong_type_for_name});
    pending.kind = kind->kind;
    pending.check = sign(authority_->modulus, object->certificate.signature, sha256(object->certificate.tbs));
    sign(object->certificate.modulus, object->signature, object->attributes_digest());
    pending.object = std::move(*object);
    pending_.push_back(std::move(pending));
}

Checked<void> Point::check_issued(Certificate& certificate) {
    if (!same(certificate.issuer, ByteSpan(authority_->subject)) ||
        !same(certificate.authority_key_id, ByteSpan(authority_->key_id)))
        return breach(Rule::issuer_mismatch);
    TRY(dates_.check(certificate));
    if (certificate.crl != crl_uri_) return breach(Rule::crl_distribution_points, "is not the CRL of the manifest");
    if (crl_.revokes(certificate.serial)) return breach(Rule::revoked);
    if (!certificate.trims)
        if (std::string outside = certificate.resources.outside_of(authority_->resources); !outside.empty())
            return breach(Rule::overclaim, std::move(outside));
    return {};
}

Checked<void> Point::finish_object(Pending& pending) {
    if (pending.certificate) return finish_certificate(pending, *pending.certificate);
    SignedObject& object = *pending.object;
    Certificate& ee = object.certificate;
    const std::string_view name = files_[pending.file].name;
    TRY(check_issued(ee));
    if (!checks_[pending.check].good) return breach(Rule::certificate_signature);
    if (!checks_[pending.check + 1].good) return breach(Rule::content_signature);
    const std::string_view at = ee.signed_object;
    if (at.size() != authority_->repository.size() + name.size() || !at.starts_with(authority_->repository) ||
        !at.ends_with(name))
        return breach(Rule::location, std::string(at));
    // RFC 8360 §4.2.4.4: the resources that remain after trimming are those that count.
    if (ee.trims && !ee.resources.inherits_something()) ee.resources = ee.resources.below(authority_->resources, true);
    const std::size_t first_vrp = outcome_.vrps.size();
    switch (pending.kind) {
        case ObjectKind::roa: TRY(parse_roa(object.content, ee, outcome_.vrps)); break;
        case ObjectKind::aspa: outcome_.aspas.push_back(TRY(parse_aspa(object.content, ee))); break;
        case ObjectKind::ghostbusters: TRY(check_ghostbusters(object.content, ee)); break;
        default: TRY(check_trust_anchor_keys(object)); break;
    }
    accept(name, pending.kind, ee.not_before, ee.not_after, first_vrp);
    return {};
}

/// RFC 9691 §3.3.
Checked<void> Point::check_trust_anchor_keys(const SignedObject& object) const {
    const TrustAnchorKeys keys = TRY(parse_trust_anchor_keys(object.content, object.certificate));
    if (authority_->issuer) return breach(Rule::tak_not_of_anchor);
    if (!same(rsa_modulus_of(keys.current.key_info), ByteSpan(authority_->modulus))) return breach(Rule::tak_other_key);
    return {};
}

Checked<void> Point::finish_certificate(Pending& pending, Certificate& certificate) {
    const std::string_view name = files_[pending.file].name;
    TRY(check_issued(certificate));
    if (!checks_[pending.check].good) return breach(Rule::certificate_signature);
    if (pending.kind == ObjectKind::router_certificate) {
        for (const Range<Asn>& range : certificate.resources.as.ranges) {
            RouterKey& key = outcome_.router_keys.emplace_back();
            key.as = range;
            std::ranges::copy(certificate.key_id, key.key_id.begin());
            key.key_info.assign(certificate.key_info.begin(), certificate.key_info.end());
        }
        accept(name, pending.kind, certificate.not_before, certificate.not_after, outcome_.vrps.size());
        return {};
    }
    for (const Authority* above = authority_.get(); above != nullptr; above = above->issuer.get())
        if (same(certificate.key_id, ByteSpan(above->key_id))) return breach(Rule::loop, above->uri);
    if (authority_->depth + 1 > settings_.limits.max_depth)
        return breach(Rule::chain_too_deep, fmt::format("max-depth is {}", settings_.limits.max_depth));
    auto child = std::make_shared<Authority>();
    child->issuer = authority_;
    child->uri = authority_->repository + std::string(name);
    child->repository = certificate.repository;
    if (!child->repository.ends_with('/')) child->repository += '/';
    child->manifest = certificate.manifest;
    child->notification = certificate.notification;
    child->certificate = sha256(certificate.whole);
    std::ranges::copy(certificate.modulus, child->modulus.begin());
    std::ranges::copy(certificate.key_id, child->key_id.begin());
    child->subject.assign(certificate.subject.begin(), certificate.subject.end());
    child->resources = certificate.resources.below(authority_->resources, certificate.trims);
    child->not_before = certificate.not_before;
    child->not_after = certificate.not_after;
    child->depth = authority_->depth + 1;
    child->anchor = authority_->anchor;
    outcome_.authorities.push_back(std::move(child));
    accept(name, pending.kind, certificate.not_before, certificate.not_after, outcome_.vrps.size());
    return {};
}

void Point::accept(std::string_view name, ObjectKind kind, std::int64_t not_before, std::int64_t not_after,
                   std::size_t first_vrp) {
    PointOutcome::Object& object = outcome_.accepted.emplace_back();
    object.name_at = static_cast<std::uint32_t>(outcome_.names.size());
    object.name_size = static_cast<std::uint16_t>(name.size());
    object.kind = kind;
    object.first_vrp = static_cast<std::uint32_t>(first_vrp);
    object.vrp_count = kind == ObjectKind::roa ? static_cast<std::uint32_t>(outcome_.vrps.size() - first_vrp) : 0;
    object.not_before = not_before;
    object.not_after = not_after;
    outcome_.names += name;
}

StoredPoint Point::stored() const {
    StoredPoint out{manifest_bytes_, {}};
    for (const File& file : files_) {
        const ByteSpan bytes = content(file);
        out.files.emplace(file.name, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
    }
    return out;
}

/// What was allocated for growth is given back: outcomes stay.
void shrink(PointOutcome& outcome) {
    outcome.refused.shrink_to_fit();
    outcome.names.shrink_to_fit();
    outcome.accepted.shrink_to_fit();
    outcome.vrps.shrink_to_fit();
    outcome.aspas.shrink_to_fit();
    outcome.router_keys.shrink_to_fit();
    outcome.authorities.shrink_to_fit();
}

}  // namespace

std::string_view name_of(ObjectKind kind) {
    constexpr std::array<std::string_view, 9> kNames = {"manifest", "crl",  "certificate",  "router-certificate",
                                                        "roa",      "aspa", "ghostbusters", "trust-anchor-key",
                                                        "other"};
    return kNames[static_cast<std::size_t>(kind)];
}

PointOutcome validate_point(const std::shared_ptr<const Authority>& authority, const Objects& all,
                            PointArchive* archive, std::int64_t time, const PointSettings& settings, Workbench& bench) {
    const Objects& objects = all.of(authority->notification);
    PointOutcome out;
    const auto last = archive != nullptr ? archive->last(authority->manifest) : std::nullopt;
    std::vector<Verdict> failures;
    {
        Point point(authority, settings, time, bench, out);
        std::vector<std::uint8_t> manifest;
        const ReadOutcome read = objects.read(authority->manifest, settings.limits.max_object_size, manifest);
        std::string uri;
        const Fetch fetch = [&](std::string_view name, std::vector<std::uint8_t>& octets) {
            uri.assign(authority->repository).append(name);
            return objects.read(uri, settings.limits.max_object_size, octets);
        };
        Checked<void> found = read == ReadOutcome::missing     ? breach(Rule::manifest_missing)
                              : read == ReadOutcome::too_large ? breach(Rule::object_too_large)
                                                               : Checked<void>{};
        const std::string missing = authority->manifest;
        if (found) found = point.validate(std::move(manifest), fetch, last);
        if (found) {
            if (archive != nullptr && (!last || last->manifest != point.seen().manifest))
                archive->save(authority->manifest, point.seen(), point.stored());
            shrink(out);
            return out;
        }
        const std::string culprit = point.culprit().empty() ? missing : point.culprit();
        failures.push_back({culprit, found.error().rule, std::move(found.error().detail)});
        if (culprit != authority->manifest) failures.push_back({authority->manifest, Rule::not_checked, culprit});
        for (const ManifestFile& file : point.listed())
            if (std::string at = authority->repository + std::string(file.name); at != culprit)
                failures.push_back({std::move(at), Rule::not_checked, culprit});
    }
    // RFC 9286 §6.6: the objects of the last successful fetch go on being used while they are valid.
    PointOutcome kept;
    if (last) {
        if (auto point = archive->load(authority->manifest)) {
            const Fetch fetch = [&](std::string_view name, std::vector<std::uint8_t>& octets) {
                const auto file = point->files.find(name);
                if (file == point->files.end()) return ReadOutcome::missing;
                octets.insert(octets.end(), file->second.begin(), file->second.end());
                return ReadOutcome::read;
            };
            Point stored(authority, settings, time, bench, kept);
            if (stored.validate(std::move(point->manifest), fetch, std::nullopt)) {
                kept.stored = true;
            } else {
                const PointOutcome dates = std::move(kept);
                kept = {};
                kept.from = dates.from;
                kept.until = dates.until;
            }
        }
    }
    kept.from = std::max(kept.from, out.from);
    kept.until = std::min(kept.until, out.until);
    kept.refused.insert(kept.refused.end(), std::make_move_iterator(failures.begin()),
                        std::make_move_iterator(failures.end()));
    shrink(kept);
    return kept;
}

Checked<std::shared_ptr<const Authority>> validate_anchor(ByteSpan bytes, std::string uri,
                                                          const TrustAnchorLocator& tal, std::uint16_t number,
                                                          std::int64_t time, const PointSettings& settings,
                                                          Workbench& bench) {
    const Certificate certificate = TRY(parse_certificate(bytes, Place::trust_anchor, settings.profile));
    if (!same(certificate.key_info, ByteSpan(tal.key_info))) return breach(Rule::tal_key);
    if (!same(certificate.issuer, certificate.subject)) return breach(Rule::issuer_mismatch);
    if (time < certificate.not_before) return breach(Rule::not_yet_valid);
    if (time > certificate.not_after) return breach(Rule::expired);
    std::array<RsaCheck, 1> check{{{certificate.modulus, certificate.signature, sha256(certificate.tbs)}}};
    bench.verifier.verify(check);
    if (!check[0].good) return breach(Rule::certificate_signature);
    auto out = std::make_shared<Authority>();
    out->uri = std::move(uri);
    out->repository = certificate.repository;
    if (!out->repository.ends_with('/')) out->repository += '/';
    out->manifest = certificate.manifest;
    out->notification = certificate.notification;
    out->certificate = sha256(bytes);
    std::ranges::copy(certificate.modulus, out->modulus.begin());
    std::ranges::copy(certificate.key_id, out->key_id.begin());
    out->subject.assign(certificate.subject.begin(), certificate.subject.end());
    out->resources = certificate.resources;
    out->not_before = certificate.not_before;
    out->not_after = certificate.not_after;
    out->anchor = number;
    return out;
}

}  // namespace quipu::rpki
