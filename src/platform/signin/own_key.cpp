#include "platform/signin/own_key.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/signin/openssl_owner.h"

namespace quipu::signin {

using KeyPtr = Owned<EVP_PKEY_free, EVP_PKEY>;
using CertificatePtr = Owned<X509_free, X509>;
using BioPtr = Owned<BIO_free_all, BIO>;

struct OwnKey::Impl {
    KeyPtr key;
    CertificatePtr certificate;
};

namespace {

constexpr std::chrono::days kLife{3650};

BioPtr bio_over(std::string_view text) {
    return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

CertificatePtr certificate_for(EVP_PKEY* key, std::string_view common_name, Time now) {
    CertificatePtr certificate(X509_new());
    if (certificate == nullptr) return nullptr;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate.get()), seconds.time_since_epoch().count());
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), std::chrono::system_clock::to_time_t(seconds));
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), std::chrono::system_clock::to_time_t(seconds + kLife));
    X509_NAME* name = X509_get_subject_name(certificate.get());
    const std::string text(common_name.substr(0, 64));  // ub-common-name, RFC 5280 appendix A
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(certificate.get(), name);
    X509_set_pubkey(certificate.get(), key);
    if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) return nullptr;
    return certificate;
}

Result<void> write_file(const std::string& path, std::string_view text, mode_t mode) {
    // Beside its name first: a half-written key must never be found at the next start.
    const std::string beside = path + ".new";
    const int file = ::open(beside.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);
    if (file < 0) return fail_errno(errno, "write the key", beside);
    const bool whole = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
    const int number = errno;
    ::close(file);
    if (!whole) return fail_errno(number, "write the key", beside);
    if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "write the key", path);
    return {};
}

Result<std::string> read_file(const std::string& path) {
    BioPtr file(BIO_new_file(path.c_str(), "rb"));
    if (file == nullptr) return fail_errno(errno != 0 ? errno : EIO, "read the key", path);
    std::string text(64 * 1024, '\0');
    const int size = BIO_read(file.get(), text.data(), static_cast<int>(text.size()));
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

}  // namespace

Result<OwnKey> OwnKey::make(std::string_view common_name, Time now) {
    KeyPtr key(EVP_RSA_gen(3072));
    if (key == nullptr) return fail(ErrorCode::internal, "OpenSSL made no key");
    CertificatePtr certificate = certificate_for(key.get(), common_name, now);
    if (certificate == nullptr) return fail(ErrorCode::internal, "OpenSSL made no certificate");
    return OwnKey(std::make_shared<const Impl>(std::move(key), std::move(certificate)));
}

Result<OwnKey> OwnKey::read(std::string_view private_key_pem, std::string_view certificate_pem) {
    KeyPtr key(PEM_read_bio_PrivateKey(bio_over(private_key_pem).get(), nullptr, nullptr, nullptr));
    CertificatePtr certificate(PEM_read_bio_X509(bio_over(certificate_pem).get(), nullptr, nullptr, nullptr));
    if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < 2048)
        return fail(ErrorCode::invalid, "the private key is not an RSA key of 2048 bits and more");
    if (certificate == nullptr || X509_check_private_key(certificate.get(), key.get()) != 1)
        return fail(ErrorCode::invalid, "the certificate is not the private key's");
    return OwnKey(std::make_shared<const Impl>(std::move(key), std::move(certificate)));
}

Result<OwnKey> OwnKey::open(const std::string& folder, std::string_view common_name, Time now) {
    const std::string key_path = folder + "/saml.key";
    const std::string certificate_path = folder + "/saml.crt";
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail_errno(error.value(), "make the folder of the keys", folder);
    struct stat status{};
    if (::stat(key_path.c_str(), &status) != 0) {
        if (errno != ENOENT) return fail_errno(errno, "read the key", key_path);
        OwnKey fresh = TRY(make(common_name, now));
        TRY(write_file(certificate_path, fresh.certificate_pem(), 0644));
        TRY(write_file(key_path, fresh.private_key_pem(), 0600));
        return fresh;
    }
    if ((status.st_mode & 077U) != 0)
        return fail(ErrorCode::forbidden, "others than its user can read the private key", key_path,
                    fmt::format("chmod 600 {}", key_path));
    auto key = read(TRY(read_file(key_path)), TRY(read_file(certificate_path)));
    if (!key) key.error().where = key_path;
    return key;
}

std::string OwnKey::private_key_pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio.get());
}

std::string OwnKey::certificate_pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), impl_->certificate.get());
    return text_of(bio.get());
}

std::string OwnKey::certificate_der() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    i2d_X509_bio(bio.get(), impl_->certificate.get());
    return text_of(bio.get());
}

Result<std::string> OwnKey::sign(std::string_view data) const {
    const Owned<EVP_MD_CTX_free, EVP_MD_CTX> context(EVP_MD_CTX_new());
    std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())), '\0');
    std::size_t size = out.size();
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, as_bytes(data).data(),
                       data.size()) != 1)
        return fail(ErrorCode::internal, "OpenSSL signed nothing");
    out.resize(size);
    return out;
}

Result<std::string> OwnKey::unwrap(ByteSpan wrapped, const char* hash, const char* mask_hash) const {
    const Owned<EVP_PKEY_CTX_free, EVP_PKEY_CTX> context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, impl_->key.get(), nullptr));
    std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get())), '\0');
    std::size_t size = out.size();
    if (context == nullptr || EVP_PKEY_decrypt_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md_name(context.get(), hash, nullptr) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(context.get(), mask_hash, nullptr) != 1 ||
        EVP_PKEY_decrypt(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, wrapped.data(),
                         wrapped.size()) != 1)
        return fail(ErrorCode::invalid, "it is not encrypted for this hub's key", "EncryptedKey");
    out.resize(size);
    return out;
}

}  // namespace quipu::signin
