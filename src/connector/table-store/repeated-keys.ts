import { recordKeyEnd } from "../../wire/plainbuffer/record-key.ts";
import type { EncodedRecord, SourceChange } from "../change.ts";

/** Slots looked at for one key at most; whoever makes more keys collide gets the decoded way, whose tables nobody can aim at. */
const probesMax = 64;
/** Slots a key: so few are taken that a key is found at once. */
const slotsAKey = 4;
const firstRoom = 1024;
const nowhere = new DataView(new ArrayBuffer(0));

/** Finds changes of keys that occur more than once, by the bytes of the keys alone. Its tables are used again for each window. */
export class RepeatedKeys {
  /** Place in the window + 1 of the first change of a key; 0: free. */
  #slots = new Int32Array(firstRoom * slotsAKey);
  /** By place in the window, as the next two. */
  #hashes = new Int32Array(firstRoom);
  #lengths = new Int32Array(firstRoom);
  /** 1 where another change has the same key. */
  #marks = new Uint8Array(firstRoom);
  /** The page looked at. */
  #bytes: Uint8Array | undefined;
  #view: DataView = nowhere;

  /** By place: 1 for changes that share their key with others; valid until the next call. Undefined where bytes do not tell. */
  mark(changes: readonly SourceChange[]): Uint8Array | undefined {
    this.#clear(changes.length);
    for (let at = 0; at < changes.length; at++) {
      const record = changes[at]!.encoded;
      if (record === undefined || !this.#hash(record, at) || !this.#enter(changes, record, at)) return undefined;
    }
    this.#bytes = undefined;
    this.#view = nowhere;
    return this.#marks;
  }

  #clear(count: number): void {
    if (this.#marks.length >= count) {
      this.#slots.fill(0);
      this.#marks.fill(0, 0, count);
      return;
    }
    const room = 2 ** Math.ceil(Math.log2(count));
    this.#slots = new Int32Array(room * slotsAKey);
    this.#hashes = new Int32Array(room);
    this.#lengths = new Int32Array(room);
    this.#marks = new Uint8Array(room);
  }

  /** False where the key is not written as every key is. */
  #hash({ bytes, start, end }: EncodedRecord, place: number): boolean {
    // The changes of a page stand side by side.
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    const keyEnd = recordKeyEnd(bytes, view, start, end);
    if (keyEnd < 0) return false;
    let hash = 0;
    let at = start;
    for (; at + 4 <= keyEnd; at += 4) hash = Math.imul((hash << 5) ^ (hash >>> 27) ^ view.getInt32(at), 0x9e37_79b1);
    for (; at < keyEnd; at++) hash = Math.imul((hash << 5) ^ (hash >>> 27) ^ bytes[at]!, 0x9e37_79b1);
    this.#hashes[place] = hash ^ (hash >>> 15);
    this.#lengths[place] = keyEnd - start;
    return true;
  }

  /** False where too many other keys lie in the way. */
  #enter(changes: readonly SourceChange[], record: EncodedRecord, place: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hash = this.#hashes[place]!;
    for (let probe = 0; probe < probesMax; probe++) {
      const slot = (hash + probe) & mask;
      const held = slots[slot]! - 1;
      if (held < 0) {
        slots[slot] = place + 1;
        return true;
      }
      if (this.#hashes[held] !== hash || this.#lengths[held] !== this.#lengths[place]) continue;
      if (!begin(changes[held]!.encoded!, record, this.#lengths[place]!)) continue;
      this.#marks[held] = 1;
      this.#marks[place] = 1;
      return true;
    }
    return false;
  }
}

/** Whether two records begin with the same bytes. */
function begin(a: EncodedRecord, b: EncodedRecord, length: number): boolean {
  const [bytes, others, from, otherFrom] = [a.bytes, b.bytes, a.start, b.start];
  for (let at = 0; at < length; at++) if (bytes[from + at] !== others[otherFrom + at]) return false;
  return true;
}
