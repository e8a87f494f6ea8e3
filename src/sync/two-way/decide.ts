import type { UpdateCell } from "../../model/row.ts";
import { sameValue, type Value } from "../../model/value.ts";
import { deathOf, type Death, type Deaths } from "./deaths.ts";
import type { ColumnNews, KeyEvent } from "./key-event.ts";
import type { ColumnPolicy } from "./policies.ts";
import { siteOf, type SideRow, type Version } from "./side-row.ts";

/** Which site is which, seen from the one whose changes are taken. */
export interface Sites {
  readonly near: string;
  readonly far: string;
  readonly nearIs: "source" | "target";
}

export interface Situation {
  readonly event: KeyEvent;
  /** The row where the changes come from, and its counterpart, both as they are now. */
  readonly near: SideRow;
  readonly far: SideRow;
  readonly deaths: { readonly near: Deaths; readonly far: Deaths };
  /** Changes committed up to then (microseconds) had been taken to the far row before: they come again, and conflict no more. */
  readonly appliedThrough: number;
}

/** One side of a conflict. `value` undefined: a deletion. */
export interface Contender {
  readonly site: string;
  readonly time: number;
  readonly value: Value | undefined;
}

export interface Conflict {
  readonly column: string;
  /** The older one, and the one that it met. */
  readonly loser: Contender;
  readonly winner: Contender;
  readonly policy: ColumnPolicy["name"];
  /** What it came to: one of both sites, or both where values were merged. */
  readonly decided: string;
}

/** What is to be written of one row. */
export interface RowPlan {
  readonly kind: "nothing" | "update" | "delete";
  readonly cells: readonly UpdateCell[];
  /** Cells that must still be as they were read. */
  readonly guards: readonly (Version & { readonly name: string })[];
}

export interface Decision {
  readonly near: RowPlan;
  readonly far: RowPlan;
  /** Deletions of the near site that must be remembered before anything is written. */
  readonly deaths: readonly (Death & { readonly column: string })[];
  readonly conflicts: readonly Conflict[];
}

/** A cell with the site it came from. */
interface Claim extends Version {
  readonly site: string;
}

interface ColumnDecision {
  /** Undefined: the column is to be there on neither side. */
  readonly winner: Claim | undefined;
  readonly conflict?: Conflict | undefined;
  readonly death?: (Death & { readonly column: string }) | undefined;
  /** The near side has gone on: what becomes of it there, later changes say. */
  readonly leaveNear: boolean;
  /** Not by time alone: both cells must be as they were read. */
  readonly forced: boolean;
}

/** What both rows must become. Pure: everything that was read stands in the situation. */
export function decide(situation: Situation, sites: Sites, policyOf: (column: string) => ColumnPolicy): Decision {
  const { event, near, far } = situation;
  const names = event.wide ? new Set([...event.columns.keys(), ...near.cells.keys(), ...far.cells.keys()]) : event.columns.keys();
  const [atNear, atFar] = [new Draft(near), new Draft(far)];
  const deaths: (Death & { column: string })[] = [];
  const conflicts: Conflict[] = [];
  for (const name of names) {
    const { winner, conflict, death, leaveNear, forced } = decideColumn(name, situation, sites, policyOf);
    if (conflict !== undefined) conflicts.push(conflict);
    if (death !== undefined) deaths.push(death);
    atFar.become(name, winner, forced);
    if (!leaveNear) atNear.become(name, winner, forced);
  }
  decideRows(situation, atNear, atFar);
  return { near: atNear.plan, far: atFar.plan, deaths, conflicts };
}

