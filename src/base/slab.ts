const SLAB_BYTES = 64 * 1024;
/** Longer pieces have memory of their own. */
const PIECE_BYTES_MAX = 4 * 1024;
/** Numbers of eight bytes are stored faster where their place is even. */
const ALIGNMENT = 8;

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let at = 0;

/**
 * Memory, not cleared, for what is soon over, as a request: small pieces are cut one after the other from a slab, which is freed when none of them is held any
 * more. Memory of its own for each costs the collector more than a request its answer.
 */
export function briefMemory(length: number): Buffer<ArrayBuffer> {
  if (length > PIECE_BYTES_MAX) return Buffer.allocUnsafeSlow(length);
  if (at + length > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    at = 0;
  }
  const piece = slab.subarray(at, at + length);
  at = (at + length + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  return piece;
}
