// Reading SLURM files: RFC 8416 §3, with the members that draft-ietf-sidrops-aspa-slurm adds in version 2.
#include <algorithm>
#include <fmt/format.h>

#include "base/base64url.h"
#include "base/describe.h"
#include "services/rpki/origin/slurm.h"
#include "services/rpki/origin/validity.h"

namespace quipu::rpki {

/// A subject key identifier (RFC 8416 §3.3.2).
struct SlurmKeyId {
    std::array<std::uint8_t, 20> octets{};
};
/// A SubjectPublicKeyInfo in DER (RFC 8416 §3.4.2).
struct SlurmKeyInfo {
    std::vector<std::uint8_t> octets;
};

}  // namespace quipu::rpki

namespace quipu {

template <>
struct TextForm<rpki::SlurmKeyId> {
    static constexpr std::string_view schema_format = "base64url";
    static Result<rpki::SlurmKeyId> parse(std::string_view text) {
        const std::string octets = TRY(base64url_decode(text));
        rpki::SlurmKeyId out;
        if (octets.size() != out.octets.size())
            return fail(ErrorCode::invalid, fmt::format("a key identifier has 20 octets, this has {}", octets.size()));
        std::ranges::copy(as_bytes(octets), out.octets.begin());
        return out;
    }
    static std::string format(const rpki::SlurmKeyId& value) { return base64url_encode(value.octets); }
};

template <>
struct TextForm<rpki::SlurmKeyInfo> {
    static constexpr std::string_view schema_format = "base64url";
    static Result<rpki::SlurmKeyInfo> parse(std::string_view text) {
        constexpr std::uint8_t kSequence = 0x30;
        const std::string octets = TRY(base64url_decode(text));
        if (octets.empty() || as_bytes(octets).front() != kSequence)
            return fail(ErrorCode::invalid, "this is not a SubjectPublicKeyInfo in DER");
        const ByteSpan bytes = as_bytes(octets);
        return rpki::SlurmKeyInfo{{bytes.begin(), bytes.end()}};
    }
    static std::string format(const rpki::SlurmKeyInfo& value) { return base64url_encode(value.octets); }
};

}  // namespace quipu

