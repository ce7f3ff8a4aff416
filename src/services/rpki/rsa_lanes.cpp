// RSA verification of eight signatures at once: each vector holds the same 52-bit limb of eight numbers, and the 52-bit
// multiply-add of AVX-512 IFMA does the work. Numbers have 40 limbs, R = 2^2080; a product by Montgomery of numbers
// below 2n stays below 2n because 4n < R, so nothing is subtracted until the end.

#include "services/rpki/crypto.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace quipu::rpki {
namespace {

#define QUIPU_LANES __attribute__((target("avx512f,avx512ifma,avx512dq,avx512vl,avx512bw")))

constexpr std::size_t kLimbs = 40;
constexpr std::uint64_t kMask = (std::uint64_t{1} << 52U) - 1;

struct alignas(64) Number {
    __m512i limb[kLimbs];
};
using Limbs = std::array<std::uint64_t, kLimbs>;

/// Big-endian octets as limbs, least first.
void split(ByteSpan octets, Limbs& out) {
    out.fill(0);
    unsigned bit = 0;
    for (std::size_t i = octets.size(); i-- > 0; bit += 8) {
        const std::uint64_t octet = octets[i];
        const unsigned limb = bit / 52;
        const unsigned shift = bit % 52;
        out[limb] |= octet << shift & kMask;
        if (shift > 44) out[limb + 1] |= octet >> (52 - shift);
    }
}

QUIPU_LANES void gather(const std::array<Limbs, 8>& lanes, Number& out) {
    for (std::size_t i = 0; i < kLimbs; ++i)
        out.limb[i] = _mm512_set_epi64(static_cast<long long>(lanes[7][i]), static_cast<long long>(lanes[6][i]),
                                       static_cast<long long>(lanes[5][i]), static_cast<long long>(lanes[4][i]),
                                       static_cast<long long>(lanes[3][i]), static_cast<long long>(lanes[2][i]),
                                       static_cast<long long>(lanes[1][i]), static_cast<long long>(lanes[0][i]));
}

/// Carries, so that every limb is below 2^52 again.
QUIPU_LANES void normalise(Number& a) {
    const __m512i mask = _mm512_set1_epi64(static_cast<long long>(kMask));
    __m512i carry = _mm512_setzero_si512();
    for (auto& limb : a.limb) {
        const __m512i sum = _mm512_add_epi64(limb, carry);
        limb = _mm512_and_si512(sum, mask);
        carry = _mm512_srli_epi64(sum, 52);
    }
}

/// out = a·b/R mod n, below 2n if a and b are. `out` may be a or b.
QUIPU_LANES void multiply(Number& out, const Number& a, const Number& b, const Number& n, __m512i n_inverse) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i sum[kLimbs + 1];
    for (auto& limb : sum)
        limb = zero;
    for (std::size_t i = 0; i < kLimbs; ++i) {
        const __m512i b_limb = b.limb[i];
        const __m512i lowest = _mm512_madd52lo_epu64(sum[0], a.limb[0], b_limb);
        const __m512i q = _mm512_madd52lo_epu64(zero, lowest, n_inverse);
        // The lowest limb becomes zero modulo 2^52; its carry goes into the next.
        const __m512i carry = _mm512_srli_epi64(_mm512_madd52lo_epu64(lowest, n.limb[0], q), 52);
        __m512i shifted = _mm512_add_epi64(sum[1], carry);
        for (std::size_t j = 1; j < kLimbs; ++j) {
            __m512i limb = shifted;
            shifted = sum[j + 1];
            limb = _mm512_madd52lo_epu64(limb, a.limb[j], b_limb);
            limb = _mm512_madd52hi_epu64(limb, a.limb[j - 1], b_limb);
            limb = _mm512_madd52lo_epu64(limb, n.limb[j], q);
            limb = _mm512_madd52hi_epu64(limb, n.limb[j - 1], q);
            sum[j - 1] = limb;
        }
        __m512i top = shifted;
        top = _mm512_madd52hi_epu64(top, a.limb[kLimbs - 1], b_limb);
        top = _mm512_madd52hi_epu64(top, n.limb[kLimbs - 1], q);
        sum[kLimbs - 1] = top;
        sum[kLimbs] = zero;
    }
    for (std::size_t i = 0; i < kLimbs; ++i)
        out.limb[i] = sum[i];
    normalise(out);
}

/// a = a·2^shift mod n, loosely: below 2n. a is below 2n, shift at most 32.
QUIPU_LANES void shift_left(Number& a, unsigned shift, const Number& n, __m512d n_reciprocal) {
    // The quotient is estimated from the highest limbs as floating point: n has 2048 bits, so its value is
    // (limb 39 · 2^52 + limb 38) · 2^1976, limb 39 having 20 bits.
    const __m512d two52 = _mm512_set1_pd(4503599627370496.0);
    const __m512d high =
        _mm512_fmadd_pd(_mm512_cvtepu64_pd(a.limb[kLimbs - 1]), two52, _mm512_cvtepu64_pd(a.limb[kLimbs - 2]));
    const __m512d scaled = _mm512_mul_pd(high, _mm512_set1_pd(static_cast<double>(std::uint64_t{1} << shift)));
    __m512i q = _mm512_cvttpd_epu64(_mm512_mul_pd(scaled, n_reciprocal));
    // One less is never too much and leaves the result below 2n.
    q = _mm512_mask_sub_epi64(q, _mm512_cmpgt_epu64_mask(q, _mm512_setzero_si512()), q, _mm512_set1_epi64(1));
    const __m512i mask = _mm512_set1_epi64(static_cast<long long>(kMask));
    const __m128i count = _mm_cvtsi32_si128(static_cast<int>(shift));
    const __m512i zero = _mm512_setzero_si512();
    __m512i borrow = zero;   // signed carry
    __m512i product = zero;  // high half of the limb before
    __m512i spill = zero;    // bits shifted out of the limb before
    const __m128i rest = _mm_cvtsi32_si128(static_cast<int>(52 - shift));
    for (std::size_t i = 0; i < kLimbs; ++i) {
        const __m512i limb = a.limb[i];
        const __m512i moved = _mm512_or_si512(_mm512_and_si512(_mm512_sll_epi64(limb, count), mask), spill);
        spill = _mm512_srl_epi64(limb, rest);
        const __m512i subtract = _mm512_madd52lo_epu64(product, n.limb[i], q);
        product = _mm512_madd52hi_epu64(zero, n.limb[i], q);
        const __m512i sum = _mm512_add_epi64(_mm512_sub_epi64(moved, subtract), borrow);
        a.limb[i] = _mm512_and_si512(sum, mask);
        borrow = _mm512_srai_epi64(sum, 52);
    }
}

