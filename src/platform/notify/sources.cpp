#include "platform/notify/sources.h"

#include <fmt/format.h>

namespace quipu::notify {
namespace {

std::string text_at(const Value& body, std::string_view name) {
    const Value* const value = body.find(name);
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
}
double number_at(const Value& body, std::string_view name) {
    const Value* const value = body.find(name);
    if (value == nullptr) return 0;
    if (value->if_double() != nullptr) return *value->if_double();
    return value->if_integer() != nullptr ? static_cast<double>(*value->if_integer()) : 0.0;
}
std::string milliseconds(double us) {
    return fmt::format("{:.1f} ms", us / 1000);
}
std::string percent(double fraction) {
    return fmt::format("{:.1f} %", fraction * 100);
}

}  // namespace

std::optional<Notice> notice_of(const data::Event& event) {
    const Value& body = event.body;
    Notice out;
    out.key = fmt::format("journal/{}", event.id);
    out.about = event.subject;
    const auto pair = [&](std::string topic, std::string text, Severity severity, std::string before,
                          std::string after) {
        out.topic = std::move(topic);
        out.text = std::move(text);
        out.severity = severity;
        out.values = {{"from", text_at(body, "from")},
                      {"to", text_at(body, "to")},
                      {"before", std::move(before)},
                      {"after", std::move(after)}};
        // Many pairs suffer from one fault: what they do within minutes is one message.
        out.cause = "network.pairs";
        return out;
    };
    const std::string delay_before = milliseconds(number_at(body, "before_us"));
    const std::string delay_after = milliseconds(number_at(body, "after_us"));
    const std::string loss_before = percent(number_at(body, "before"));
    const std::string loss_after = percent(number_at(body, "after"));
    if (event.type == "DelayRose")
        return pair("network.delay.rose", "delay-rose", Severity::warning, delay_before, delay_after);
    if (event.type == "DelayFell")
        return pair("network.delay.fell", "delay-fell", Severity::info, delay_before, delay_after);
    if (event.type == "LossBegan")
        return pair("network.loss.began", "loss-began", Severity::warning, loss_before, loss_after);
    if (event.type == "LossEnded")
        return pair("network.loss.ended", "loss-ended", Severity::info, loss_before, loss_after);
    if (event.type == "AgentLost") {
        out.topic = "network.agent.lost";
        out.text = "agent-lost";
        out.cause = "network.agents";
        out.severity = Severity::warning;
        out.values = {{"agent", text_at(body, "agent")}, {"reason", text_at(body, "detail")}};
        return out;
    }
    if (event.type == "ServiceFailed") {
        out.topic = "house.service.failed";
        out.text = "service-failed";
        out.severity = Severity::critical;
        out.cause = event.subject;
        out.values = {{"service", text_at(body, "service")}, {"reason", text_at(body, "reason")}};
        return out;
    }
    if (event.type == "ProblemReported") {
        out.topic = "help.reported";
        out.text = "problem-reported";
        out.values = {{"page", text_at(body, "page")}, {"text", text_at(body, "text")}};
        return out;
    }
    return std::nullopt;
}

}  // namespace quipu::notify
