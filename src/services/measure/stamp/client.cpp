#include "services/measure/stamp/client.h"

#include <algorithm>
#include <array>
#include <poll.h>
#include <sys/prctl.h>

#include "net/udp.h"
#include "services/measure/clock_error.h"
#include "services/measure/stamp/codec_extensions.h"

namespace quipu::stamp {
namespace {

constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(50);

class Client {
  public:
    Client(const ClientSettings& settings, const Clock& clock, net::UdpSocket socket)
        : settings_(settings),
          clock_(clock),
          socket_(std::move(socket)),
          chance_(Rng::from_system()),
          sender_(settings.plan, Rng(chance_.next()), clock.monotonic() + settings.start_delay),
          hmac_(Hmac::Hash::sha256, as_bytes(settings.key)) {
        if (settings.twamp_keys) twamp_.emplace(*settings.twamp_keys);
        while (settings_.form.protocol == Protocol::stamp && ssid_ == 0)
            ssid_ = settings_.ssid != 0 ? settings_.ssid : static_cast<std::uint16_t>(chance_.next());
        const auto quality = settings.declared_clock_error > Nanoseconds::zero()
                                 ? measure::ClockQuality{settings.declared_clock_error, true}
                                 : measure::clock_quality();
        error_ = measure::ErrorEstimate::from(quality.bound, quality.synchronised);
    }

    Result<ClientResult> run() {
        // Packets leave at their time, not up to 50 µs later for the sake of fewer wake-ups.
        static_cast<void>(::prctl(PR_SET_TIMERSLACK, 1000UL));
        while (!sender_.done(clock_.monotonic()) && !settings_.interrupted()) {
            TRY(send_due());
            TRY(receive());
            wait();
        }
        TRY(receive());
        result_.from = {own_.value_or(socket_.local().address), socket_.local().port};
        result_.to = settings_.reflector;
        result_.report = sender_.report(error_);
        result_.exchanges = sender_.exchanges();
        result_.own_error = error_;
        result_.overflowed = socket_.overflowed();
        result_.kernel_stamps = kernel_received_ && kernel_sent_ >= result_.report.sent;
        return std::move(result_);
    }

  private:
    Result<void> send_due() {
        while (const auto sequence = sender_.take(clock_.monotonic())) {
            ByteWriter extensions = extensions_for(*sequence);
            const Time now = clock_.now();
            packet_.clear();
            write_question(packet_,
                           {.sequence = *sequence,
                            .timestamp = timestamp_field(now, false),
                            .error = error_field(error_, false),
                            .ssid = ssid_},
                           settings_.form);
            packet_.bytes(extensions.span());
            std::vector<std::uint8_t> bytes(packet_.span().begin(), packet_.span().end());
            if (twamp_)
                twamp_->seal(std::span(bytes).first(settings_.form.question_octets()), settings_.form, false);
            else if (settings_.form.mode == Mode::authenticated)
                seal_stamp(bytes, hmac_);
            const std::array datagrams{net::OutDatagram{bytes, settings_.reflector}};
            // Our own buffer's lack of room is no loss of the network's.
            while (TRY(socket_.send(datagrams)) == 0) {
                pollfd full{.fd = socket_.fd(), .events = POLLOUT, .revents = 0};
                static_cast<void>(::poll(&full, 1, 100));
            }
            sender_.sent(*sequence, now);
            numbers_.push_back(*sequence);
        }
        return {};
    }

    /// Padding up to the size that is wished, and what is asked for.
    ByteWriter extensions_for(std::uint32_t sequence) {
        ByteWriter out;
        const std::size_t header = settings_.form.question_octets();
        if (settings_.form.protocol == Protocol::twamp) {
            out.zeros(std::max(settings_.octets, settings_.form.answer_octets()) - header);
            return out;
        }
        if (settings_.answers_dscp) {
            const std::array<std::uint8_t, 4> value{static_cast<std::uint8_t>(*settings_.answers_dscp << 2U), 0, 0, 0};
            write_extension(out, ExtensionType::class_of_service, value);
            if (settings_.form.mode == Mode::authenticated) write_hmac_extension(out, sequence, hmac_);
        }
        const std::size_t used = header + out.size();
        if (settings_.octets >= used + kExtensionHeader) {
            padding_.resize(settings_.octets - used - kExtensionHeader);
            chance_.fill(padding_);
            write_extension(out, ExtensionType::extra_padding, padding_);
        }
        return out;
    }

