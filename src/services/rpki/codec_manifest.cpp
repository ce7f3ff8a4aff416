#include "services/rpki/codec_manifest.h"

#include "services/rpki/oids.h"

namespace quipu::rpki {

Checked<Manifest> parse_manifest(ByteSpan content) {
    Manifest out;
    DerFault fault;
    DerReader in(content, fault);
    DerReader manifest = in.enter(tag::kSequence);
    in.end();
    // §4.2.1: version 0 is the default, which DER does not write.
    if (manifest.next_is(tag::context_constructed(0))) return breach(Rule::manifest_version);
    out.number = manifest.unsigned_integer(20);
    if (fault.failed || (out.number.size() == 20 && (out.number[0] & 0x80U) != 0)) return breach(Rule::manifest_number);
    out.this_update = manifest.generalized_time();
    out.next_update = manifest.generalized_time();
    if (fault.failed) return breach(Rule::manifest_syntax, "a date is malformed");
    if (out.next_update <= out.this_update) return breach(Rule::manifest_dates);
    if (!same(manifest.oid(), oid::kSha256)) return breach(Rule::manifest_hash_algorithm);
    DerReader files = manifest.enter(tag::kSequence);
    manifest.end();
    while (!files.at_end()) {
        DerReader file = files.enter(tag::kSequence);
        const std::string_view name = file.visible_text(tag::kIa5String);
        const BitString hash = file.bit_string();
        file.end();
        if (fault.failed) break;
        if (!is_file_name(name)) return breach(Rule::manifest_file_name, std::string(name));
        if (hash.unused != 0 || hash.octets.size() != 32)
            return breach(Rule::manifest_syntax, "the hash of " + std::string(name) + " has not 256 bits");
        out.files.push_back({name, hash.octets});
    }
    if (fault.failed) return breach(Rule::manifest_syntax);
    std::vector<std::string_view> names;
    names.reserve(out.files.size());
    for (const ManifestFile& file : out.files)
        names.push_back(file.name);
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
        return breach(Rule::manifest_repeated_file, std::string(*twice));
    return out;
}

}  // namespace quipu::rpki
