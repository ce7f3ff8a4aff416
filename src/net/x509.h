#pragma once
// OpenSSL's certificates with an owner, and what is read from them. For net/*.cpp only.

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>

#include "base/result.h"

namespace quipu::net {

template <auto Function>
struct FreeWith {
    template <class T>
    void operator()(T* object) const {
        Function(object);
    }
};
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using X509RequestPtr = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

[[nodiscard]] BioPtr bio_over(std::string_view text);
[[nodiscard]] Result<X509Ptr> read_certificate(std::string_view pem);
[[nodiscard]] Result<KeyPtr> read_key(std::string_view pem);

[[nodiscard]] std::string common_name_of(const X509* certificate);
[[nodiscard]] std::string serial_of(const X509* certificate);
[[nodiscard]] std::string fingerprint_of(const X509* certificate);

}  // namespace quipu::net
