import { createHash } from "node:crypto";
import { TableferryError } from "../base/error.ts";
import type { Batch, Canonicalizer, ScanScope, Source } from "../connector/connector.ts";
import type { KeyBound } from "../model/value.ts";
import type { Fence } from "../pipeline/fence.ts";
import { repeat } from "../pipeline/repeat.ts";
import { KeySet } from "./key-set.ts";
import type { JobSides } from "../pipeline/job-sides.ts";
import type { MigrationInput } from "./migration-input.ts";

/** Source keys held at once; 2 M take 32 MB. More rows are gone through in several passes. */
const keysPerPass = 2_000_000;
/** Keys deleted in one call. */
const deletesAtOnce = 200;
/** Keys shown before the user is asked. */
const shownMax = 5;

/**
 * Deletes rows of the target that no row of the source maps to (`onTargetNotEmpty: mirror`), after asking. Neither side need be in the
 * order of the other: the keys that the source maps to are gathered as 64-bit hashes, a part of the hash space a pass, and the target is
 * read against them. Two keys with one hash can spare a row, never cost one; verification would name it. Returns the number deleted.
 * @throws TF_MIRROR when nobody agreed, or rows that cannot be mapped leave open which target rows are theirs
 */
export async function removeExtras(input: MigrationInput, sides: JobSides, fence: Fence): Promise<number> {
  const { target, context, spec } = input;
  if (target.remove === undefined) return 0;
  const found = await countExtras(input, sides);
  if (found.count === 0) return 0;
  const rows = found.count === 1 ? "1 row" : `${found.count} rows`;
  const question = `Delete ${rows} of ${sides.target.title} that ${sides.source.title} does not have? For example ${found.shown.join("; ")}.`;
  const agreed = context.confirm === undefined ? false : await context.confirm(question);
  if (!agreed) {
    throw new TableferryError("TF_MIRROR", {
      message: `${rows} of ${sides.target.title} would have to be deleted, and nobody agreed: ${found.shown.join("; ")}`,
      place: sides.target.title,
      wayOut:
        "Run it where the question can be answered, say yes beforehand (`--yes`), or set `onTargetNotEmpty: merge` to keep those rows.",
    });
  }
  context.note(`Deleting ${rows} of ${sides.target.title} that ${sides.source.title} does not have (job ${spec.name}).`);
  const removed = await walkExtras(input, sides, found.passes, async (keys) => {
    const remove = async () => {
      await fence.ready(context.signal);
      fence.assertMaySend();
      await target.remove!(keys, context.signal);
    };
    await repeat(remove, context, context.signal);
  });
  return removed.count;
}

interface Extras {
  readonly count: number;
  /** The first ones' keys, for people. */
  readonly shown: readonly string[];
}

type Key = readonly KeyBound[];

/** The estimate of rows may be far off, or missing: with more keys than thought, the passes are doubled and begun again. */
async function countExtras(input: MigrationInput, sides: JobSides): Promise<Extras & { readonly passes: number }> {
  for (let passes = Math.max(1, Math.ceil((sides.source.estimatedRows ?? 0) / keysPerPass)); ; passes *= 2) {
    try {
      return { ...(await walkExtras(input, sides, passes, undefined)), passes };
    } catch (error) {
      if (!(error instanceof TooManyKeys)) throw error;
    }
  }
}

class TooManyKeys extends Error {}

async function walkExtras(
  input: MigrationInput,
  sides: JobSides,
  passes: number,
  remove: ((keys: readonly Key[]) => Promise<void>) | undefined,
): Promise<Extras> {
  const reader = input.target.reader(sides.mapping.targetKey);
  try {
    const shown: string[] = [];
    let count = 0;
    for (let pass = 0; pass < passes; pass++) {
      const keys = await sourceKeys(input, sides, pass, passes, remove === undefined);
      for await (const extras of extrasOf(reader, keys, sides.scope.versions, pass, passes, input.context.signal)) {
        count += extras.length;
        for (const { place } of extras) if (shown.length < shownMax) shown.push(place);
        for (let from = 0; remove !== undefined && from < extras.length; from += deletesAtOnce) {
          await remove(extras.slice(from, from + deletesAtOnce).map(({ key }) => key));
        }
      }
    }
    return { count, shown };
  } finally {
    await reader.close();
  }
}

/** Hashes of all keys that the source maps to, in this pass's part of the hash space. */
async function sourceKeys(
  { source, context }: MigrationInput,
  { mapping, scope, source: described }: JobSides,
  pass: number,
  passes: number,
  mayGiveUp: boolean,
): Promise<KeySet> {
  const keys = new KeySet(Math.min(keysPerPass, described.estimatedRows ?? 1024));
  const canonicalizer = source.canonicalizer(mapping, scope);
  for await (const batch of everyBatch(source, scope, context.signal)) {
    const refused = visitKeys(batch, canonicalizer, pass, passes, (high, low) => void keys.add(high, low));
    if (mayGiveUp && keys.size > 2 * keysPerPass) throw new TooManyKeys();
    const unclear = refused[0] ?? batch.refused[0];
    if (unclear !== undefined) {
      throw new TableferryError("TF_MIRROR", {
        message: `rows of ${described.title} cannot be mapped, so it is not known which rows of the target are theirs: ${"refusal" in unclear ? `${batch.place(unclear.index)}: ${unclear.refusal.text}` : `${unclear.place}: ${unclear.text}`}`,
        place: described.title,
        wayOut: "Correct these rows or the mapping and run again. Nothing was deleted.",
      });
    }
  }
  return keys;
}

async function* extrasOf(
  reader: Source,
  keys: KeySet,
  versions: ScanScope["versions"],
  pass: number,
  passes: number,
  signal: AbortSignal,
): AsyncGenerator<{ key: Key; place: string }[]> {
  const scope: ScanScope = { versions };
  const canonicalizer = reader.canonicalizer(undefined, scope);
  for await (const batch of everyBatch(reader, scope, signal)) {
    const extras: number[] = [];
    visitKeys(batch, canonicalizer, pass, passes, (high, low, index) => {
      if (!keys.has(high, low)) extras.push(index);
    });
    if (extras.length === 0) continue;
    const rows = batch.decoded();
    yield extras.map((index) => ({ key: rows[index]!.key.map(({ value }) => value), place: batch.place(index) }));
  }
}

async function* everyBatch(side: Source, scope: ScanScope, signal: AbortSignal): AsyncGenerator<Batch> {
  for (const split of await side.split(1, scope, signal)) {
    for await (const batch of side.scan(split, undefined, scope, signal)) {
      signal.throwIfAborted();
      yield batch;
    }
  }
  signal.throwIfAborted();
}

function visitKeys(
  batch: Batch,
  canonicalizer: Canonicalizer,
  pass: number,
  passes: number,
  visit: (high: number, low: number, index: number) => void,
): ReturnType<Canonicalizer["each"]> {
  return canonicalizer.each(batch, (bytes, start, keyEnd, _end, index) => {
    const digest = createHash("sha256").update(bytes.subarray(start, keyEnd)).digest();
    if (digest.readUInt32LE(0) % passes === pass) visit(digest.readUInt32LE(4), digest.readUInt32LE(8), index);
  });
}
