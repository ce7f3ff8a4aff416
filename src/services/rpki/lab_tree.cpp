#include "services/rpki/lab_tree.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/random.h"
#include "services/rpki/lab_point.h"
#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

constexpr std::uint32_t kFirstIpv4 = 0x10000000;  // 16.0.0.0: each authority owns a /20
constexpr std::uint32_t kFirstIpv6 = 0x2a000000;  // 2a00::: each owns a /32
constexpr Asn kFirstAs = 4'200'000'000;           // private (RFC 6996): each owns 8
constexpr std::size_t kEndEntityKeys = 64;
constexpr std::string_view kSignatureAlgorithm = oid::kRsaEncryption;

Result<void> write_file(const std::string& path, ByteSpan bytes) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) return fail_errno(errno, "writing a file", path);
    const auto written = ::write(file, bytes.data(), bytes.size());
    ::close(file);
    if (written != static_cast<ssize_t>(bytes.size())) return fail_errno(errno, "writing a file", path);
    return {};
}

/// IPv4 in the lowest 32 bits.
Range<Ipv6> range_of(const net::Prefix& prefix) {
    Range<Ipv6> out;
    const net::IpAddress& address = prefix.address();
    for (int i = 0; i < address.width() / 8; ++i)
        out.low = out.low << 8U | address.octets()[static_cast<std::size_t>(i)];
    const auto rest = static_cast<unsigned>(address.width() - prefix.length());
    out.high = rest == 128 ? ~Ipv6{0} : out.low | ((Ipv6{1} << rest) - 1);
    return out;
}

/// RFC 3779 §2.2.3.6: sorted, what touches put together.
template <class T>
void make_canonical(Block<T>& block) {
    if (block.ranges.empty()) return;
    block.kind = Block<T>::Kind::ranges;
    std::ranges::sort(block.ranges, {}, [](const Range<T>& range) { return std::pair(range.low, range.high); });
    std::vector<Range<T>> out;
    for (const Range<T>& range : block.ranges)
        if (!out.empty() && (range.low <= out.back().high || range.low - out.back().high == 1))
            out.back().high = std::max(out.back().high, range.high);
        else
            out.push_back(range);
    block.ranges = std::move(out);
}

class Tree {
  public:
    explicit Tree(const LabSettings& settings) : settings_(settings) {}
    Result<LabSummary> write();

  private:
    Result<void> choose_faults();
    void plan();
    void add_authority(std::size_t parent, std::string name, int fault);
    void grow(std::size_t parent, std::size_t count, unsigned depth);
    void share_out();
    void plan_holders();
    [[nodiscard]] LabRoa roa_of(std::size_t authority, std::size_t number) const;
    Result<void> write_point(std::size_t index, std::vector<LabKeys::Signer>& end_entities);
    Result<void> write_anchor(std::size_t index);

    [[nodiscard]] std::string path_of(std::string_view uri) const {
        return settings_.folder + "/cache/" + std::string(uri.substr(uri.find("://") + 3));
    }
    [[nodiscard]] std::int64_t not_before() const { return settings_.time - settings_.validity; }
    [[nodiscard]] std::int64_t not_after() const { return settings_.time + settings_.validity; }

    const LabSettings& settings_;
    std::vector<const LabFaultPlan*> faults_;
    std::vector<LabAuthority> authorities_;
    std::optional<LabKeys> keys_;
    std::mutex mutex_;
    std::string labels_;
    LabSummary summary_;
};

Result<void> Tree::choose_faults() {
    for (const std::string& name : settings_.faults) {
        bool found = name == "all";
        for (const LabFaultPlan& plan : lab_fault_plans())
            if (name == "all" || name == plan.name) {
                faults_.push_back(&plan);
                found = true;
            }
        if (!found)
            return fail(ErrorCode::not_found, "is not a fault that can be planted", name,
                        "`quipu rpki lab --list` names them");
    }
    return {};
}