function decideColumn(name: string, situation: Situation, sites: Sites, policyOf: (column: string) => ColumnPolicy): ColumnDecision {
  const { event, near, far, deaths, appliedThrough } = situation;
  const news = event.columns.get(name);
  const [dN, dF] = [deathOf(deaths.near, name), deathOf(deaths.far, name)];
  const [n, f] = [claimOf(near, name, sites.near), claimOf(far, name, sites.far)];
  const said = isNew(news?.said, appliedThrough) ? { ...news!.said!, site: sites.near } : undefined;
  const put = isNew(event.put, appliedThrough) ? event.put : undefined;
  const killed = (claim: Claim, row: "near" | "far" | "record"): boolean =>
    // A site's own newer cells are there although it deleted before: else they would have gone with it.
    (dN !== undefined && !(row === "near" && claim.site === sites.near) && ends(dN, sites.near, claim)) ||
    (dF !== undefined && !(row === "far" && claim.site === sites.far) && ends(dF, sites.far, claim));
  const nLives = n !== undefined && !killed(n, "near");
  const fDropped = f !== undefined && put !== undefined && ends(put, sites.near, f);
  const fLives = f !== undefined && !fDropped && !killed(f, "far");
  // A put has dropped the column: what was written before and is on its way must not bring it back.
  const death = fDropped && said === undefined && !killed(f, "far") ? { column: name, ...put! } : undefined;
  const saidLives = said !== undefined && !killed(said, "record");
  let winner = nLives ? n : undefined;
  if (saidLives && (winner === undefined || isNewer(said, winner))) winner = said;
  if (fLives && (winner === undefined || isNewer(f, winner))) winner = f;
  const leaveNear = n === undefined && news?.left === "there";
  const plain = { winner, leaveNear, forced: false, death };
  // Whether a later change of the near site has taken its place: then that one is judged.
  if (nLives && n.site === sites.near && said !== undefined && n.time > said.time) return plain;
  const loser = loserOf({ said, saidLives, n, news, event, put, name, appliedThrough }, sites);
  if (loser === undefined) return plain;
  const rival: Contender | undefined =
    fLives && f.site === sites.far && (loser.value === undefined || (isNewer(f, loser) && !sameValue(f.value, loser.value)))
      ? f
      : loser.value !== undefined && winner === undefined && dF !== undefined && ends(dF, sites.far, loser)
        ? { site: sites.far, time: dF.time, value: undefined }
        : undefined;
  if (rival === undefined) return plain;
  return {
    ...overruled(name, loser, rival, plain, {
      sites,
      policyOf,
      commit: Math.max(event.seq, dN?.commit ?? 0),
      newest: Math.max(n?.time ?? 0, f?.time ?? 0),
    }),
  };
}

interface Known {
  readonly said: Claim | undefined;
  readonly saidLives: boolean;
  readonly n: Claim | undefined;
  readonly news: ColumnNews | undefined;
  readonly event: KeyEvent;
  readonly put: Death | undefined;
  readonly name: string;
  readonly appliedThrough: number;
}

/** What the near site has done to the column and may have done in vain. */
function loserOf({ said, n, news, event, put, appliedThrough }: Known, { near }: Sites): Contender | undefined {
  if (said !== undefined) return said;
  if (n !== undefined) return undefined;
  const died = [news?.died, event.rowDied, put]
    .filter((death) => isNew(death, appliedThrough))
    .toSorted((a, b) => b!.commit - a!.commit)[0];
  return died === undefined ? undefined : { site: near, time: died.time, value: undefined };
}

interface Rules {
  readonly sites: Sites;
  readonly policyOf: (column: string) => ColumnPolicy;
  /** For a deletion that policy makes: no older than any that is remembered. */
  readonly commit: number;
  /** Newest cell of the column on either side. */
  readonly newest: number;
}

/** The older change has met a newer one of the other site: policy has the last word. */
function overruled(column: string, loser: Contender, rival: Contender, plain: ColumnDecision, rules: Rules): ColumnDecision {
  const { sites, newest, commit } = rules;
  const policy = rules.policyOf(column);
  const after = Math.max(loser.time, rival.time, newest) + 1;
  const conflict = (decided: string): Conflict => ({ column, loser, winner: rival, policy: policy.name, decided });
  const become = (value: Value | undefined, decided: string): ColumnDecision =>
    value === undefined
      ? { ...plain, winner: undefined, forced: true, conflict: conflict(decided), death: { column, time: after, commit } }
      : { ...plain, winner: { value, time: after, site: sites.near }, forced: true, conflict: conflict(decided) };
  if (policy.name === "merge") {
    const [source, target] = sites.nearIs === "source" ? [loser, rival] : [rival, loser];
    return become(policy.merge({ source, target }), "both");
  }
  if (policy.name === sites.nearIs) return become(loser.value, sites.near);
  return { ...plain, conflict: conflict(sites.far) };
}

