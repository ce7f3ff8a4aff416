#pragma once
// The local administrator: whoever may read the hub's own files may do everything by commands on the same machine, with
// no manual step. The hub writes a secret, anew at each start, into a file of its data folder that only its user can
// read, and notes the folder where that user's commands look: a folder of theirs alone, one file for each address.
// `quipu run` under sudo writes for the person who called sudo.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quipu::access {

class LocalSecret {
  public:
    /// Makes the secret and its files; they go with the object.
    static Result<std::unique_ptr<LocalSecret>> open(const std::string& data_folder, const std::string& url);
    ~LocalSecret();
    LocalSecret(const LocalSecret&) = delete;
    LocalSecret& operator=(const LocalSecret&) = delete;

    [[nodiscard]] const std::string& secret() const { return secret_; }

  private:
    LocalSecret() = default;
    std::string secret_, file_, note_;
};

/// For a command: the secret of the hub at this address if it is ours to read; empty else.
[[nodiscard]] std::string local_secret_for(std::string_view url);

}  // namespace quipu::access
