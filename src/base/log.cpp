#include "base/log.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "base/time.h"
#include "base/value.h"

namespace quipu {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
    }
    return "error";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

struct State {
    std::atomic<LogLevel> threshold = LogLevel::info;
    std::atomic<LogFormat> format = LogFormat::text;
    std::shared_ptr<spdlog::sinks::stderr_color_sink_mt> sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    spdlog::logger logger{"quipu", sink};

    State() {
        logger.set_level(spdlog::level::trace);
        set_format(LogFormat::text);
    }
    void set_format(LogFormat wanted) {
        format = wanted;
        const char* pattern = wanted == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";
        logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    }
};

State& state() {
    // Never destroyed: a thread that outlives main may still log.
    static auto* const only = new State;
    return *only;
}

/// A value as it may stand in a line of text: quoted and escaped unless it is one plain word.
void append_word(std::string& out, std::string_view value) {
    const bool plain = !value.empty() && std::ranges::all_of(value, [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    });
    if (plain)
        out += value;
    else
        JsonWriter(out).string(value);
}

std::string text_line(const LogEvent& event, std::initializer_list<LogField> fields) {
    std::string out = fmt::format("{} {}", event.id, event.text);
    for (const LogField& field : fields) {
        out += ' ';
        out += field.key;
        out += '=';
        append_word(out, field.value);
    }
    if (!event.advice.empty()) out += fmt::format(" ({})", event.advice);
    return out;
}

std::string json_line(const LogEvent& event, std::initializer_list<LogField> fields) {
    std::string out;
    JsonWriter json(out);
    const auto text = [&json](std::string_view key, std::string_view value) {
        json.key(key);
        json.string(value);
    };
    json.begin_object();
    text("time", format_time(SystemClock().now()));
    text("level", name_of(event.level));
    text("id", event.id);
    text("text", event.text);
    if (!event.advice.empty()) text("advice", event.advice);
    json.key("fields");
    json.begin_object();
    for (const LogField& field : fields)
        text(field.key, field.value);
    json.end_object();
    json.end_object();
    return out;
}

}  // namespace

void log(const LogEvent& event, std::initializer_list<LogField> fields) {
    State& log = state();
    if (event.level < log.threshold.load(std::memory_order_relaxed)) return;
    const std::string line = log.format == LogFormat::json ? json_line(event, fields) : text_line(event, fields);
    log.logger.log(spdlog_level(event.level), std::string_view(line));
}

void configure_log(LogLevel threshold, LogFormat format) {
    state().threshold = threshold;
    state().set_format(format);
}

}  // namespace quipu
