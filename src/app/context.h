#pragma once
// What every command shares: the hub that it talks to, the shape of its output, and the command that was chosen.

#include <functional>
#include <string>

#include "app/output.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace quipu::app {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;  ///< what was asked for could not be done
inline constexpr int kUsage = 2;    ///< the command line is wrong

struct Context {
    OutputFormat output = OutputFormat::table;
    std::string hub = "http://127.0.0.1:8080";
    bool colour = false;    ///< standard output is a terminal that may show it
    bool terminal = false;  ///< standard error is a terminal: bars instead of lines
    /// Set by the sub-command's callback while the line is parsed; main runs it afterwards.
    std::function<Result<void>()> command;
};

}  // namespace quipu::app
