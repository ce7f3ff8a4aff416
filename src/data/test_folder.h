#pragma once
// A temporary folder that goes with the test.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace quipu::data {

class TestFolder {
  public:
    TestFolder() : path_((std::filesystem::temp_directory_path() / "quipu-test-XXXXXX").string()) {
        if (mkdtemp(path_.data()) == nullptr) std::abort();
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    ~TestFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

}  // namespace quipu::data