    Result<void> receive() {
        for (;;) {
            const auto batch = TRY(socket_.receive());
            for (const net::Datagram& datagram : batch)
                take(datagram);
            if (batch.size() < net::kUdpBatch) break;
        }
        for (const auto& sent : socket_.sent_times()) {
            if (sent.number >= numbers_.size()) continue;
            sender_.left(numbers_[sent.number], sent.time);
            ++kernel_sent_;
        }
        return {};
    }

    void take(const net::Datagram& datagram) {
        if (datagram.peer != settings_.reflector) return sender_.strange();
        const bool authenticated = settings_.form.mode == Mode::authenticated && !twamp_;
        plain_.assign(datagram.bytes.begin(), datagram.bytes.end());
        const bool opened = !twamp_ || twamp_->open(plain_, settings_.form, true);
        const auto answer = parse_answer(plain_, settings_.form);
        if (!opened || !answer || datagram.truncated || (authenticated && !verify_stamp(datagram.bytes, hmac_)) ||
            (settings_.form.protocol == Protocol::stamp && answer->ssid != ssid_ && answer->ssid != 0)) {
            ++result_.wrong;
            return;
        }
        own_ = datagram.local;
        kernel_received_ = kernel_received_ && datagram.kernel_time;
        if (settings_.form.protocol == Protocol::stamp)
            note_flags(datagram.bytes.subspan(settings_.form.answer_octets()), answer->sequence);
        sender_.answered(*answer, datagram.received, datagram.ttl);
    }

    void note_flags(ByteSpan bytes, std::uint32_t sequence) {
        std::uint8_t flags = 0;
        bool hmac = false;
        for (const Extension& extension : parse_extensions(bytes)) {
            flags |= extension.flags;
            hmac = hmac || extension.type == static_cast<std::uint8_t>(ExtensionType::hmac);
        }
        result_.not_understood += (flags & kUnrecognised) != 0 ? 1 : 0;
        result_.malformed += (flags & kMalformed) != 0 ? 1 : 0;
        const bool failed = (flags & kIntegrityFailed) != 0 || (hmac && !verify_extensions(bytes, sequence, hmac_));
        result_.integrity_failed += failed ? 1 : 0;
    }

    void wait() {
        Nanoseconds most = kLongestWait;
        if (const auto next = sender_.next()) most = std::clamp(*next - clock_.monotonic(), Nanoseconds::zero(), most);
        const timespec patience{.tv_sec = 0, .tv_nsec = most.count()};
        pollfd watched{.fd = socket_.fd(), .events = POLLIN, .revents = 0};
        static_cast<void>(::ppoll(&watched, 1, &patience, nullptr));
    }

    const ClientSettings& settings_;
    const Clock& clock_;
    net::UdpSocket socket_;
    Rng chance_;
    SessionSender sender_;
    Hmac hmac_;
    std::optional<TwampCipher> twamp_;
    std::vector<std::uint8_t> plain_;
    measure::ErrorEstimate error_;
    std::optional<net::IpAddress> own_;
    std::uint16_t ssid_ = 0;
    ByteWriter packet_;
    std::vector<std::uint8_t> padding_;
    std::vector<std::uint32_t> numbers_;  // of the datagrams that the kernel took, in their order
    std::size_t kernel_sent_ = 0;
    bool kernel_received_ = true;
    ClientResult result_;
};

}  // namespace

Result<net::UdpSocket> session_socket(const net::IpAddress& local, const net::PortRange& ports, std::uint8_t dscp) {
    return net::UdpSocket::bind(local, ports, {.dscp = dscp, .arrivals = true, .sent_times = net::SentTimes::all});
}

Result<ClientResult> run_session(const ClientSettings& settings, const Clock& clock, net::UdpSocket socket) {
    return Client(settings, clock, std::move(socket)).run();
}

Result<ClientResult> run_session(const ClientSettings& settings, const Clock& clock) {
    const bool v6 = settings.reflector.address.is_v6();
    const auto any = v6 ? net::IpAddress::v6(std::array<std::uint8_t, 16>{}) : net::IpAddress::v4(0);
    return run_session(settings, clock, TRY(session_socket(any, {}, settings.dscp)));
}

}  // namespace quipu::stamp