void Tree::add_authority(std::size_t parent, std::string name, int fault) {
    LabAuthority& out = authorities_.emplace_back();
    const std::size_t index = authorities_.size() - 1;
    out.key = index + kEndEntityKeys;
    out.parent = parent;
    out.name = std::move(name);
    out.block = static_cast<std::uint32_t>(index);
    out.fault = fault;
    const bool anchor = parent == index;
    if (anchor) {
        // Of one host each trust anchor has a module of its own.
        out.host = settings_.rsync_host.empty() ? fmt::format("rpki{}.example.net", summary_.repositories.size())
                                                : settings_.rsync_host;
        out.module = settings_.rsync_host.empty() ? "repo" : "repo-" + out.name;
        if (!settings_.rrdp.empty()) out.notification = fmt::format("{}/{}/notification.xml", settings_.rrdp, out.name);
    } else {
        out.host = authorities_[parent].host;
        out.module = authorities_[parent].module;
        out.notification = authorities_[parent].notification;
    }
    out.repository = fmt::format("rsync://{}/{}/{}/", out.host, out.module, out.name);
    out.uri = anchor ? fmt::format("rsync://{}/ta/{}.cer", out.host, out.name)
                     : authorities_[parent].repository + out.name + ".cer";
    if (!anchor) {
        authorities_[parent].children.push_back(index);
        return;
    }
    const std::string rsync = fmt::format("rsync://{}/{}/", out.host, out.module);
    summary_.repositories.push_back({out.name, out.notification, rsync, path_of(rsync), path_of(out.uri)});
}

/// `count` authorities below a parent: some are registries with many below them, most are leaves.
void Tree::grow(std::size_t parent, std::size_t count, unsigned depth) {
    const std::size_t group = depth == 0 ? 300 : depth == 1 ? 12 : 3;
    while (count > 0) {
        const std::size_t index = authorities_.size();
        add_authority(parent, fmt::format("ca{:06}", index), -1);
        --count;
        const bool registry = depth == 0 || (depth < 4 && index % 8 == 0);
        const std::size_t below = registry ? std::min(count, group - 1) : 0;
        grow(index, below, depth + 1);
        count -= below;
    }
}

/// One trust anchor over everything, and the holders below it: authority 1 + i is holder i.
void Tree::plan_holders() {
    add_authority(0, settings_.anchor, -1);
    authorities_[0].resources.ipv4 = {Block<Ipv4>::Kind::ranges, {{0, ~Ipv4{0}}}};
    authorities_[0].resources.ipv6 = {Block<Ipv6>::Kind::ranges, {{0, ~Ipv6{0}}}};
    authorities_[0].resources.as = {Block<Asn>::Kind::ranges, {{0, ~Asn{0}}}};
    for (const LabHolder& holder : settings_.holders) {
        add_authority(0, holder.name, -1);
        LabAuthority& authority = authorities_.back();
        authority.roas = holder.payloads.size();
        for (const net::Prefix& prefix : holder.prefixes) {
            const Range<Ipv6> range = range_of(prefix);
            if (prefix.address().is_v6())
                authority.resources.ipv6.ranges.push_back(range);
            else
                authority.resources.ipv4.ranges.push_back(
                    {static_cast<Ipv4>(range.low), static_cast<Ipv4>(range.high)});
        }
        for (const Asn as : holder.as_numbers)
            authority.resources.as.ranges.push_back({as, as});
        make_canonical(authority.resources.ipv4);
        make_canonical(authority.resources.ipv6);
        make_canonical(authority.resources.as);
    }
}

void Tree::plan() {
    // Of ten objects about seven are ROAs; an authority has a certificate, a manifest and a CRL.
    const std::size_t authorities = std::max(settings_.anchors, settings_.objects * 10 / 98);
    const std::size_t anchors = settings_.anchors;
    for (std::size_t a = 0; a < anchors; ++a) {
        const std::size_t index = authorities_.size();
        add_authority(index, fmt::format("ta{}", a), -1);
        if (a == 0)
            for (std::size_t f = 0; f < faults_.size(); ++f)
                add_authority(faults_[f]->anchor ? authorities_.size() : index,
                              fmt::format("fault-{}", faults_[f]->name), static_cast<int>(f));
        grow(index, (authorities - anchors) / anchors + (a == 0 ? (authorities - anchors) % anchors : 0), 0);
    }
    for (std::size_t i = 0; i < authorities_.size(); ++i) {
        LabAuthority& authority = authorities_[i];
        if (authority.fault >= 0) {
            authority.roas = 1;
            continue;
        }
        authority.roas = settings_.objects > authorities_.size() * 3 ? 6 + i % 2 + (i % 3 == 0 ? 1 : 0) : 1;
        authority.aspa = i % 16 == 5;
        authority.router = i % 64 == 9;
    }
    // Spread over the whole tree, and the same in every generation.
    const std::size_t changed = settings_.generation == 0 ? 0 : std::min(settings_.changed, authorities_.size());
    for (std::size_t c = 0; c < changed; ++c)
        if (LabAuthority& authority = authorities_[c * authorities_.size() / changed]; authority.fault < 0)
            authority.generation = settings_.generation;
}

