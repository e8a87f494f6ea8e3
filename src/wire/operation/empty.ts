/** A message without fields: no bytes on the wire. */
export type Empty = Readonly<Record<string, never>>;
