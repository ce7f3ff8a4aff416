#include "platform/signin/metadata_source.h"

#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "net/http_client.h"
#include "platform/signin/xml.h"

namespace quipu::signin {
namespace {

constexpr std::size_t kMostMetadata = std::size_t{512} * 1024 * 1024;

Result<std::string> der_of_pem(const std::string& path) {
    const std::string text = TRY(read_whole_file(path));
    constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
    const std::size_t begin = text.find(kBegin);
    const std::size_t end = text.find("-----END CERTIFICATE-----");
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        return fail(ErrorCode::invalid, "is not a certificate in PEM", path);
    return xml::base64_decode(std::string_view(text).substr(begin + kBegin.size(), end - begin - kBegin.size()));
}

/// "https://host/path" into what the client wants: "https://host:443" and "/path".
Result<std::pair<std::string, std::string>> split_address(std::string_view address) {
    const bool tls = address.starts_with("https://");
    if (!tls && !address.starts_with("http://"))
        return fail(ErrorCode::invalid, "is not an http address", std::string(address));
    const std::size_t host = tls ? 8 : 7;
    const std::size_t slash = std::min(address.find('/', host), address.size());
    std::string base(address.substr(0, slash));
    const std::string_view name = address.substr(host, slash - host);
    const bool has_port =
        name.ends_with(']') ? false : name.rfind(':') != name.npos && name.rfind(':') > name.rfind(']') + 1;
    if (!has_port) base += tls ? ":443" : ":80";
    return std::pair(base, slash < address.size() ? std::string(address.substr(slash)) : std::string("/"));
}

}  // namespace

Result<std::string> read_whole_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "open the file", path);
    std::ostringstream text;
    text << file.rdbuf();
    if (file.bad()) return fail_errno(errno, "read the file", path);
    return std::move(text).str();
}

Result<Fetched> fetch_address(std::string_view address, const std::vector<FetchHeader>& headers, std::string_view form,
                              const std::string& trust, std::size_t most_octets) {
    const auto [base, target] = TRY(split_address(address));
    std::optional<net::TlsContext> tls;
    if (base.starts_with("https://")) tls = TRY(net::TlsContext::client(trust, {}));
    net::ClientRequest request;
    request.target = target;
    request.max_body_octets = most_octets;
    for (const FetchHeader& each : headers)
        request.headers.add(each.name, each.value);
    if (!form.empty()) {
        request.method = net::Method::post;
        request.headers.add("Content-Type", "application/x-www-form-urlencoded");
        request.body = form;
    }
    auto response = TRY(net::fetch(base, std::move(request), std::move(tls)));
    return Fetched{response.status, std::move(response.body), std::string(response.headers.get("ETag"))};
}

Result<MetadataSource> MetadataSource::open(MetadataSettings settings, std::string folder, std::string trust) {
    const std::string where = fmt::format("signin.metadata.{}", settings.name);
    if (settings.url.empty() == settings.file.empty()) return fail(ErrorCode::invalid, "needs a url or a file", where);
    if (!settings.url.empty() && settings.certificate.empty())
        return fail(ErrorCode::invalid, "metadata from the network must be signed: certificate is missing", where);
    MetadataSource out(std::move(settings), std::move(folder), std::move(trust));
    if (!out.settings_.certificate.empty())
        out.keys_.push_back(TRY(VerifyingKey::of_certificate(TRY(der_of_pem(out.settings_.certificate)))));
    return out;
}

std::string MetadataSource::copy_path() const {
    return fmt::format("{}/{}.metadata.xml", folder_, settings_.name);
}

Result<std::optional<std::string>> MetadataSource::text() {
    if (!settings_.file.empty()) return std::optional(TRY(read_whole_file(settings_.file)));
    std::vector<FetchHeader> headers;
    if (!etag_.empty()) headers.push_back({"If-None-Match", etag_});
    Fetched fetched = TRY(fetch_address(settings_.url, headers, {}, trust_, kMostMetadata));
    if (fetched.status == 304) return std::nullopt;
    if (fetched.status != 200)
        return fail(ErrorCode::unavailable, fmt::format("its server answers {}", fetched.status), settings_.url);
    seen_ = std::move(fetched.etag);
    return std::optional(std::move(fetched.body));
}

Result<std::optional<Aggregate>> MetadataSource::refresh(Time now) {
    const auto fresh = TRY(text());
    if (!fresh) return std::nullopt;
    auto aggregate = TRY(read_metadata(*fresh, keys_, now));
    etag_ = seen_;
    // Beside its name first, so that a copy is whole or not there.
    const std::string beside = copy_path() + ".new";
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << *fresh;
    file.close();
    std::error_code error;
    if (file) std::filesystem::rename(beside, copy_path(), error);
    if (!file || error) return fail(ErrorCode::io, "the copy of the metadata can't be kept", copy_path());
    return aggregate;
}

Result<Aggregate> MetadataSource::last_good(Time now) const {
    return read_metadata(TRY(read_whole_file(copy_path())), keys_, now);
}

}  // namespace quipu::signin
