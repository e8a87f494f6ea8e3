import { TableferryError, toError } from "../base/error.ts";
import type { ErrorCode } from "../base/error-code.ts";

/** What LevelDB and the system say, by the words they use: LevelDB passes on no error numbers. */
const signs: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/LEVEL_LOCKED|already held by process|\/LOCK: /i, "TF_STORE_LOCKED", "another process has the data folder open"],
  [/ENOSPC|EDQUOT|EFBIG|No space left|quota exceeded|File too large/i, "TF_STORE_FULL", "the disk of the data folder is full"],
  [
    /EROFS|EACCES|EPERM|Permission denied|Read-only file system|Operation not permitted/i,
    "TF_STORE_UNWRITABLE",
    "the data folder is not writable",
  ],
  [/ENOTDIR|EEXIST|Not a directory|File exists/i, "TF_STORE_UNWRITABLE", "the data folder is not a folder"],
  [/IO error: .*No such file/i, "TF_STORE_CORRUPT", "a file of the data folder is missing"],
  [/LEVEL_CORRUPTION|Corruption/i, "TF_STORE_CORRUPT", "the data folder is damaged"],
];

/** The coded error for whatever opening, reading or writing the data folder threw. */
export function storageError(thrown: unknown, folder: string): TableferryError {
  if (thrown instanceof TableferryError) return thrown;
  const text = wordsOf(thrown);
  const sign = signs.find(([pattern]) => pattern.test(text));
  return new TableferryError(sign?.[1] ?? "TF_IO", {
    message: sign?.[2] ?? `the data folder cannot be used: ${toError(thrown).message}`,
    place: folder,
    cause: thrown,
  });
}

/** Messages and codes of an error and of its causes. */
function wordsOf(thrown: unknown): string {
  const words: string[] = [];
  for (let error = thrown; error instanceof Error && words.length < 8; error = error.cause) {
    if ("code" in error) words.push(String(error.code));
    words.push(error.message);
  }
  return words.join(" ");
}
