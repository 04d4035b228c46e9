// SPDX-License-Identifier: GPL-2.0-only
/*
 * sha256.c - FIPS 180-4, with the calls of the kernel's library: for tests only
 */

#include "kernel_shim.h"

static const u32 ROUND[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 turn(u32 word, int bits)
{
	return word >> bits | word << (32 - bits);
}

static void take_block(u32 *h, const u8 *block)
{
	u32 w[64], s[8];
	int i;

	for (i = 0; i < 16; i++)
		w[i] = (u32)block[4 * i] << 24 | (u32)block[4 * i + 1] << 16 |
		       (u32)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, h, sizeof(s));
	for (i = 0; i < 64; i++) {
		u32 one = s[7] + ROUND[i] + w[i] + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
			  (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25));
		u32 two = ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2])) +
			  (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22));

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += one;
		s[0] = one + two;
	}
	for (i = 0; i < 8; i++)
		h[i] += s[i];
}

void sha256_init(struct sha256_state *state)
{
	static const u32 first[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(state->words, first, sizeof(first));
	state->bytes = 0;
}

void sha256_update(struct sha256_state *state, const u8 *data, unsigned int bytes)
{
	while (bytes) {
		size_t at = state->bytes % 64;
		size_t part = min_t(size_t, bytes, 64 - at);

		memcpy(state->block + at, data, part);
		state->bytes += part;
		data += part;
		bytes -= part;
		if (state->bytes % 64 == 0)
			take_block(state->words, state->block);
	}
}

void sha256_final(struct sha256_state *state, u8 *digest)
{
	u64 bits = state->bytes * 8;
	u8 length[8];
	int i;

	for (i = 0; i < 8; i++)
		length[i] = bits >> (56 - 8 * i);
	sha256_update(state, (const u8 *)"\x80", 1);
	while (state->bytes % 64 != 56)
		sha256_update(state, (const u8 *)"", 1);
	sha256_update(state, length, 8);
	for (i = 0; i < 32; i++)
		digest[i] = state->words[i / 4] >> (24 - 8 * (i % 4));
}
