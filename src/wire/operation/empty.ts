/** A message without fields: no bytes on the wire. */
export type Empty = Readonly<Record<string, never>>;

/** Nothing; whatever a newer service adds is passed over. */
export const decodeEmpty = (): Empty => ({});
export const encodeEmpty = (): Uint8Array => new Uint8Array(0);
