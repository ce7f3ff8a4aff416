#pragma once
// SHA-256 of what comes in pieces.

#include <memory>

#include "services/rpki/crypto.h"

namespace quipu::rpki {

class RunningDigest {
  public:
    RunningDigest();
    ~RunningDigest();
    RunningDigest(const RunningDigest&) = delete;
    RunningDigest& operator=(const RunningDigest&) = delete;
    void add(ByteSpan octets);
    [[nodiscard]] Sha256 finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace quipu::rpki
