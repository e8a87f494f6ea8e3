import type { Split } from "../connector.ts";
import { openBytes } from "./byte-reader.ts";
import type { FileSpan } from "./file-scan.ts";
import type { FileLayout } from "./layout.ts";
import type { OpenedFile } from "./opened-file.ts";

/** Pieces below this are not worth a split of their own. */
const splitBytesMin = 16 * 1024 * 1024;
const pieceBytes = 1024 * 1024;
const LF = 0x0a;
const QUOTE = 0x22;

/**
 * Cuts a file at line ends, which only JSON Lines and CSV without a single quote allow: the file is read through once to
 * find out, which also numbers the lines exactly. Compressed files and JSON arrays stay whole.
 */
export async function planSplits(layout: FileLayout, opened: OpenedFile, wanted: number, signal?: AbortSignal): Promise<readonly Split[]> {
  const until = layout.compressed ? null : opened.size;
  const whole = [splitOf(0, { ...opened.start, until }, layout)];
  const length = opened.size - opened.start.offset;
  const count = Math.min(wanted, Math.floor(length / splitBytesMin));
  if (count < 2 || layout.compressed || layout.format === "json") return whole;
  const starts = await lineStarts(layout, opened, Math.ceil(length / count), signal);
  if (starts === undefined) return whole;
  return starts.map((start, at) => splitOf(at, { ...start, until: starts[at + 1]?.offset ?? until }, layout));
}

function splitOf(index: number, span: FileSpan, layout: FileLayout): Split {
  const bytes = span.until === null ? undefined : span.until - span.offset;
  return {
    id: String(index).padStart(4, "0"),
    title: index === 0 && span.line <= 1 ? layout.title : `${layout.title} from line ${span.line + 1}`,
    spec: span,
    estimatedBytes: bytes,
  };
}

/** First lines at about every `step` bytes, or undefined where a quote makes line ends ambiguous. */
async function lineStarts(
  layout: FileLayout,
  opened: OpenedFile,
  step: number,
  signal?: AbortSignal,
): Promise<{ offset: number; line: number }[] | undefined> {
  const starts = [{ offset: opened.start.offset, line: opened.start.line }];
  let { offset, line } = opened.start;
  let next = offset + step;
  const reader = await openBytes(layout, offset, signal);
  const memory = Buffer.allocUnsafeSlow(pieceBytes);
  try {
    for (;;) {
      const read = await reader.read(memory);
      if (read === 0) return starts;
      const piece = memory.subarray(0, read);
      if (layout.format === "csv" && piece.includes(QUOTE)) return undefined;
      for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
        line++;
        const begin = offset + at + 1;
        if (begin < next || begin >= opened.size) continue;
        starts.push({ offset: begin, line });
        next = begin + step;
      }
      offset += read;
    }
  } finally {
    await reader.close();
  }
}