namespace quipu::rpki {
namespace {

constexpr std::size_t kMaxFile = std::size_t{16} << 20U;
constexpr std::size_t kMaxItems = 1'000'000;

// The file's own shape, name for name.
struct PrefixFilterText {
    std::optional<net::Prefix> prefix;
    std::optional<Asn> as;
    std::string comment;
    static constexpr auto describe() {
        using T = PrefixFilterText;
        return fields(field<&T::prefix>("prefix", ""), field<&T::as>("asn", ""), field<&T::comment>("comment", ""));
    }
};
struct BgpsecFilterText {
    std::optional<Asn> as;
    std::optional<SlurmKeyId> key_id;
    std::string comment;
    static constexpr auto describe() {
        using T = BgpsecFilterText;
        return fields(field<&T::as>("asn", ""), field<&T::key_id>("SKI", ""), field<&T::comment>("comment", ""));
    }
};
struct AspaFilterText {
    Asn customer = 0;
    std::string comment;
    static constexpr auto describe() {
        using T = AspaFilterText;
        return fields(field<&T::customer>("customerAsn", "").required(), field<&T::comment>("comment", ""));
    }
};
struct PrefixAssertionText {
    net::Prefix prefix;
    Asn as = 0;
    std::optional<int> max_length;
    std::string comment;
    static constexpr auto describe() {
        using T = PrefixAssertionText;
        return fields(field<&T::prefix>("prefix", "").required(), field<&T::as>("asn", "").required(),
                      field<&T::max_length>("maxPrefixLength", ""), field<&T::comment>("comment", ""));
    }
};
struct BgpsecAssertionText {
    Asn as = 0;
    SlurmKeyId key_id;
    SlurmKeyInfo key_info;
    std::string comment;
    static constexpr auto describe() {
        using T = BgpsecAssertionText;
        return fields(field<&T::as>("asn", "").required(), field<&T::key_id>("SKI", "").required(),
                      field<&T::key_info>("routerPublicKey", "").required(), field<&T::comment>("comment", ""));
    }
};
struct AspaAssertionText {
    Asn customer = 0;
    std::vector<Asn> providers;
    std::string comment;
    static constexpr auto describe() {
        using T = AspaAssertionText;
        return fields(field<&T::customer>("customerAsn", "").required(),
                      field<&T::providers>("providerAsns", "").required().at_most_long(kMaxItems),
                      field<&T::comment>("comment", ""));
    }
};
struct FiltersText {
    std::vector<PrefixFilterText> prefix_filters;
    std::vector<BgpsecFilterText> bgpsec_filters;
    std::optional<std::vector<AspaFilterText>> aspa_filters;
    static constexpr auto describe() {
        using T = FiltersText;
        return fields(field<&T::prefix_filters>("prefixFilters", "").required().at_most_long(kMaxItems),
                      field<&T::bgpsec_filters>("bgpsecFilters", "").required().at_most_long(kMaxItems),
                      field<&T::aspa_filters>("aspaFilters", "").at_most_long(kMaxItems));
    }
};
struct AssertionsText {
    std::vector<PrefixAssertionText> prefix_assertions;
    std::vector<BgpsecAssertionText> bgpsec_assertions;
    std::optional<std::vector<AspaAssertionText>> aspa_assertions;
    static constexpr auto describe() {
        using T = AssertionsText;
        return fields(field<&T::prefix_assertions>("prefixAssertions", "").required().at_most_long(kMaxItems),
                      field<&T::bgpsec_assertions>("bgpsecAssertions", "").required().at_most_long(kMaxItems),
                      field<&T::aspa_assertions>("aspaAssertions", "").at_most_long(kMaxItems));
    }
};
struct FileText {
    int version = 0;
    FiltersText filters;
    AssertionsText assertions;
    static constexpr auto describe() {
        using T = FileText;
        return fields(field<&T::version>("slurmVersion", "").required().between(1, 2),
                      field<&T::filters>("validationOutputFilters", "").required(),
                      field<&T::assertions>("locallyAddedAssertions", "").required());
    }
};

/// Calls each(item, its value) with the context's path standing at the item.
template <class Item, class Each>
void at_each(ReadContext& context, const Value& owner, std::string_view key, const std::vector<Item>& items,
             Each&& each) {
    const ReadContext::Step step(context, key);
    const Value* list = owner.find(key);
    if (list == nullptr || list->if_array() == nullptr) return;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const ReadContext::Step at(context, i);
        each(items[i], (*list->if_array())[i]);
    }
}

void take_filters(ReadContext& context, const Value& in, const FiltersText& from, Slurm& out) {
    const ReadContext::Step step(context, "validationOutputFilters");
    at_each(context, in, "prefixFilters", from.prefix_filters, [&](const PrefixFilterText& one, const Value& at) {
        if (!one.prefix && !one.as) return context.fault(at, "needs a prefix, an asn or both");
        out.prefix_filters.push_back({one.prefix, one.as, one.comment});
    });
    at_each(context, in, "bgpsecFilters", from.bgpsec_filters, [&](const BgpsecFilterText& one, const Value& at) {
        if (!one.key_id && !one.as) return context.fault(at, "needs an asn, an SKI or both");
        out.bgpsec_filters.push_back(
            {one.as, one.key_id ? std::optional(one.key_id->octets) : std::nullopt, one.comment});
    });
    if (from.aspa_filters)
        for (const AspaFilterText& one : *from.aspa_filters)
            out.aspa_filters.push_back({one.customer, one.comment});
}

void take_assertions(ReadContext& context, const Value& in, const AssertionsText& from, Slurm& out) {
    const ReadContext::Step step(context, "locallyAddedAssertions");
    at_each(context, in, "prefixAssertions", from.prefix_assertions,
            [&](const PrefixAssertionText& one, const Value& at) {
                const int longest = one.max_length.value_or(one.prefix.length());
                if (longest < one.prefix.length() || longest > one.prefix.address().width()) {
                    const ReadContext::Step length(context, "maxPrefixLength");
                    return context.fault(at, fmt::format("{} does not fit {}", longest, one.prefix.text()));
                }
                out.prefix_assertions.push_back({vrp_of(one.prefix, one.as, longest), one.comment});
            });
    for (const BgpsecAssertionText& one : from.bgpsec_assertions)
        out.bgpsec_assertions.push_back(
            {{.as = {one.as, one.as}, .key_id = one.key_id.octets, .key_info = one.key_info.octets}, one.comment});
    if (!from.aspa_assertions) return;
    at_each(context, in, "aspaAssertions", *from.aspa_assertions, [&](const AspaAssertionText& one, const Value& at) {
        const ReadContext::Step list(context, "providerAsns");
        std::vector<Asn> providers = one.providers;
        std::ranges::sort(providers);
        if (std::ranges::adjacent_find(providers) != providers.end())
            return context.fault(at, "names a provider twice");
        if (providers.empty()) return context.fault(at, "is empty; AS 0 says that there is none");
        if (std::ranges::binary_search(providers, one.customer))
            return context.fault(at, "has the customer as its own provider");
        out.aspa_assertions.push_back({{.customer = one.customer, .providers = std::move(providers)}, one.comment});
    });
}

}  // namespace

Result<Slurm> parse_slurm(std::string_view text, std::string name) {
    if (text.size() > kMaxFile) return fail(ErrorCode::too_large, "a SLURM file has at most 16 MiB", std::move(name));
    const Value root = TRY(parse_json(text, name));
    ReadContext context(name);
    FileText file;
    read_into(file, root, context);
    if (!context.ok()) return std::unexpected(context.error());

    Slurm out;
    out.name = std::move(name);
    out.version = file.version;
    const Value& filters = *root.find("validationOutputFilters");
    const Value& assertions = *root.find("locallyAddedAssertions");
    // §3.2: exactly the members of its version.
    const auto belongs = [&](const Value& owner, std::string_view owner_name, std::string_view key, bool there) {
        const ReadContext::Step outer(context, owner_name);
        const ReadContext::Step inner(context, key);
        if (there && file.version < 2) context.fault(owner, "is a member of slurmVersion 2");
        if (!there && file.version >= 2) context.fault(owner, "is required");
    };
    belongs(filters, "validationOutputFilters", "aspaFilters", file.filters.aspa_filters.has_value());
    belongs(assertions, "locallyAddedAssertions", "aspaAssertions", file.assertions.aspa_assertions.has_value());
    take_filters(context, filters, file.filters, out);
    take_assertions(context, assertions, file.assertions, out);
    if (!context.ok()) return std::unexpected(context.error());
    return out;
}

}  // namespace quipu::rpki
