#include "platform/signin/webauthn.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/base64url.h"
#include "platform/signin/attestation.h"
#include "platform/signin/cbor.h"
#include "platform/signin/digest.h"
#include "platform/signin/public_key.h"

namespace quipu::signin {
namespace {

constexpr std::size_t kMostCredentialId = 1023;  // §4, credential ID

std::unexpected<Error> refuse_credential(std::string_view what, std::string_view where) {
    return fail(ErrorCode::invalid, std::string(what), std::string(where), "begin again");
}

Result<std::string> required_text(const Value& object, std::string_view key) {
    const Value* member = object.find(key);
    const std::string* text = member != nullptr ? member->if_string() : nullptr;
    if (text == nullptr) return refuse_credential("is required", key);
    return *text;
}

Result<std::string> octets_at(const Value& object, std::string_view key) {
    auto decoded = base64url_decode(TRY(required_text(object, key)));
    if (!decoded) return refuse_credential("is not base64url", key);
    return std::move(*decoded);
}

const Value& member_or_null(const Value& object, std::string_view key) {
    static const Value kNull;
    const Value* member = object.find(key);
    return member != nullptr ? *member : kNull;
}

/// §5.8.1, steps 5 to 10 of §7.1 and 9 to 14 of §7.2.
Result<void> check_client_data(std::string_view json, std::string_view type, const RelyingParty& party,
                               std::string_view challenge) {
    const auto parsed = parse_json(json, "clientDataJSON");
    if (!parsed) return refuse_credential("can't be read", "clientDataJSON");
    if (TRY(required_text(*parsed, "type")) != type)
        return refuse_credential("belongs to another ceremony", "clientDataJSON.type");
    if (TRY(required_text(*parsed, "challenge")) != challenge)
        return refuse_credential("is not the one that was asked", "clientDataJSON.challenge");
    const std::string origin = TRY(required_text(*parsed, "origin"));
    if (std::ranges::find(party.origins, origin) == party.origins.end())
        return refuse_credential(fmt::format("{} is not this hub's", origin), "clientDataJSON.origin");
    if (const bool* crossed = member_or_null(*parsed, "crossOrigin").if_bool(); crossed != nullptr && *crossed)
        return refuse_credential("a page inside a page of another site may not ask", "clientDataJSON.crossOrigin");
    return {};
}

Result<void> check_flags(const AuthenticatorData& data, const RelyingParty& party, bool verify_user) {
    if (!std::ranges::equal(data.party_hash, as_bytes(sha256(as_bytes(party.id)))))
        return refuse_credential("is another site's", "authenticatorData.rpIdHash");
    if (!data.user_present) return refuse_credential("nobody was there", "authenticatorData.flags");
    if (verify_user && !data.user_verified)
        return refuse_credential("the authenticator did not verify its user (PIN or fingerprint)",
                                 "authenticatorData.flags");
    return {};
}

Value descriptors(const std::vector<std::string>& ids) {
    Value list{Value::Array{}};
    for (const std::string& id : ids)
        list.push(Value::Object{{"type", "public-key"}, {"id", id}});
    return list;
}

}  // namespace

Value creation_options(const RelyingParty& party, const PasskeyOwner& owner, std::string_view challenge,
                       const std::vector<std::string>& known) {
    Value algorithms{Value::Array{}};
    for (const int algorithm : {-7, -8, -257})  // ES256, EdDSA, RS256
        algorithms.push(Value::Object{{"type", "public-key"}, {"alg", algorithm}});
    return Value::Object{
        {"rp", Value::Object{{"id", party.id}, {"name", party.name}}},
        {"user",
         Value::Object{
             {"id", base64url_encode(as_bytes(owner.handle))}, {"name", owner.login}, {"displayName", owner.name}}},
        {"challenge", challenge},
        {"pubKeyCredParams", algorithms},
        {"timeout", 300'000},
        {"excludeCredentials", descriptors(known)},
        {"authenticatorSelection",
         Value::Object{{"residentKey", "preferred"}, {"requireResidentKey", false}, {"userVerification", "preferred"}}},
        {"attestation", "none"}};
}

Value request_options(const RelyingParty& party, std::string_view challenge, const std::vector<std::string>& known,
                      bool verify_user) {
    return Value::Object{{"challenge", challenge},
                         {"timeout", 300'000},
                         {"rpId", party.id},
                         {"allowCredentials", descriptors(known)},
                         {"userVerification", verify_user ? "required" : "preferred"}};
}

Result<PasskeyRecord> check_registration(const Value& credential, const RelyingParty& party, std::string_view challenge,
                                         bool verify_user) {
    if (TRY(required_text(credential, "type")) != "public-key") return refuse_credential("is not a public key", "type");
    const Value& response = member_or_null(credential, "response");
    const std::string client_data = TRY(octets_at(response, "clientDataJSON"));
    TRY(check_client_data(client_data, "webauthn.create", party, challenge));

    const std::string object = TRY(octets_at(response, "attestationObject"));
    ByteReader reader(as_bytes(object));
    const Cbor attestation = TRY(parse_cbor(reader));
    const Cbor* bytes = attestation.find("authData");
    if (!reader.at_end() || bytes == nullptr || bytes->if_octets() == nullptr)
        return refuse_credential("has no authenticator data", "attestationObject");
    const ByteSpan signed_data = *bytes->if_octets();
    const AuthenticatorData data = TRY(parse_authenticator_data(signed_data));
    TRY(check_flags(data, party, verify_user));
    if (data.credential_id.empty()) return refuse_credential("holds no credential", "attestationObject");
    std::string id = base64url_encode(data.credential_id);
    if (TRY(required_text(credential, "id")) != id) return refuse_credential("is not the credential's", "id");
    ByteReader key_reader(data.key);
    const auto key = TRY(PublicKey::from_cose(TRY(parse_cbor(key_reader))));
    TRY(check_attestation(attestation, signed_data, sha256(as_bytes(client_data)), data, key));
    return PasskeyRecord{.id = std::move(id),
                         .key = std::string(as_text(data.key)),
                         .counter = data.counter,
                         .backed_up = data.backed_up};
}

Result<std::string> credential_id_of(const Value& credential) {
    return required_text(credential, "id");
}

Result<std::uint32_t> check_assertion(const Value& credential, const RelyingParty& party, std::string_view challenge,
                                      const PasskeyRecord& record, std::string_view handle, bool verify_user) {
    if (TRY(required_text(credential, "type")) != "public-key") return refuse_credential("is not a public key", "type");
    if (TRY(required_text(credential, "id")) != record.id) return refuse_credential("is another credential", "id");
    const Value& response = member_or_null(credential, "response");
    if (const Value& given = member_or_null(response, "userHandle"); !given.is_null() && !handle.empty())
        if (TRY(octets_at(response, "userHandle")) != handle)
            return refuse_credential("is another person's", "userHandle");
    const std::string client_data = TRY(octets_at(response, "clientDataJSON"));
    TRY(check_client_data(client_data, "webauthn.get", party, challenge));
    const std::string bytes = TRY(octets_at(response, "authenticatorData"));
    const AuthenticatorData data = TRY(parse_authenticator_data(as_bytes(bytes)));
    TRY(check_flags(data, party, verify_user));

    ByteReader key_reader(as_bytes(record.key));
    const auto key = TRY(PublicKey::from_cose(TRY(parse_cbor(key_reader))));
    const std::string signed_data = bytes + sha256(as_bytes(client_data));
    if (!key.key.verify(key.algorithm, as_bytes(signed_data), as_bytes(TRY(octets_at(response, "signature")))))
        return refuse_credential("is not this passkey's", "signature");
    // §7.2 step 21. Zero on both sides: an authenticator that does not count, such as a synchronised passkey.
    if ((data.counter != 0 || record.counter != 0) && data.counter <= record.counter)
        return fail(ErrorCode::forbidden,
                    fmt::format("the passkey's counter went from {} back to {}: there may be a copy of it",
                                record.counter, data.counter),
                    "authenticatorData.signCount", "remove this passkey and register it again");
    return data.counter;
}

Result<AuthenticatorData> parse_authenticator_data(ByteSpan bytes) {
    ByteReader reader(bytes);
    AuthenticatorData out;
    out.party_hash = reader.bytes(32);
    const std::uint8_t flags = reader.u8();
    out.user_present = (flags & 0x01U) != 0;
    out.user_verified = (flags & 0x04U) != 0;
    out.backed_up = (flags & 0x10U) != 0;  // Level 3 §6.1.3
    out.counter = reader.u32();
    TRY(reader.finish("authenticator data"));
    if ((flags & 0x40U) != 0) {  // attested credential data, §6.5.1
        out.authenticator = reader.bytes(16);
        const std::size_t size = reader.u16();
        if (size == 0 || size > kMostCredentialId)
            return refuse_credential("a credential id has 1 to 1023 octets", "authenticatorData");
        out.credential_id = reader.bytes(size);
        const std::size_t begin = reader.offset();
        TRY(parse_cbor(reader));
        TRY(reader.finish("authenticator data"));
        out.key = bytes.subspan(begin, reader.offset() - begin);
    }
    if ((flags & 0x80U) != 0) {  // extensions
        const Cbor extensions = TRY(parse_cbor(reader));
        if (extensions.if_map() == nullptr)
            return refuse_credential("the extensions are not a map", "authenticatorData");
    }
    if (!reader.at_end()) return refuse_credential("something follows the end", "authenticatorData");
    return out;
}

}  // namespace quipu::signin
