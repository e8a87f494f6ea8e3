import { valueOf } from "../../job/scalar.ts";
import type { Reject } from "../../pipeline/rejects.ts";
import type { Paint } from "../terminal.ts";
import { cellText } from "./cell-text.ts";
import { facts } from "./grid.ts";
import { plainText } from "./plain-text.ts";

/** A reject in one line: where it stood and why. */
export function rejectTitle({ place, text, cause }: Reject): string {
  return plainText(`${place}: ${text} [${cause}]`);
}

/** A reject whole, for people. */
export function rejectLines(reject: Reject, paint: Paint): string[] {
  const { original } = reject;
  const pairs: (readonly [string, string | undefined])[] = [
    ["place", reject.place],
    ["cause", reject.cause],
    ["text", reject.text],
    ["column", reject.column],
    ["split", reject.split],
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
