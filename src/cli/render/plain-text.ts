/**
 * Text that came from outside (rows, server answers, file names) made harmless for a terminal: control characters, which
 * could move the cursor or recolour the screen, and characters that reverse the reading direction are shown as escapes.
 */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Words laid into lines of at most `width` characters; words longer than a line are cut. Line breaks in the text are kept. */
export function wrapText(text: string, width: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const indent = /^ */.exec(paragraph)![0].slice(0, Math.floor(width / 2));
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph
      .trim()
      .split(/ +/)
      .flatMap((whole) => cut(whole, width - indent.length))) {
      if (line !== "" && indent.length + line.length + 1 + word.length > width) {
        lines.push(indent + line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    return [...lines, line === "" ? "" : indent + line];
  });
}

/** At most `width` characters, the missing rest marked. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function cut(word: string, width: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < word.length; at += width) parts.push(word.slice(at, at + width));
  return parts.length === 0 ? [""] : parts;
}
