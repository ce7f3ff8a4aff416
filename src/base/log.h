#pragma once
// Structured logs. Each event is declared once, as a LogEvent constant beside the code that emits it: its identifier,
// its text, and what the operator should do. A line carries key=value fields; output is text for a terminal or JSON
// lines.

#include <fmt/format.h>
#include <initializer_list>
#include <string>
#include <string_view>

namespace quipu {

enum class LogLevel : unsigned char { debug, info, warning, error };
enum class LogFormat : unsigned char { text, json };

struct LogEvent {
    LogLevel level;
    std::string_view id;           ///< "DATA_MIGRATED": stable, for searching
    std::string_view text;         ///< one sentence
    std::string_view advice = {};  ///< what the operator should do; empty when nothing
};

struct LogField {
    std::string_view key;
    std::string value;
    LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
    LogField(std::string_view k, const char* v) : key(k), value(v) {}
    template <class T>
    LogField(std::string_view k, const T& v) : key(k), value(fmt::to_string(v)) {}
};

/// Writes the event if its level is enabled. Safe from any thread. Never put a secret in a field.
void log(const LogEvent& event, std::initializer_list<LogField> fields = {});
void configure_log(LogLevel threshold, LogFormat format);

}  // namespace quipu
