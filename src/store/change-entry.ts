import { assert } from "../base/assert.ts";
import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { keySpace } from "./key-space.ts";
import type { KeyRange } from "./ordered-store.ts";
import type { ChangeRecord } from "./stream.ts";

/**
 * Changes of one shard that one request made are kept together, under `20 stream shard sequence` (4, 4 and 8 bytes big-endian) with the sequence of the last of them: whoever
 * reads from a sequence on finds the entry it is in by going to it. The value is a byte 4, and of each change, oldest first:
 *
 * | bytes | what |
 * | --- | --- |
 * | 1 | 1 put, 2 update, 3 delete |
 * | 4 | length of the record, little-endian |
 * | 4 | length of the origin record, little-endian; 0: none |
 * | 8 | sequence, big-endian |
 * | | the record as it is sent: one PlainBuffer row with header and sequence extension (reference 6.3) |
 * | | the origin record, in a stream with origin columns: a PlainBuffer row with header |
 *
 * Format 3 and older kept each change in an entry of its own: its action, the length of the record, the record, and the origin record to the end.
 */
export const CHANGES_IN_ENTRY = 4;
export const CHANGE_KEY_BYTES = 17;
export const CHANGE_FRAME_BYTES = 17;
const SINGLE_FRAME_BYTES = 5;

const actions = { put: 1, update: 2, delete: 3 } as const;
const actionNames = [undefined, "put", "update", "delete"] as const;
export type ChangeAction = keyof typeof actions;

/** What names a shard in storage. */
export interface NumberedShard {
  readonly log: { readonly number: number };
  readonly number: number;
}

/** The key of the entry whose last change has this sequence, or the place before all that end later. */
export function changeKey({ log, number }: NumberedShard, sequence: number): Buffer {
  const key = Buffer.allocUnsafe(CHANGE_KEY_BYTES);
  fillKey(new DataView(key.buffer, key.byteOffset, key.length), 0, log.number, number, sequence);
  return key;
}

/** The entries of a shard with changes from a sequence on. */
export function changesFrom(shard: NumberedShard, sequence: number): KeyRange {
  return { from: changeKey(shard, sequence), to: changeKey({ log: shard.log, number: shard.number + 1 }, 0) };
}

/** Appends such a key, for which there must be room. */
export function writeChangeKey(writer: ByteWriter, { log, number }: NumberedShard, sequence: number): void {
  fillKey(writer.view, writer.at, log.number, number, sequence);
  writer.at += CHANGE_KEY_BYTES;
}

/** Sequence of the last change under a key. */
export function lastSequenceOf(key: Uint8Array): number {
  return sequenceAt(new DataView(key.buffer, key.byteOffset, key.length), 9);
}

/** Appends what stands before a change, for which there must be room; its lengths are set when they are known. */
export function writeChangeFrame(writer: ByteWriter, action: ChangeAction, sequence: number): void {
  const { view, at } = writer;
  view.setUint8(at, actions[action]);
  setSequence(view, at + 9, sequence);
  writer.at = at + CHANGE_FRAME_BYTES;
}

export function setChangeLengths(
  { view }: ByteWriter,
  frameAt: number,
  { record, origin }: { readonly record: number; readonly origin: number },
): void {
  view.setUint32(frameAt + 1, record, true);
  view.setUint32(frameAt + 5, origin, true);
}

/** The changes of an entry from a sequence on, as they are handed out. */
export function* changesOf(key: Uint8Array, value: Uint8Array, from: number): Generator<ChangeRecord> {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (value[0] !== CHANGES_IN_ENTRY) {
    const recordEnd = SINGLE_FRAME_BYTES + view.getUint32(1, true);
    yield changeOf(value[0]!, lastSequenceOf(key), value.subarray(SINGLE_FRAME_BYTES, recordEnd), value.subarray(recordEnd));
    return;
  }
  for (let at = 1; at < value.length;) {
    const recordAt = at + CHANGE_FRAME_BYTES;
    const originAt = recordAt + view.getUint32(at + 1, true);
    const end = originAt + view.getUint32(at + 5, true);
    const sequence = sequenceAt(view, at + 9);
    if (sequence >= from) yield changeOf(value[at]!, sequence, value.subarray(recordAt, originAt), value.subarray(originAt, end));
    at = end;
  }
}

function changeOf(code: number, sequence: number, record: Uint8Array, originRecord: Uint8Array): ChangeRecord {
  const action = actionNames[code];
  assert(action !== undefined, "a change that is put, update or delete");
  return originRecord.length === 0 ? { action, sequence, record } : { action, sequence, record, originRecord };
}

function fillKey(view: DataView, at: number, stream: number, shard: number, sequence: number): void {
  view.setUint8(at, keySpace.change);
  view.setUint32(at + 1, stream);
  view.setUint32(at + 5, shard);
  setSequence(view, at + 9, sequence);
}

function setSequence(view: DataView, at: number, sequence: number): void {
  view.setUint32(at, Math.floor(sequence / 0x1_0000_0000));
  view.setUint32(at + 4, sequence);
}

function sequenceAt(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
