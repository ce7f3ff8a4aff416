#pragma once
// Conversations as text, for tests of engines: a line each, its first word the verb; "#" begins a comment line.

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

namespace quipu {

/// Calls `line(verb, words, text)` for each line that says something: `words` stands behind the verb, `text` is the
/// whole line. Failures name file and line; nothing is read after a fatal one.
template <class Line>
void run_script(const std::filesystem::path& path, const Line& line) {
    std::ifstream in(path);
    ASSERT_TRUE(in) << path;
    std::string text;
    for (int number = 1; std::getline(in, text); ++number) {
        SCOPED_TRACE(path.filename().string() + ":" + std::to_string(number) + ": " + text);
        std::istringstream words(text);
        std::string verb;
        if (!(words >> verb) || verb[0] == '#') continue;
        line(verb, words, text);
        if (testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace quipu
