#pragma once
// Names compared as people compare them: see base/fold.h.

#include "base/fold.h"

namespace quipu::registry {

using quipu::folded;
using quipu::slug_of;

}  // namespace quipu::registry
