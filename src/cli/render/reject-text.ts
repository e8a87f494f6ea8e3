import { valueOf } from "../../job/scalar.ts";
import type { Reject } from "../../pipeline/rejects.ts";
import type { Parked } from "../../sync/apply/parked.ts";
import type { Paint } from "../terminal.ts";
import { counted } from "./amounts.ts";
import { cellText } from "./cell-text.ts";
import { facts } from "./grid.ts";
import { plainText } from "./plain-text.ts";

/** A reject in one line: where it stood and why. */
export function rejectTitle({ place, text, cause }: Pick<Reject, "place" | "text" | "cause">): string {
  return plainText(`${place}: ${text} [${cause}]`);
}

/** A reject whole, for people. */
export function rejectLines(reject: Reject | Parked, paint: Paint): string[] {
  const { original } = reject;
  const pairs: (readonly [string, string | undefined])[] = [
    ["place", reject.place],
    ["cause", reject.cause],
    ["text", reject.text],
    ["column", reject.column],
    ["split", "split" in reject ? reject.split : undefined],
    ["changes", "joined" in reject ? changesText(reject) : undefined],
    ["mapping", reject.mappingHash.slice(0, 12)],
    ["at", new Date(reject.at).toISOString()],
  ];
  const shown = facts(
    pairs.map(([label, text]) => [label, text === undefined ? undefined : plainText(text)] as const),
    paint,
  );
  const row =
    typeof original === "string"
      ? [`  ${plainText(original)}`]
      : facts(
          [...original.key, ...original.columns].map(([name, value]) => [plainText(name), cellText(valueOf(value))] as const),
          paint,
        );
  return [...shown, "", reject.cut === true ? "The row as it was read, cut at 64 KiB:" : "The row as it was read:", ...row];
}

function changesText({ refused, joined, newest }: Parked): string {
  const count = ({ put, update, delete: deleted }: Parked["refused"]) => put + update + deleted;
  const since = count(joined) === 0 ? "" : `, ${counted(count(joined), "later one")} joined`;
  return `${counted(count(refused), "change")} refused${since}${newest === undefined ? "" : `, newest of ${new Date(newest / 1000).toISOString()}`}`;
}
