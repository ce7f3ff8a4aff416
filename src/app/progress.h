#pragma once
// Progress of long work on standard error: a bar where it is a terminal, a plain line per tenth otherwise.

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu::app {

/// What the bar looks like at one moment; no I/O, so that it can be tested.
class ProgressText {
  public:
    ProgressText(std::string title, std::uint64_t total, bool terminal);

    /// The text to write for this state, empty when nothing new is to be seen. `done` beyond the total counts as the
    /// total.
    [[nodiscard]] std::string step(std::uint64_t done);
    /// The last words: the line's end on a terminal.
    [[nodiscard]] std::string finish(std::string_view outcome);

  private:
    std::string title_;
    std::uint64_t total_;
    bool terminal_;
    int shown_ = -1;  ///< percent, or tenths of it, that stand there
};

class Progress {
  public:
    Progress(std::string title, std::uint64_t total, bool terminal);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    /// "stopped" if finish() was not called.
    ~Progress();
    void advance_to(std::uint64_t done);
    void finish(std::string_view outcome = "done");

  private:
    ProgressText text_;
    bool finished_ = false;
};

}  // namespace quipu::app
