#pragma once
// Object identifiers as their DER content octets.

#include <string_view>

namespace quipu::rpki::oid {

using namespace std::string_view_literals;

// RFC 7935 §2, §3; RFC 8608
inline constexpr std::string_view kRsaEncryption = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
inline constexpr std::string_view kSha256WithRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv;
inline constexpr std::string_view kSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;
inline constexpr std::string_view kEcPublicKey = "\x2a\x86\x48\xce\x3d\x02\x01"sv;
inline constexpr std::string_view kPrime256v1 = "\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;

// Names: RFC 6487 §4.4
inline constexpr std::string_view kCommonName = "\x55\x04\x03"sv;
inline constexpr std::string_view kSerialNumber = "\x55\x04\x05"sv;

// Extensions: RFC 5280 §4.2, RFC 3779, RFC 8360
inline constexpr std::string_view kSubjectKeyIdentifier = "\x55\x1d\x0e"sv;
inline constexpr std::string_view kKeyUsage = "\x55\x1d\x0f"sv;
inline constexpr std::string_view kBasicConstraints = "\x55\x1d\x13"sv;
inline constexpr std::string_view kCrlNumber = "\x55\x1d\x14"sv;
inline constexpr std::string_view kCrlDistributionPoints = "\x55\x1d\x1f"sv;
inline constexpr std::string_view kCertificatePolicies = "\x55\x1d\x20"sv;
inline constexpr std::string_view kAuthorityKeyIdentifier = "\x55\x1d\x23"sv;
inline constexpr std::string_view kExtendedKeyUsage = "\x55\x1d\x25"sv;
inline constexpr std::string_view kAuthorityInformationAccess = "\x2b\x06\x01\x05\x05\x07\x01\x01"sv;
inline constexpr std::string_view kSubjectInformationAccess = "\x2b\x06\x01\x05\x05\x07\x01\x0b"sv;
inline constexpr std::string_view kIpAddrBlocks = "\x2b\x06\x01\x05\x05\x07\x01\x07"sv;
inline constexpr std::string_view kAutonomousSysIds = "\x2b\x06\x01\x05\x05\x07\x01\x08"sv;
inline constexpr std::string_view kIpAddrBlocksV2 = "\x2b\x06\x01\x05\x05\x07\x01\x1c"sv;
inline constexpr std::string_view kAutonomousSysIdsV2 = "\x2b\x06\x01\x05\x05\x07\x01\x1d"sv;

// Access methods, policies and purposes: RFC 6487 §4.8, RFC 8182 §3.2, RFC 7318, RFC 8360, RFC 8209
inline constexpr std::string_view kCaIssuers = "\x2b\x06\x01\x05\x05\x07\x30\x02"sv;
inline constexpr std::string_view kCaRepository = "\x2b\x06\x01\x05\x05\x07\x30\x05"sv;
inline constexpr std::string_view kRpkiManifest = "\x2b\x06\x01\x05\x05\x07\x30\x0a"sv;
inline constexpr std::string_view kSignedObject = "\x2b\x06\x01\x05\x05\x07\x30\x0b"sv;
inline constexpr std::string_view kRpkiNotify = "\x2b\x06\x01\x05\x05\x07\x30\x0d"sv;
inline constexpr std::string_view kPolicy = "\x2b\x06\x01\x05\x05\x07\x0e\x02"sv;
inline constexpr std::string_view kPolicyV2 = "\x2b\x06\x01\x05\x05\x07\x0e\x03"sv;
inline constexpr std::string_view kCpsQualifier = "\x2b\x06\x01\x05\x05\x07\x02\x01"sv;
inline constexpr std::string_view kBgpsecRouter = "\x2b\x06\x01\x05\x05\x07\x03\x1e"sv;

// CMS: RFC 5652, RFC 6488
inline constexpr std::string_view kSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;
inline constexpr std::string_view kContentType = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"sv;
inline constexpr std::string_view kMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"sv;
inline constexpr std::string_view kSigningTime = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"sv;
inline constexpr std::string_view kBinarySigningTime = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2e"sv;

// Content types
inline constexpr std::string_view kRoa = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x18"sv;           // RFC 9582 §3
inline constexpr std::string_view kManifest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x1a"sv;      // RFC 9286 §4.1
inline constexpr std::string_view kGhostbusters = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x23"sv;  // RFC 6493 §6
inline constexpr std::string_view kChecklist = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x30"sv;     // RFC 9323 §2
inline constexpr std::string_view kAspa = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x31"sv;          // ASPA profile §2
inline constexpr std::string_view kTrustAnchorKey = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x32"sv;  // RFC 9691 §2

}  // namespace quipu::rpki::oid
