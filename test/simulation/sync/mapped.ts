import type { SyncInput } from "../../../src/job/sync-spec.ts";
import type { Cell, Row } from "../../../src/model/row.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import type { Value } from "../../../src/model/value.ts";

/** What a source row comes to, said once more and independently of the engine. */
export type Expected = readonly TargetRow[] | "refused";

export interface TargetRow {
  /** Of all key columns. */
  readonly key: string;
  readonly cells: string;
}

export interface MappingKind {
  readonly name: string;
  readonly mapping: SyncInput["mapping"];
  readonly targetKey: readonly KeySchema[];
  /** The target column that carries the number of the write. */
  readonly number: string;
  /** Whether rows change their target key, so that they may be gone for a moment. */
  readonly moves: boolean;
  /** Whether timestamps can be kept. */
  readonly keeps: boolean;
  /** Whether some rows are refused. */
  readonly refuses: boolean;
  /** Columns whose old values the stream keeps, as the engine would ask for them. */
  readonly images: readonly string[];
  /** The stream is on already, without any. */
  readonly withoutImages?: boolean;
  map(pk: string, cells: readonly Cell[]): readonly { readonly key: readonly string[]; readonly cells: readonly Cell[] }[] | "refused";
}

const pkOnly: readonly KeySchema[] = [{ name: "pk", type: "string" }];
const module = (name: string) => new URL(`mappings/${name}.ts`, import.meta.url).pathname;
const valueOf = (cells: readonly Cell[], name: string) => cells.find((cell) => cell.name === name)?.value;
const one = (pk: string, cells: readonly Cell[]) => [{ key: [pk], cells }];
const added = (name: string, value: Value | undefined): readonly Cell[] => (value === undefined ? [] : [{ name, value, timestamp: 0 }]);

function derivedCells(pk: string, cells: readonly Cell[]) {
  const [a, b, q] = ["a", "b", "q"].map((name) => valueOf(cells, name));
  if (q === "bad") return "refused";
  return one(pk, [...cells, ...added("both", `${String(a ?? "-")}/${String(b ?? "-")}`), ...added("checked", q)]);
}

export const mappingKinds: readonly MappingKind[] = [
  {
    ...{ name: "identity", mapping: undefined, targetKey: pkOnly, number: "n", moves: false, keeps: true, refuses: false, images: [] },
    map: (pk, cells) => one(pk, cells),
  },
  {
    ...{ name: "renamed", targetKey: pkOnly, number: "m", moves: false, keeps: true, refuses: true, images: [] },
    mapping: { columns: { m: "n", t: { from: "q", as: "integer" } } },
    map: (pk, cells) =>
      cells.some(({ name, value }) => name === "q" && value === "bad")
        ? "refused"
        : one(
            pk,
            cells.map((cell) =>
              cell.name === "n"
                ? { ...cell, name: "m" }
                : cell.name === "q"
                  ? { ...cell, name: "t", value: BigInt(String(cell.value)) }
                  : cell,
            ),
          ),
  },
  {
    ...{
      name: "derived",
      mapping: module("derived"),
      targetKey: pkOnly,
      number: "n",
      moves: false,
      keeps: false,
      refuses: true,
      images: ["a", "b", "q"],
    },
    map: derivedCells,
  },
  {
    ...{
      name: "looked up",
      mapping: module("derived"),
      targetKey: pkOnly,
      number: "n",
      moves: false,
      keeps: false,
      refuses: true,
      images: [],
      withoutImages: true,
    },
    map: derivedCells,
  },
  {
    ...{
      name: "filtered",
      mapping: module("filtered"),
      targetKey: pkOnly,
      number: "n",
      moves: false,
      keeps: false,
      refuses: false,
      images: ["f"],
    },
    map: (pk, cells) => (valueOf(cells, "f") === 0n ? [] : one(pk, cells)),
  },
  {
    ...{ name: "free", mapping: module("free"), targetKey: pkOnly, number: "n", moves: false, keeps: false, refuses: true, images: [] },
    map: (pk, cells) => {
      if (valueOf(cells, "q") === "bad") return "refused";
      if (valueOf(cells, "f") === 0n) return [];
      const b = valueOf(cells, "b");
      const kept = cells.filter(({ name }) => name === "n" || name === "a");
      return one(pk, [...kept, ...added("twice", typeof b === "bigint" ? b * 2n : undefined)]);
    },
  },
  {
    ...{ name: "moved", number: "n", moves: true, keeps: false, refuses: false, images: ["g"] },
    targetKey: [
      { name: "g", type: "string" },
      { name: "pk", type: "string" },
    ],
    mapping: { key: { g: { from: "g", default: "none" }, pk: "pk" } },
    map: (pk, cells) => [{ key: [String(valueOf(cells, "g") ?? "none"), pk], cells: cells.filter(({ name }) => name !== "g") }],
  },
];

/** Kinds whose target keys stand in the order of the source's: the verifier reads both sides next to each other. */
export function keepsOrder({ name }: MappingKind): boolean {
  return name !== "moved" && name !== "free";
}

/** A source row, or its absence, as the target should show it. */
export function expectedOf(kind: MappingKind, versions: "latest" | "keep", row: Row | undefined): Expected {
  if (row === undefined) return [];
  const rows = kind.map(String(row.key[0]!.value), versions === "keep" ? row.cells : newest(row.cells));
  return rows === "refused" ? rows : rows.map(({ key, cells }) => ({ key: key.join("|"), cells: cellsText(cells, versions) }));
}

/** A target row in the same form. */
export function shownRow(row: Row, versions: "latest" | "keep"): TargetRow {
  const cells = versions === "keep" ? row.cells : newest(row.cells);
  return { key: row.key.map(({ value }) => String(value)).join("|"), cells: cellsText(cells, versions) };
}

function newest(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter((cell, at) => cell.name !== cells[at - 1]?.name);
}

function cellsText(cells: readonly Cell[], versions: "latest" | "keep"): string {
  return cells
    .map(({ name, value, timestamp }) => `${name}${versions === "keep" ? `@${timestamp}` : ""}=${typeof value} ${String(value)}`)
    .sort()
    .join(", ");
}
