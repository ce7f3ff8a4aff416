#include "app/progress.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <utility>

namespace quipu::app {
namespace {

constexpr int kWidth = 30;

void write(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

}  // namespace

ProgressText::ProgressText(std::string title, std::uint64_t total, bool terminal)
    : title_(std::move(title)), total_(std::max<std::uint64_t>(1, total)), terminal_(terminal) {}

std::string ProgressText::step(std::uint64_t done) {
    const int percent = static_cast<int>(std::min(done, total_) * 100 / total_);
    const int state = terminal_ ? percent : percent / 10;
    if (state == shown_) return {};
    shown_ = state;
    if (!terminal_) return fmt::format("{}: {} %\n", title_, percent);
    std::string bar;
    for (int i = 0; i < kWidth; ++i)
        bar += i < percent * kWidth / 100 ? "━" : "─";
    return fmt::format("\r{} {} {:3} %", title_, bar, percent);
}

std::string ProgressText::finish(std::string_view outcome) {
    return terminal_ ? fmt::format("\r\x1b[K{}: {}\n", title_, outcome) : fmt::format("{}: {}\n", title_, outcome);
}

Progress::Progress(std::string title, std::uint64_t total, bool terminal) : text_(std::move(title), total, terminal) {
    advance_to(0);
}

Progress::~Progress() {
    if (!finished_) write(text_.finish("stopped"));
}

void Progress::advance_to(std::uint64_t done) {
    write(text_.step(done));
}

void Progress::finish(std::string_view outcome) {
    if (std::exchange(finished_, true)) return;
    write(text_.finish(outcome));
}

}  // namespace quipu::app