QUIPU_LANES void check_lanes(std::span<RsaCheck* const, 8> checks) {
    std::array<Limbs, 8> limbs;
    Number n;
    Number s;
    alignas(64) std::array<std::uint64_t, 8> inverse;
    alignas(64) std::array<double, 8> reciprocal;
    for (std::size_t lane = 0; lane < 8; ++lane) {
        split(checks[lane]->modulus, limbs[lane]);
        // -1/n modulo 2^52 by Newton's iteration, which doubles the good bits each time.
        const std::uint64_t low = limbs[lane][0];
        std::uint64_t x = low;
        for (int i = 0; i < 5; ++i)
            x *= 2 - low * x;
        inverse[lane] = (0 - x) & kMask;
        reciprocal[lane] = 1.0 / (static_cast<double>(limbs[lane][kLimbs - 1]) * 4503599627370496.0 +
                                  static_cast<double>(limbs[lane][kLimbs - 2]));
    }
    gather(limbs, n);
    for (std::size_t lane = 0; lane < 8; ++lane)
        split(checks[lane]->signature, limbs[lane]);
    gather(limbs, s);
    const __m512i n_inverse = _mm512_load_si512(inverse.data());
    const __m512d n_reciprocal = _mm512_load_pd(reciprocal.data());

    // R² mod n without a division. 2^2048 - n is 2^2048 mod n, for n has its highest bit. Shifted by 97 bits it is
    // 2^65·R, that is 2^65 in Montgomery's form; squared five times, 2^(65·32) = 2^2080 = R in that form: R².
    Number r;
    const __m512i mask = _mm512_set1_epi64(static_cast<long long>(kMask));
    __m512i borrow = _mm512_setzero_si512();
    for (std::size_t i = 0; i < kLimbs; ++i) {
        const __m512i power = _mm512_set1_epi64(i == kLimbs - 1 ? 1LL << 20U : 0);  // 2^2048 = 2^(39·52+20)
        const __m512i sum = _mm512_add_epi64(_mm512_sub_epi64(power, n.limb[i]), borrow);
        r.limb[i] = _mm512_and_si512(sum, mask);
        borrow = _mm512_srai_epi64(sum, 52);
    }
    shift_left(r, 32, n, n_reciprocal);
    shift_left(r, 32, n, n_reciprocal);
    shift_left(r, 32, n, n_reciprocal);
    shift_left(r, 1, n, n_reciprocal);
    for (int i = 0; i < 5; ++i)
        multiply(r, r, r, n, n_inverse);

    // s^65537: sixteen squarings and one multiplication, which by the plain s leaves Montgomery's form at once.
    Number power;
    multiply(power, s, r, n, n_inverse);
    for (int i = 0; i < 16; ++i)
        multiply(power, power, power, n, n_inverse);
    multiply(power, power, s, n, n_inverse);

    // The result is below 2n: it must be the message or the message and n, and the signature below n.
    for (std::size_t lane = 0; lane < 8; ++lane)
        split(encoded_message(checks[lane]->digest), limbs[lane]);
    Number message;
    gather(limbs, message);
    Number message_and_n;
    for (std::size_t i = 0; i < kLimbs; ++i)
        message_and_n.limb[i] = _mm512_add_epi64(message.limb[i], n.limb[i]);
    normalise(message_and_n);
    __mmask8 equal = 0xff;
    __mmask8 equal_above = 0xff;
    __m512i below = _mm512_setzero_si512();
    for (std::size_t i = 0; i < kLimbs; ++i) {
        equal &= _mm512_cmpeq_epi64_mask(power.limb[i], message.limb[i]);
        equal_above &= _mm512_cmpeq_epi64_mask(power.limb[i], message_and_n.limb[i]);
        below = _mm512_srai_epi64(_mm512_add_epi64(_mm512_sub_epi64(s.limb[i], n.limb[i]), below), 52);
    }
    const __mmask8 in_range = _mm512_cmplt_epi64_mask(below, _mm512_setzero_si512());
    const unsigned good = static_cast<unsigned>(equal | equal_above) & in_range;
    for (std::size_t lane = 0; lane < 8; ++lane)
        checks[lane]->good = (good >> lane & 1U) != 0;
}

}  // namespace

bool RsaVerifier::has_lanes() {
    return __builtin_cpu_supports("avx512ifma") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512bw") != 0;
}

void verify_rsa_lanes(std::span<RsaCheck* const, 8> checks) {
    check_lanes(checks);
}

}  // namespace quipu::rpki

#else

namespace quipu::rpki {

bool RsaVerifier::has_lanes() {
    return false;
}
void verify_rsa_lanes(std::span<RsaCheck* const, 8>) {}

}  // namespace quipu::rpki

#endif
