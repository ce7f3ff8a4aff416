#pragma once
// A management network that nothing else on this machine uses.

#include "base/result.h"
#include "lab/descriptor.h"

namespace quipu::lab {

/// Holds 10.255.X.0/24 and fd51:7569:7075:X::/64 for this process until it is destroyed: no address of this machine
/// lies in it, no route of 16 bits or more leads into it, and no other lab holds it.
class Subnet {
  public:
    /// The first free X, looked for from `preferred` on.
    [[nodiscard]] static Result<Subnet> take(unsigned preferred);
    [[nodiscard]] unsigned number() const { return number_; }

  private:
    Subnet(unsigned number, Descriptor claim) : number_(number), claim_(std::move(claim)) {}
    unsigned number_;
    Descriptor claim_;
};

}  // namespace quipu::lab
