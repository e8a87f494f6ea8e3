/**
 * The leaf of a row: the first (highest) 16 bits of MurmurHash3 (x86, 32 bits, seed 0) over the key's canonical bytes.
 *
 * Engine rule R7 asks for "16 bits of the key's hash". Which leaf a row falls in has no bearing on what the digest proves, it
 * only spreads rows, so a cryptographic hash buys nothing there: a second SHA-256 a row costs 0.36 µs, this 0.05 µs
 * (keys of 40 bytes, rows of 300; SHA-256 of the row itself is 0.6 µs). MurmurHash3 exists in every language.
 */
export function leafOf(bytes: Uint8Array, start: number, end: number): number {
  return murmur3(bytes, start, end) >>> 16;
}

/** MurmurHash3_x86_32 with seed 0 over `bytes[start, end)`, as an unsigned number. */
export function murmur3(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    hash ^= scramble(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (at < end) {
    let tail = bytes[at]!;
    if (at + 1 < end) tail |= bytes[at + 1]! << 8;
    if (at + 2 < end) tail |= bytes[at + 2]! << 16;
    hash ^= scramble(tail);
  }
  hash ^= end - start;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
