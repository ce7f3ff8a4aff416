#pragma once
// OpenSSL's and libxml2's objects with an owner. For signin/*.cpp only.

#include <memory>

namespace quipu::signin {

template <auto Function>
struct FreeWith {
    template <class T>
    void operator()(T* object) const {
        Function(object);
    }
};
template <auto Function, class T>
using Owned = std::unique_ptr<T, FreeWith<Function>>;

}  // namespace quipu::signin
