#include "services/rpki/transport/lab_rrdp.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>

#include "services/rpki/transport/codec_rrdp.h"

namespace quipu::rpki {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDeltasKept = 20;

std::vector<std::uint8_t> octets_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A file and its digest, written in pieces.
class Output {
  public:
    explicit Output(const fs::path& path) : path_(path) {
        fs::create_directories(path.parent_path());
        out_.open(path, std::ios::binary);
    }
    void add(const std::string& text) {
        out_.write(text.data(), static_cast<std::streamsize>(text.size()));
        digest_.add(as_bytes(text));
    }
    Result<Sha256> finish() {
        out_.flush();
        if (!out_) return fail(ErrorCode::io, "cannot be written", path_.string());
        return digest_.finish();
    }

  private:
    fs::path path_;
    std::ofstream out_;
    RunningDigest digest_;
};

class Publisher {
  public:
    Publisher(const LabSettings& settings, const LabRepository& repository)
        : repository_(repository),
          folder_(fs::path(settings.folder) / "rrdp" / repository.name),
          base_(fmt::format("{}/{}", settings.rrdp, repository.name)) {
        const Sha256 digest = sha256(as_bytes(fmt::format("{}/{}", settings.seed, repository.name)));
        const std::string hex = fmt::format("{:02x}", fmt::join(digest, ""));
        next_.session = fmt::format("{}-{}-4{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 3),
                                    hex.substr(15, 3), hex.substr(18, 12));
        next_.serial = 1;
    }

    Result<void> publish() {
        TRY(read_before());
        Output snapshot(file(next_.serial, "snapshot.xml"));
        RrdpWriter whole(RrdpFile::snapshot, next_.session, next_.serial);
        RrdpWriter delta(RrdpFile::delta, next_.session, next_.serial);
        for (const auto& entry : fs::recursive_directory_iterator(repository_.folder)) {
            if (!entry.is_regular_file()) continue;
            const std::string uri =
                repository_.rsync + entry.path().lexically_relative(repository_.folder).generic_string();
            const auto octets = octets_of(entry.path());
            whole.publish(uri, octets);
            snapshot.add(whole.take(false));
            const auto before = before_.find(uri);
            if (before == before_.end()) {
                delta.publish(uri, octets);
            } else if (before->second != sha256(octets)) {
                delta.publish(uri, octets, &before->second);
            }
            if (before != before_.end()) before_.erase(before);
        }
        for (const auto& [uri, hash] : before_)
            delta.withdraw(uri, hash);
        snapshot.add(whole.take());
        next_.snapshot = address(next_.serial, "snapshot.xml");
        next_.snapshot_hash = TRY(snapshot.finish());
        if (next_.serial > 1) {
            Output out(file(next_.serial, "delta.xml"));
            out.add(delta.take());
            next_.deltas.push_back({ next_.serial, address(next_.serial, "delta.xml"), TRY(out.finish()) });
            if (next_.deltas.size() > kDeltasKept) next_.deltas.erase(next_.deltas.begin());
        }
        Output notification(folder_ / "notification.xml");
        notification.add(write_notification(next_));
        static_cast<void>(TRY(notification.finish()));
        std::error_code error;
        fs::copy_file(repository_.certificate, folder_.string() + ".cer", fs::copy_options::overwrite_existing, error);
        if (error) return fail_errno(error.value(), "copying the trust anchor's certificate", repository_.certificate);
        return {};
    }

  private:
    /// What the notification file there offers.
    Result<void> read_before() {
        const fs::path path = folder_ / "notification.xml";
        if (!fs::exists(path)) return {};
        Notification before = TRY(parse_notification(octets_of(path), repository_.notification));
        RrdpReader reader(RrdpFile::snapshot, before.session, before.serial, {},
                          [this](const RrdpObject& object) -> Result<void> {
                              before_[std::string(object.uri)] = sha256(object.object);
                              return {};
                          });
        TRY(reader.feed(octets_of(file(before.serial, "snapshot.xml"))));
        TRY(reader.finish());
        next_.serial = before.serial + 1;
        next_.deltas = std::move(before.deltas);
        return {};
    }
    [[nodiscard]] fs::path file(std::uint64_t serial, const char* name) const {
        return folder_ / next_.session / std::to_string(serial) / name;
    }
    [[nodiscard]] std::string address(std::uint64_t serial, const char* name) const {
        return fmt::format("{}/{}/{}/{}", base_, next_.session, serial, name);
    }

    const LabRepository& repository_;
    fs::path folder_;
    std::string base_;
    Notification next_;
    std::map<std::string, Sha256, std::less<>> before_;
};

}  // namespace

Result<void> write_lab_rrdp(const LabSettings& settings, std::span<const LabRepository> repositories) {
    for (const LabRepository& repository : repositories)
        TRY(Publisher(settings, repository).publish());
    return {};
}

}  // namespace quipu::rpki
