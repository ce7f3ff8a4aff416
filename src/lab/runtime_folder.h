#pragma once
// The lab's folder while it runs: a lock that ends with its process, and a record of everything that it makes on this
// machine, written before it is made. After a crash the next start reads the record and removes exactly that.

#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/result.h"
#include "lab/descriptor.h"
#include "lab/process.h"

namespace quipu::lab {

struct Record {
    std::string boot;                     ///< the machine's boot id: after a restart only files are left
    std::vector<std::string> namespaces;  ///< as `ip netns` names them
    std::vector<std::string> interfaces;  ///< in the hub's namespace
    std::vector<ProcessId> processes;
    static constexpr auto describe() {
        using T = Record;
        return fields(field<&T::boot>("boot", "Boot id of the machine").required(),
                      field<&T::namespaces>("namespaces", "Network namespaces made").required(),
                      field<&T::interfaces>("interfaces", "Interfaces made in the hub's namespace").required(),
                      field<&T::processes>("processes", "Processes started").required());
    }
};

class RuntimeFolder {
  public:
    /// Makes the folder (mode 0700) and locks it; `conflict` when a lab runs in it.
    [[nodiscard]] static Result<RuntimeFolder> open(const std::string& path);
    RuntimeFolder(RuntimeFolder&&) = default;
    RuntimeFolder& operator=(RuntimeFolder&&) = default;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string routers() const { return path_ + "/routers"; }

    /// Replaces the record, whole or not at all.
    [[nodiscard]] Result<void> write(const Record& record) const;
    /// Removes what the record names, and the record; goes on after a failure and answers the first. Nothing recorded
    /// is no error.
    [[nodiscard]] Result<void> remove_recorded() const;
    /// Removes the lab's own files and, if nothing else is in it, the folder. The lock goes with it.
    void remove();

  private:
    RuntimeFolder(std::string path, Descriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}
    std::string path_;
    Descriptor lock_;
};

[[nodiscard]] std::string boot_id();

}  // namespace quipu::lab