/// Authorities were numbered from the top down and one subtree after the other, so that each one's resources are one
/// range.
void Tree::share_out() {
    std::vector<std::uint32_t> last(authorities_.size());
    for (std::size_t i = authorities_.size(); i-- > 0;) {
        last[i] = std::max(last[i], authorities_[i].block);
        const std::size_t parent = authorities_[i].parent;
        last[parent] = std::max(last[parent], last[i]);
        const std::uint32_t first = authorities_[i].block;
        Resources& held = authorities_[i].resources;
        held.ipv4 = {Block<Ipv4>::Kind::ranges, {{kFirstIpv4 + first * 4'096, kFirstIpv4 + last[i] * 4'096 + 4'095}}};
        held.ipv6 = {Block<Ipv6>::Kind::ranges,
                     {{Ipv6{kFirstIpv6 + first} << 96U, (Ipv6{kFirstIpv6 + last[i]} << 96U) | ~Ipv6{0} >> 32U}}};
        held.as = {Block<Asn>::Kind::ranges, {{kFirstAs + first * 8, kFirstAs + last[i] * 8 + 7}}};
    }
}

LabRoa make_roa(const LabAuthority& authority, std::size_t number) {
    LabRoa roa;
    roa.as = kFirstAs + authority.block * 8 + static_cast<Asn>(number % 8);
    const Ipv6 v4 = kFirstIpv4 + authority.block * 4'096 + static_cast<std::uint32_t>(number % 16) * 256;
    roa.addresses.push_back({.range = {v4, v4 + 255}, .v6 = false, .length = 24, .max_length = {}});
    const Ipv6 v6 = Ipv6{kFirstIpv6 + authority.block} << 96U | Ipv6{number * 2} << 80U;
    roa.addresses.push_back({.range = {v6, v6 | ~Ipv6{0} >> 48U},
                             .v6 = true,
                             .length = 48,
                             .max_length = number % 4 == 1 ? std::optional<std::uint64_t>(56) : std::nullopt});
    if (number % 3 == 0) {
        const Ipv6 next = v6 | Ipv6{1} << 80U;
        // A /48 beside it would make one /47 of the two in the certificate.
        roa.addresses.back().length = 47;
        roa.addresses.back().range.high = next | ~Ipv6{0} >> 48U;
        if (roa.addresses.back().max_length) roa.addresses.back().max_length = 56;
        roa.addresses.push_back({.range = {v6, v6 | ~Ipv6{0} >> 48U}, .v6 = true, .length = 48, .max_length = {}});
    }
    return roa;
}

LabRoa Tree::roa_of(std::size_t authority, std::size_t number) const {
    if (settings_.holders.empty()) return make_roa(authorities_[authority], number);
    const LabHolder::Payload& payload = settings_.holders[authority - 1].payloads[number];
    LabRoa roa;
    roa.as = payload.as;
    LabRoa::Address& address = roa.addresses.emplace_back();
    address.range = range_of(payload.prefix);
    address.v6 = payload.prefix.address().is_v6();
    address.length = static_cast<unsigned>(payload.prefix.length());
    if (payload.max_length > payload.prefix.length())
        address.max_length = static_cast<std::uint64_t>(payload.max_length);
    return roa;
}

Resources resources_of(const LabRoa& roa) {
    Resources out;
    for (const LabRoa::Address& address : roa.addresses) {
        if (address.v6) {
            if (!out.ipv6.ranges.empty() && out.ipv6.holds(address.range)) continue;
            out.ipv6.kind = Block<Ipv6>::Kind::ranges;
            out.ipv6.ranges.push_back(address.range);
        } else {
            out.ipv4.kind = Block<Ipv4>::Kind::ranges;
            out.ipv4.ranges.push_back({static_cast<Ipv4>(address.range.low), static_cast<Ipv4>(address.range.high)});
        }
    }
    return out;
}

Result<void> Tree::write_anchor(std::size_t index) {
    const LabAuthority& anchor = authorities_[index];
    const write::Octets info = keys_->key_info(anchor.key);
    LabAddresses addresses;
    addresses.repository = anchor.repository;
    addresses.manifest = anchor.repository + anchor.manifest_name();
    addresses.notification = anchor.notification;
    LabKeys::Signer signer(*keys_, anchor.key);
    const write::Octets certificate =
        lab_certificate(info, {}, index + 1, not_before(), not_after(), addresses, anchor.resources, true)
            .encode(signer);
    std::filesystem::create_directories(std::filesystem::path(path_of(anchor.uri)).parent_path());
    std::filesystem::create_directories(settings_.folder + "/tals");
    TRY(write_file(path_of(anchor.uri), certificate));
    const std::string secure = settings_.rrdp.empty() ? "" : fmt::format("{}/{}.cer\n", settings_.rrdp, anchor.name);
    const std::string tal =
        fmt::format("# A trust anchor of a generated tree\n{}{}\n\n{}", secure, anchor.uri, base64_lines(info));
    return write_file(fmt::format("{}/tals/{}.tal", settings_.folder, anchor.name), as_bytes(tal));
}

Result<void> Tree::write_point(std::size_t index, std::vector<LabKeys::Signer>& end_entities) {
    const LabAuthority& authority = authorities_[index];
    const LabFaultPlan* plan = authority.fault >= 0 ? faults_[static_cast<std::size_t>(authority.fault)] : nullptr;
    const LabBend bend = plan != nullptr ? plan->bend(settings_.time) : LabBend{};
    const write::Octets own_info = keys_->key_info(authority.key);
    LabKeys::Signer signer(*keys_, authority.key);
    std::map<std::string, write::Octets> files;
    std::uint64_t serial = 1;

    LabAddresses common;
    common.crl = authority.repository + authority.crl_name();
    common.issuer = authority.uri;
    for (const std::size_t child_index : authority.children) {
        const LabAuthority& child = authorities_[child_index];
        LabAddresses addresses = common;
        addresses.repository = child.repository;
        addresses.manifest = child.repository + child.manifest_name();
        addresses.notification = child.notification;
        LabCertificate certificate = lab_certificate(keys_->key_info(child.key), own_info, ++serial, not_before(),
                                                     not_after(), addresses, child.resources, true);
        if (child.fault >= 0) {
            const LabBend below = faults_[static_cast<std::size_t>(child.fault)]->bend(settings_.time);
            if (below.authority) below.authority(certificate);
        }
        files[child.name + ".cer"] = certificate.encode(signer);
    }

    Rng rng(settings_.seed * 7'919 + index);
    const auto signed_object = [&](const std::string& name, std::string_view type, write::Octets content,
                                   const Resources& resources, std::uint64_t number) {
        LabAddresses addresses = common;
        addresses.signed_object = authority.repository + name;
        LabSignedObject object;
        object.key = rng.below(kEndEntityKeys);
        object.certificate = lab_certificate(keys_->key_info(object.key), own_info, number, not_before(), not_after(),
                                             addresses, resources, false);
        object.content_type = type;
        object.content = std::move(content);
        object.signing_time = settings_.time - 3'600;
        object.signature_algorithm = kSignatureAlgorithm;
        return object;
    };
    const auto encode = [&](const LabSignedObject& object) { return object.encode(signer, end_entities[object.key]); };

    std::size_t vrps = 0;
    const std::uint64_t generation = authority.generation;
    for (std::size_t i = generation; i < authority.roas + generation; ++i) {
        const LabRoa roa = roa_of(index, i);
        vrps += roa.addresses.size();
        const std::string name = fmt::format("roa{:03}.roa", i);
        files[name] = encode(signed_object(name, oid::kRoa, roa.encode(), resources_of(roa), ++serial));
    }
    if (authority.aspa || bend.aspa) {
        LabAspa aspa;
        aspa.customer = kFirstAs + authority.block * 8;
        aspa.providers = {kFirstAs + authority.block * 8 + 1, kFirstAs + authority.block * 8 + 2};
        Resources held;
        held.as = {Block<Asn>::Kind::ranges, {{aspa.customer, aspa.customer}}};
        if (bend.aspa) bend.aspa(aspa, held);
        const std::string name = bend.aspa ? "fault.asa" : "customer.asa";
        files[name] = encode(signed_object(name, oid::kAspa, aspa.encode(), held, ++serial));
    }
    if (authority.router || bend.router) {
        LabCertificate router =
            lab_router(++serial, own_info, not_before(), not_after(), common, kFirstAs + authority.block * 8 + 3);
        if (bend.router) bend.router(router);
        files[bend.router ? "fault.cer" : "router.cer"] = router.encode(signer);
    }
    Resources inherited;
    if (!authority.resources.ipv4.absent()) inherited.ipv4.kind = Block<Ipv4>::Kind::inherit;
    if (!authority.resources.ipv6.absent()) inherited.ipv6.kind = Block<Ipv6>::Kind::inherit;
    if (!authority.resources.as.absent()) inherited.as.kind = Block<Asn>::Kind::inherit;
    if (bend.ghostbusters) {
        const std::string card = bend.ghostbusters();
        const ByteSpan octets = as_bytes(card);
        files["fault.gbr"] =
            encode(signed_object("fault.gbr", oid::kGhostbusters, {octets.begin(), octets.end()}, inherited, ++serial));
    }
    if (bend.trust_anchor_key || authority.parent == index) {
        LabTrustAnchorKey key{.version = {}, .addresses = {authority.uri}, .key_info = own_info};
        Resources held = inherited;
        if (bend.trust_anchor_key) bend.trust_anchor_key(key, held, authority.resources);
        const std::string name = (bend.trust_anchor_key ? "fault" : authority.name) + ".tak";
        files[name] = encode(signed_object(name, oid::kTrustAnchorKey, key.encode(), held, ++serial));
    }
    if (bend.checklist) {
        Resources held;
        const std::uint32_t first = kFirstIpv4 + authority.block * 4'096;
        held.ipv4 = {Block<Ipv4>::Kind::ranges, {{first, first + 255}}};
        LabChecklist checklist{.resources = held, .file = "plan.txt", .digest = sha256(as_bytes("a plan"))};
        bend.checklist(checklist, held);
        LabSignedObject object = signed_object("fault.sig", oid::kChecklist, checklist.encode(), held, ++serial);
        object.certificate.remove(oid::kSubjectInformationAccess);  // RFC 9323 §3.2
        files["fault.sig"] = encode(object);
    }
    if (plan != nullptr && (bend.object || bend.roa || plan->culprit == "fault.roa")) {
        LabRoa roa = make_roa(authority, 5);
        Resources held = resources_of(roa);
        if (bend.roa) bend.roa(roa, held);
        LabSignedObject object = signed_object("fault.roa", oid::kRoa, roa.encode(), held, 900'001);
        if (bend.object) bend.object(object);
        files["fault.roa"] = encode(object);
    }
    const std::int64_t issued = settings_.time - 7'200 + static_cast<std::int64_t>(generation) * 60;
    LabCrl crl = lab_crl(own_info, settings_.number + generation, issued, not_after());
    if (bend.crl) bend.crl(crl);
    files[authority.crl_name()] = crl.encode(signer);
    if (bend.before_manifest) bend.before_manifest(files);

    LabManifest manifest;
    manifest.number = settings_.number + generation;
    manifest.this_update = issued;
    manifest.next_update = not_after();
    manifest.algorithm = oid::kSha256;
    for (const auto& [name, bytes] : files)
        manifest.files.push_back({name, sha256(bytes)});
    if (bend.manifest) bend.manifest(manifest);
    LabSignedObject manifest_object =
        signed_object(authority.manifest_name(), oid::kManifest, manifest.encode(), inherited, 800'000);
    if (bend.manifest_object) bend.manifest_object(manifest_object);
    if (bend.after_manifest) {
        // The two that are named by the authority go by their role.
        files["MANIFEST"] = encode(manifest_object);
        files["CRL"] = std::move(files[authority.crl_name()]);
        files.erase(authority.crl_name());
        bend.after_manifest(files);
        for (const auto& [role, name] :
             {std::pair{"MANIFEST", authority.manifest_name()}, {"CRL", authority.crl_name()}})
            if (auto node = files.extract(role)) {
                node.key() = name;
                files.insert(std::move(node));
            }
    } else {
        files[authority.manifest_name()] = encode(manifest_object);
    }

    const std::string folder = path_of(authority.repository);
    std::filesystem::create_directories(folder);
    if (generation > 0)
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            if (!files.contains(entry.path().filename().string())) std::filesystem::remove(entry.path());
    for (const auto& [name, bytes] : files)
        TRY(write_file(folder + name, bytes));

    const std::scoped_lock lock(mutex_);
    summary_.objects += files.size();
    summary_.roas += authority.roas;
    summary_.vrps += vrps;
    if (plan == nullptr) return {};
    const auto label = [&](std::string_view uri, Rule rule) {
        labels_ += fmt::format("{},{},{},{},{}\n", uri.substr(uri.find("://") + 3),
                               rule == Rule::accepted ? "accepted" : "refused", text_of(rule).name,
                               text_of(rule).section, plan->name);
    };
    const std::string culprit = plan->culprit == "MANIFEST"    ? authority.manifest_name()
                                : plan->culprit == "CRL"       ? authority.crl_name()
                                : plan->culprit == "AUTHORITY" ? std::string()
                                                               : std::string(plan->culprit);
    if (plan->culprit == "AUTHORITY")
        label(authority.uri, plan->rule);
    else
        label(authority.uri, Rule::accepted);
    const bool several = culprit.starts_with('*');
    const auto guilty = [&](std::string_view name) {
        return several ? name.ends_with(std::string_view(culprit).substr(1)) : name == culprit;
    };
    if (!several && !files.contains(culprit) && !culprit.empty()) label(authority.repository + culprit, plan->rule);
    for (const auto& [name, bytes] : files)
        label(authority.repository + name, guilty(name)        ? plan->rule
                                           : plan->whole_point ? Rule::not_checked
                                                               : Rule::accepted);
    return {};
}

Result<LabSummary> Tree::write() {
    TRY(choose_faults());
    if (settings_.holders.empty()) {
        plan();
        share_out();
    } else {
        plan_holders();
    }
    keys_.emplace(settings_.seed, authorities_.size() + kEndEntityKeys, settings_.threads);
    for (std::size_t i = 0; i < authorities_.size(); ++i)
        if (authorities_[i].parent == i) TRY(write_anchor(i));

    std::atomic<std::size_t> next = 0;
    Result<void> outcome;
    std::vector<std::jthread> crew;
    for (unsigned t = 0; t < std::max(1U, settings_.threads); ++t)
        crew.emplace_back([&] {
            std::vector<LabKeys::Signer> end_entities;
            for (std::size_t k = 0; k < kEndEntityKeys; ++k)
                end_entities.emplace_back(*keys_, k);
            for (std::size_t i = next++; i < authorities_.size(); i = next++)
                if (settings_.generation != authorities_[i].generation) {
                    continue;  // as it was
                } else if (auto written = write_point(i, end_entities); !written) {
                    const std::scoped_lock lock(mutex_);
                    outcome = std::move(written);
                    next = authorities_.size();
                }
        });
    crew.clear();
    if (!outcome) return std::unexpected(outcome.error());
    std::vector<std::string_view> lines;
    for (std::string_view rest = labels_; !rest.empty();) {
        const std::size_t end = rest.find('\n') + 1;
        lines.push_back(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    std::ranges::sort(lines);
    std::string labels = "path,verdict,reason,section,fault\n";
    for (const std::string_view line : lines)
        labels += line;
    TRY(write_file(settings_.folder + "/labels.csv", as_bytes(labels)));
    summary_.authorities = authorities_.size();
    summary_.objects += summary_.repositories.size();  // the trust anchors' certificates
    summary_.faults = faults_.size();
    return std::move(summary_);
}

}  // namespace

Result<LabSummary> write_lab(const LabSettings& settings) {
    if (settings.anchors == 0 || settings.anchors > 100)
        return fail(ErrorCode::invalid, "there are 1 to 100 trust anchors", "anchors");
    if (settings.objects > 1'500'000) return fail(ErrorCode::too_large, "at most 1,500,000 objects", "objects");
    return Tree(settings).write();
}

}  // namespace quipu::rpki
