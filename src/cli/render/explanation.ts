import type { ExplainedTarget, Explanation, RowView } from "../../verify/explain.ts";
import type { Paint } from "../terminal.ts";
import { facts, grid } from "./grid.ts";
import { plainText } from "./plain-text.ts";

export interface ExplanationOptions {
  readonly paint: Paint;
  readonly width: number;
}

const verdicts: Readonly<Record<ExplainedTarget["verdict"], string>> = {
  equal: "equal",
  absent: "on neither side",
  missing: "missing in the target",
  extra: "in the target only",
  different: "different",
  "hidden-version": "equal but for an old version that came to light",
  duplicate: "several source rows have this key",
  rejected: "not carried over, because it was rejected",
  unknown: "not known",
};

/** One row on its way, for people: where it is, what became of it, and its columns side by side. */
export function explanationLines(row: Explanation, { paint, width }: ExplanationOptions): string[] {
  const where = [
    [
      "source",
      `${row.sourceTitle}${row.sourceKey === null ? "" : `, ${row.sourceKey}`}${row.source === null && row.sourceKey !== null ? ": no such row" : ""}`,
    ],
    ["place", row.place === null || row.place === row.sourceKey ? undefined : row.place],
    ["split", row.split === null ? undefined : `${row.split.id} (${row.split.title})`],
    ["target", row.targetTitle],
    ["mapping", row.mappingHash === null ? undefined : row.mappingHash.slice(0, 12)],
    ["refused", row.refusal === null ? undefined : refusalText(row.refusal)],
    ["rejected", row.reject === null ? undefined : refusalText(row.reject)],
  ] as const;
  const shown = where.map(([label, text]) => [label, text === undefined ? undefined : plainText(text)] as const);
  const filtered = row.targets.length === 0 && row.source !== null && row.refusal === null ? ["", "The mapping leaves this row out."] : [];
  return [
    ...facts(shown, paint),
    ...filtered,
    ...row.targets.flatMap((target) => ["", ...targetLines(target, row.source, { paint, width })]),
    ...row.notes.flatMap((note) => ["", `Note: ${plainText(note)}`]),
  ];
}

function refusalText({
  cause,
  text,
  column,
}: {
  readonly cause: string;
  readonly text: string;
  readonly column?: string | undefined;
}): string {
  return `${text} [${cause}]${column === undefined ? "" : `, column ${column}`}`;
}

function targetLines(target: ExplainedTarget, source: RowView | null, options: ExplanationOptions): string[] {
  const { paint } = options;
  const good = target.verdict === "equal" || target.verdict === "absent";
  const title = `${good ? paint.green("✓") : paint.red("✗")} ${plainText(target.key)}: ${verdicts[target.verdict]}`;
  const why = new Map(target.columns.map((column) => [column.name, column.why]));
  const sides = [source, target.mapped, target.target].map((view) => new Map(view?.columns.map((column) => [column.name, column]) ?? []));
  const names = [...new Set(sides.flatMap((side) => [...side.keys()]))].sort();
  const rows = names.map((name) => {
    const cells = sides.map((side) => {
      const column = side.get(name);
      return column === undefined ? "" : `${plainText(column.value)} ${column.type}`;
    });
    return [plainText(name), ...cells, why.get(name) ?? ""];
  });
  return names.length === 0 ? [title] : [title, ...grid(["column", "source", "mapped", "target", "why"], rows, options)];
}
