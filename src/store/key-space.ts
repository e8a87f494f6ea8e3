/**
 * Of stored entries; raised when older versions could no longer read what is written, or would write rows without what belongs to them. 1: tables and rows.
 * 2: change logs, partitions, tunnels and indexes; a folder or snapshot of format 1 is one without any. 3: instances with attributes, and folders whose entries
 * have another name since a snapshot was restored into them. 4: changes of one request kept together, large ones in files of their own.
 */
export const storeFormat = 4;

/**
 * Who lives where in the ordered store: the first byte of a key says what the entry is. Numbers are part of the stored format
 * and are never given to something else.
 */
export const keySpace = {
  /** `01 name` → instance record. */
  instance: 0x01,
  /** `02 instance 00 table` → table record. */
  table: 0x02,
  /** `03 id` → empty: rows of a dropped table that are still to be removed. */
  dropped: 0x03,
  /** `04 id` → the last value given to an AUTO_INCREMENT column of this table. */
  autoIncrement: 0x04,
  /** `05` → the last table id given away. */
  lastTableId: 0x05,
  /** `06` → empty: a snapshot is being restored, and what is there is not all of it. */
  restoring: 0x06,
  /** `07 id` → key of the base row from which on the index in the table of this id is still to be filled. */
  indexFill: 0x07,
  /** `10 id key page` → row. */
  row: 0x10,
  /** `20 stream shard sequence` → changes up to this one (see change-entry.ts). */
  change: 0x20,
  /** `21 stream` → empty: changes of a stream switched off that are still to be removed. */
  goneStream: 0x21,
  /** `22` → the last stream number given away. */
  lastStream: 0x22,
  /** `30 id tunnel` → tunnel record. */
  tunnel: 0x30,
  /** `31 id tunnel 00 channel` → channel record with its checkpoint. */
  tunnelChannel: 0x31,
  /** `32 id tunnel 00 client` → client record. Not part of snapshots. */
  tunnelClient: 0x32,
} as const;

export type Space = (typeof keySpace)[keyof typeof keySpace];

const NUMBER_KEY_BYTES = 5;

/** A key made of its space and the number of a table or stream, big-endian so that numbers are in order. */
export function numberKey(space: Space, number: number): Buffer {
  const key = Buffer.allocUnsafe(NUMBER_KEY_BYTES);
  key[0] = space;
  key.writeUInt32BE(number, 1);
  return key;
}

/** A key made of its space and text. */
export function textKey(space: Space, text: string): Buffer {
  return Buffer.concat([Buffer.of(space), Buffer.from(text)]);
}

/** Every key of a space. */
export function spaceRange(space: Space): { readonly from: Buffer; readonly to: Buffer } {
  return { from: Buffer.of(space), to: Buffer.of(space + 1) };
}

/** Every key of a space that begins with this number: the rows of a table, the changes of a stream. */
export function numberRange(space: Space, number: number): { readonly from: Buffer; readonly to: Buffer } {
  return { from: numberKey(space, number), to: numberKey(space, number + 1) };
}
