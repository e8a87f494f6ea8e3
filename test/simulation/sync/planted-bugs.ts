/** One exact text in place of another, which must stand there once. */
export interface Patch {
  /** From the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A mistake that somebody could make, as a change of the engine's text; the simulation must find it. */
export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
}

const one = (name: string, file: string, find: string, replace: string): PlantedBug => ({ name, patches: [{ file, find, replace }] });

export const plantedBugs: readonly PlantedBug[] = [
  one(
    "checkpoint before acknowledgement",
    "src/sync/channel-run.ts",
    "const counts = changes.length === 0 ? noCounts : await applier.apply(changes, this.#channel.lost);",
    "this.#position = pages.at(-1)!.next; await this.#save(); const counts = changes.length === 0 ? noCounts : await applier.apply(changes, this.#channel.lost);",
  ),
  one(
    "changes applied during the scan",
    "src/run/sync-table.ts",
    'const record = prepared.record.stage === "copying" ? await copied(input, fence, prepared) : prepared.record;',
    'const record = prepared.record; if (record.stage === "copying") void copied(input, fence, prepared).catch(() => undefined);',
  ),
  one(
    "child channel before its parent",
    "src/server/tunnel/channels.ts",
    "return this.#channels.get(id)?.terminated ?? true;",
    "return this.#channels.get(id) !== undefined;",
  ),
  one("no row fence", "src/sync/tunnel/session-life.ts", "return this.timeoutMs - this.#elapsed();", "return this.timeoutMs;"),
  one(
    "successor does not wait for its predecessor's writes",
    "src/sync/channel-record.ts",
    "const waitMs = before?.open === true ? Math.max(before.doubtMs, doubtMs) : 0;",
    "const waitMs = Math.max(before?.doubtMs ?? 0, doubtMs) * 0;",
  ),
  one(
    "two windows of a channel at once",
    "src/sync/channel-run.ts",
    "await this.#apply(window, applier);",
    "void this.#apply(window, applier).catch(() => undefined);",
  ),
  one(
    "state is written over whatever is there",
    "src/pipeline/table-state-store.ts",
    'filter: { type: "and", filters: [equals("token", expected.token), equals("seq", BigInt(expected.seq))] },',
    "",
  ),
  one(
    "a replayed key is let go of although changes have joined it",
    "src/sync/apply/replay-parked.ts",
    "if (await this.#options.state.compareAndSet(place, claimed, unparked)) return",
    "if (await this.#options.state.compareAndSet(place, await this.#options.state.get(place), { ...unparked, seq: unparked.seq + 9 })) return",
  ),
  one(
    "a replay writes what was stored when the key was parked",
    "src/sync/apply/replay-parked.ts",
    "const [[row], [found]] = await read().catch(",
    'const stored = parked.original as { columns?: readonly never[] }; const [[row], [found]] = await read().then(([rows, keys]) => [rows.map((now) => now && { ...now, columns: [...(now.columns.filter(({ name }) => name === "none")), ...now.columns.slice(0, stored.columns === undefined ? 1 : 1)] }), keys] as const).catch(',
  ),
  one(
    "later changes of a parked key are applied",
    "src/sync/apply/change-applier.ts",
    "if (parked.size === 0) return folded;",
    "if (parked.size >= 0) return folded;",
  ),
  one(
    "a row that is put, and sent as it came, keeps the columns that it had",
    "src/connector/table-store/record-encoder.ts",
    "cells, index, plainKinds[type])",
    "cells, index, plainKinds.update)",
  ),
  one(
    "changes of a parked key are sent as they came",
    "src/sync/apply/straight.ts",
    "const aside = parked.size === 0 ? undefined",
    "const aside = parked.size >= 0 ? undefined",
  ),
  one(
    "the last change of a key is sent as it came, before the others",
    "src/connector/table-store/repeated-keys.ts",
    "this.#marks[place] = 1;",
    "this.#marks[place] = 0;",
  ),
  one("folding keeps the first change of a key", "src/sync/apply/fold.ts", "const last = changes.length - 1;", "const last = 0;"),
  one(
    "a delete is nothing",
    "src/sync/apply/map-change.ts",
    'if (!unsure && change.type === "delete") return this.#gone(change.key, former, false);',
    'if (!unsure && change.type === "delete") return { writes: [], filtered: false };',
  ),
  one(
    "a channel ends before its last changes are applied",
    "src/sync/channel-run.ts",
    "this.progress.began(window.pages);",
    "if (window.pages.at(-1)!.next === FINISHED) await this.#channel.checkpoint(FINISHED); this.progress.began(window.pages);",
  ),
  {
    name: "an unknown outcome is not waited out",
    patches: [
      {
        file: "src/pipeline/writer.ts",
        find: "return this.#options.clock.monotonic() >= this.#doubtfulUntil;",
        replace: "return this.#doubtfulUntil !== undefined;",
      },
    ],
  },
  one(
    "a channel is released as if all of its writes were answered",
    "src/sync/channel-record.ts",
    "await this.#write(!settled, finished);",
    "await this.#write(settled && !settled, finished);",
  ),
  one(
    "a row that was looked up once is not read again",
    "src/sync/apply/look-ups.ts",
    "const rows = await this.#source.lookUp!(keys, this.#scope, signal);",
    "const cache = ((this as { cache?: Map<string, FlowRow | undefined> }).cache ??= new Map()); const read = await this.#source.lookUp!(keys, this.#scope, signal); const rows = keys.map((key, i) => { const id = String(key); if (!cache.has(id)) cache.set(id, read[i]); return cache.get(id); });",
  ),
  one("rows that the copy refused are not parked", "src/run/sync-table.ts", "await parkRejects(spec, state, worker);", "void parkRejects;"),
  one(
    "a checkpoint does not wait for a reject to be stored",
    "src/sync/apply/change-applier.ts",
    "await this.#options.parked.park(refused, signal);",
    "void this.#options.parked.park(refused, signal).catch(() => undefined);",
  ),
  one(
    "a channel begins behind what it has not read",
    "src/sync/page-queue.ts",
    "let token = channel.start;",
    "let token = channel.start; if (token !== FINISHED) token = (await channel.read(token, signal)).next;",
  ),
  one(
    "a full window is taken although the next one is applied before",
    "src/sync/page-queue.ts",
    "this.#pages.push(page);",
    "this.#pages.unshift(page);",
  ),
];

/** Those that a few seeds find; the others are rare meetings of faults, for which `npm run simulation -- bugs` takes its time. */
export const quicklyCaught: readonly PlantedBug[] = plantedBugs.filter(({ name }) =>
  [
    "checkpoint before acknowledgement",
    "successor does not wait for its predecessor's writes",
    "an unknown outcome is not waited out",
    "child channel before its parent",
    "two windows of a channel at once",
    "later changes of a parked key are applied",
    "rows that the copy refused are not parked",
    "a checkpoint does not wait for a reject to be stored",
    "a channel begins behind what it has not read",
    "a full window is taken although the next one is applied before",
    "folding keeps the first change of a key",
    "a delete is nothing",
    "a channel ends before its last changes are applied",
  ].includes(name),
);
