import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { checkKeyFields, hasPlaceholder } from "./validation/key.ts";
import { invalidParameter } from "./validation/parameter.ts";

/** Scratch: a key is judged and looked up within one call. */
const walker = new RowWalker();

/** Stands on the key of a row to read; the walker is good until the next key. @throws OTSParameterInvalid, TF_WIRE_CORRUPT */
export function openKey(bytes: Uint8Array): RowWalker {
  if (!walker.open(bytes).next() || walker.count > walker.keyCount || walker.deleted) invalidParameter("data format is invalid.");
  checkKeyFields(walker);
  if (hasPlaceholder(walker)) invalidParameter("PKAutoIncr can't be used for read operations.");
  return walker;
}
