import { maskedCrc32c } from "./crc32c.ts";

/**
 * LevelDB's log, of writes and of versions: blocks of 32 KB, in them records of a masked CRC-32C over type and payload (4 bytes), a length (2), a type (1) and the payload. What is
 * longer than the rest of a block goes on in the next ones.
 */
const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const types = { full: 1, first: 2, middle: 3, last: 4 } as const;

/**
 * Where a log is damaged, or undefined. LevelDB itself passes over what it cannot read and goes on behind it, which loses writes that were acknowledged and says nothing.
 * In a synced store one write follows the other's flush, so a power cut leaves something broken at the end only, and what cannot be read is damage when a write begins behind
 * it. Damage of the very last write cannot be told from a write that was cut off.
 */
export function damageInLog(log: Buffer): number | undefined {
  for (let at = 0; at < log.length;) {
    const next = recordEnd(log, at);
    if (next !== undefined) at = next;
    else return writeBegins(log, at + 1) ? at : undefined;
  }
  return undefined;
}

/** The payloads of a log's whole records, up to the first that cannot be read. */
export function recordsOf(log: Buffer): Buffer[] {
  const records: Buffer[] = [];
  let parts: Buffer[] = [];
  for (let at = 0; at < log.length;) {
    const next = recordEnd(log, at);
    if (next === undefined) break;
    const type = log[at + 6];
    if (next - at >= HEADER_BYTES && !isTrailer(at)) {
      if (type === types.full || type === types.first) parts = [];
      parts.push(log.subarray(at + HEADER_BYTES, next));
      if (type === types.full || type === types.last) records.push(Buffer.concat(parts));
    }
    at = next;
  }
  return records;
}

/** Behind the record at `at`, or behind the few bytes at the end of a block that take none; undefined where there is neither. */
function recordEnd(log: Buffer, at: number): number | undefined {
  const blockEnd = at - (at % BLOCK_BYTES) + BLOCK_BYTES;
  if (isTrailer(at)) return blockEnd;
  if (at + HEADER_BYTES > log.length) return undefined;
  const type = log[at + 6]!;
  const end = at + HEADER_BYTES + log.readUInt16LE(at + 4);
  if (type < types.full || type > types.last || end > blockEnd || end > log.length) return undefined;
  return maskedCrc32c(log, at + 6, end) === log.readUInt32LE(at) ? end : undefined;
}

function isTrailer(at: number): boolean {
  return BLOCK_BYTES - (at % BLOCK_BYTES) < HEADER_BYTES;
}

/** Whether a whole record that begins a write stands anywhere from `from` on. */
function writeBegins(log: Buffer, from: number): boolean {
  for (let at = from; at + HEADER_BYTES <= log.length; at++) {
    const type = log[at + 6];
    if ((type === types.full || type === types.first) && !isTrailer(at) && recordEnd(log, at) !== undefined) return true;
  }
  return false;
}
