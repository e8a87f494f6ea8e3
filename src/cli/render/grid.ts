import type { Paint } from "../terminal.ts";
import { shorten } from "./plain-text.ts";

/** Rows under headers, in columns as wide as they need; the widest columns give way when the whole is wider than the screen. */
export function grid(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  { paint, width }: { readonly paint: Paint; readonly width: number },
): string[] {
  const columns = headers.map((header, i) => Math.max(header.length, ...rows.map((row) => (row[i] ?? "").length)));
  const gaps = 2 * (columns.length - 1);
  for (let over = sum(columns) + gaps - width; over > 0; over = sum(columns) + gaps - width) {
    const widest = columns.indexOf(Math.max(...columns));
    if (columns[widest]! <= 4) break;
    const second = Math.max(4, ...columns.filter((_, i) => i !== widest));
    columns[widest] = Math.max(4, Math.min(columns[widest]! - 1, Math.max(second, columns[widest]! - over)));
  }
  const line = (cells: readonly string[]) =>
    columns
      .map((column, i) => shorten(cells[i] ?? "", column).padEnd(column))
      .join("  ")
      .trimEnd();
  return [paint.bold(line(headers)), ...rows.map(line)];
}

/** Label and value, one pair a line, values in one column. */
export function facts(pairs: readonly (readonly [label: string, value: string | undefined])[], paint: Paint): string[] {
  const given = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const width = Math.max(0, ...given.map(([label]) => label.length));
  return given.map(([label, value]) => `  ${paint.dim(label.padEnd(width))}  ${value}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