/** Whole rows: what is left of them, whether they are to be there at all. */
function decideRows({ event, near, far, deaths }: Situation, atNear: Draft, atFar: Draft): void {
  if (atNear.left > 0 || atFar.left > 0) {
    for (const draft of [atNear, atFar]) if (draft.left > 0) draft.staysMarked();
    return;
  }
  const farEnded = deaths.far.row !== undefined && deaths.far.row.time >= Math.floor(event.seq / 1000);
  const gone = event.rowLeft === "gone" || (!far.exists && farEnded) || (!near.exists && event.rowLeft === "unknown" && event.wide);
  if (gone) {
    for (const draft of [atNear, atFar]) draft.end();
    return;
  }
  // Rows without columns.
  if (near.exists && !far.exists && event.rowLeft === "there") atFar.make();
  for (const draft of [atNear, atFar]) draft.staysMarked();
}

class Draft {
  readonly #row: SideRow;
  readonly #cells: UpdateCell[] = [];
  readonly #guards: (Version & { name: string })[] = [];
  #kind: RowPlan["kind"] = "nothing";
  /** Columns that will be there. */
  left: number;

  constructor(row: SideRow) {
    this.#row = row;
    this.left = row.cells.size;
  }

  become(name: string, winner: Version | undefined, forced: boolean): void {
    const now = this.#row.cells.get(name);
    if (winner === undefined || (now !== undefined && now.time > winner.time)) {
      if (now === undefined) return;
      // A dead cell would hide what is older: it is deleted first, and what follows is written in the next round.
      this.#cells.push({ op: "deleteAll", name });
      this.#guards.push({ name, ...now });
      if (winner === undefined) this.left--;
    } else if (now === undefined || now.time < winner.time || !sameValue(now.value, winner.value)) {
      this.#cells.push({ op: "put", name, value: winner.value, timestamp: winner.time });
      if (now !== undefined && (forced || now.time === winner.time)) this.#guards.push({ name, ...now });
      if (now === undefined) this.left++;
    } else return;
    this.#kind = "update";
  }

  /** Nothing is left: the row goes too. */
  end(): void {
    if (this.#row.exists) this.#kind = "delete";
    else this.#kind = "nothing";
  }

  make(): void {
    this.#kind = "update";
  }

  /** A row that was to be deleted and is not must not say so any longer. */
  staysMarked(): void {
    if (this.#row.exists && this.#row.marker?.read?.op === "delete") this.#kind = "update";
  }

  get plan(): RowPlan {
    const guards = this.#kind === "delete" ? [...this.#row.cells].map(([name, version]) => ({ name, ...version })) : this.#guards;
    return { kind: this.#kind, cells: this.#kind === "update" ? this.#cells : [], guards };
  }
}

function claimOf(row: SideRow, name: string, own: string): Claim | undefined {
  const cell = row.cells.get(name);
  return cell === undefined ? undefined : { ...cell, site: siteOf(cell, row, own) };
}

/** Base data (commit 0) always is. */
function isNew(one: { readonly commit: number } | undefined, appliedThrough: number): boolean {
  return one !== undefined && (one.commit === 0 || one.commit > appliedThrough);
}

/** Of two changes the later one; made at one moment, that of the greater site. */
function isNewer(a: { readonly time: number; readonly site: string }, b: { readonly time: number; readonly site: string }): boolean {
  return a.time > b.time || (a.time === b.time && a.site > b.site);
}

/** Whether a deletion takes a cell with it: it came after, or at the same moment from the cell's own site or a greater one. */
function ends(death: Death, site: string, claim: { readonly time: number; readonly site: string }): boolean {
  return death.time > claim.time || (death.time === claim.time && site >= claim.site);
}
