#pragma once
// XML Encryption (xmlenc-core1) of assertions: AES-GCM under RSA-OAEP. CBC is not accepted: whoever can send it again
// and again with changes learns its text from the answers (Jager and Somorovsky 2011).

#include <string>

#include "base/result.h"
#include "platform/signin/own_key.h"
#include "platform/signin/xml.h"

namespace quipu::signin {

inline constexpr std::string_view kAes128Gcm = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
inline constexpr std::string_view kAes256Gcm = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
inline constexpr std::string_view kRsaOaepMgf1 = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
inline constexpr std::string_view kRsaOaep = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

/// The text inside an EncryptedAssertion. The EncryptedKey stands in the EncryptedData's KeyInfo or beside it.
[[nodiscard]] Result<std::string> decrypted(xml::Element encrypted_assertion, const OwnKey& key);

}  // namespace quipu::signin
