#pragma once
// A program that is run to its end or to its deadline: no shell, output bounded, ended by its own process id, and gone
// with whoever started it.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace quipu::throughput {

struct ProgramEnd {
    int status = 0;  ///< exit status, 128 + signal when it was killed
    std::string output;
    std::string errors;      ///< the beginning of what it wrote to standard error
    bool timed_out = false;  ///< the deadline ended it
    bool called_off = false;
};

/// Blocks; call it from a thread that lives as long as the program may: it dies with it. `called_off` is asked a few
/// times a second. `not_found` when it is not installed, `too_large` when it prints more than `most` octets.
[[nodiscard]] Result<ProgramEnd> run_program(const std::vector<std::string>& argv, Nanoseconds limit, std::size_t most,
                                             const std::function<bool()>& called_off);

}  // namespace quipu::throughput
