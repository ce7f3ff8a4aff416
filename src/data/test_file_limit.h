#pragma once
// While it lives no file of this process grows beyond a size: what a full disk looks like from here.

#include <csignal>
#include <sys/resource.h>

namespace quipu::data {

class TestFileLimit {
  public:
    explicit TestFileLimit(rlim_t octets) {
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = octets;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    TestFileLimit(const TestFileLimit&) = delete;
    TestFileLimit& operator=(const TestFileLimit&) = delete;
    ~TestFileLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

}  // namespace quipu::data
