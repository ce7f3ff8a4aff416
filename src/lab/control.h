#pragma once
// The door of a running lab for other processes: a local socket (mode 0600) in its runtime folder, one JSON object a
// line.
//
//     {"do": "status"}                                                  -> {"status": {…}}
//     {"do": "set", "link": ID, "change": {…}, "actor": WHO}            -> {"link": {…}}
//     {"do": "hijack", "hijack": {"prefix", "site", "stop"}, "actor": WHO}  -> {"hijacks": {…}}
//     {"do": "clock", "clock": {"site", "shift_us"}}                    -> {"clock": {…}}
//     {"do": "down"}                                                    -> {"going_down": true}, and the lab ends
//     a failure                                                         -> {"error": {"code", "what", "where", "hint"}}

#include <functional>
#include <string>
#include <thread>

#include "lab/controls.h"
#include "lab/descriptor.h"

namespace quipu::lab {

/// Answers on a thread of its own, one line after another: what is asked is small and rare.
class ControlServer {
  public:
    struct Handlers {
        Controls& controls;
        std::function<void()> down;  ///< somebody asked the lab to end; called once
    };
    [[nodiscard]] static Result<std::unique_ptr<ControlServer>> start(const std::string& runtime, Handlers handlers);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

  private:
    ControlServer(Descriptor socket, Handlers handlers);
    void run(const std::stop_token& stop);
    void converse(const Descriptor& peer);

    Descriptor socket_, wake_;
    Handlers handlers_;
    std::jthread thread_;
};

/// A lab in another process. Each call is a connection of its own, limited to a few seconds.
class LabClient final : public Controls {
  public:
    /// `runtime` is the lab's runtime folder; whether a lab runs there shows at the first call (`not_found` if none
    /// does).
    explicit LabClient(std::string runtime) : runtime_(std::move(runtime)) {}

    [[nodiscard]] Result<LabStatus> status() const override;
    [[nodiscard]] Result<void> ask_down() const;
    [[nodiscard]] Result<ClockChange> set_clock(const ClockChange& change) override;

  protected:
    [[nodiscard]] Result<HijackList> change_hijack(const HijackChange& change, std::string_view actor) override;
    [[nodiscard]] Result<LinkStatus> change_link(std::string_view id, const LinkChange& change,
                                                 std::string_view actor) override;

  private:
    [[nodiscard]] Result<Value> ask(const Value& question) const;
    std::string runtime_;
};

/// One line in, one line out; never fails, a failure is an answer. `down` is set when the lab was asked to end.
[[nodiscard]] std::string answer_control(std::string_view line, Controls& controls, bool& down);

}  // namespace quipu::lab
