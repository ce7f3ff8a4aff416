#include "agent/authority.h"

#include <cerrno>
#include <sys/stat.h>

#include "agent/files.h"

namespace quipu::agent {

Result<net::KeyPair> open_authority(const std::string& folder, Time now) {
    const std::string certificate_path = folder + "/authority.crt";
    const std::string key_path = folder + "/authority.key";
    auto certificate = read_file(certificate_path);
    if (!certificate && certificate.error().code == ErrorCode::not_found) {
        TRY(make_folder(folder));
        net::KeyPair made = TRY(net::pki::make_authority("Quipu authority", now, std::chrono::days(3650)));
        // The key first: a certificate without its key would be taken for an authority.
        TRY(write_file(key_path, made.private_key, 0600));
        TRY(write_file(certificate_path, made.certificate, 0644));
        return made;
    }
    if (!certificate) return std::unexpected(certificate.error());

    struct stat status{};
    if (stat(key_path.c_str(), &status) != 0)
        return fail_errno(errno, "the authority's certificate is there but its key is not", key_path);
    if ((status.st_mode & 077U) != 0)
        return fail(ErrorCode::corrupt, "the authority's key can be read by others than its owner", key_path,
                    "see who read it; then chmod 600, or remove both files and enrol all agents again");
    return net::KeyPair {
        .certificate = std::move(*certificate), .private_key = TRY(read_file(key_path))
    };
}

}  // namespace quipu::agent
