#pragma once
// Completion for bash, made from the tree of commands so that it is never behind it.

#include <string>

namespace CLI {
class App;
}

namespace quipu::app {

/// A script for `eval "$(quipu completion bash)"` or /usr/share/bash-completion/completions/quipu.
[[nodiscard]] std::string bash_completion(const CLI::App& app);

}  // namespace quipu::app
