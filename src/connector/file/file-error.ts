import { TableferryError, toError } from "../../base/error.ts";

const wayOuts: Readonly<Record<string, string>> = {
  EACCES: "Give this user the permission, or name another path.",
  EPERM: "Give this user the permission, or name another path.",
  EROFS: "The file system is read-only. Name a path on another one.",
  ENOSPC: "The disk is full. Free space and run again: it goes on from the last checkpoint.",
  EDQUOT: "The disk quota is used up. Free space and run again: it goes on from the last checkpoint.",
  EISDIR: "The path is a folder. Name a file.",
  ENOTDIR: "A part of the path is a file. Correct the path.",
  EMFILE: "Too many open files. Raise the limit (`ulimit -n`) or lower `limits.workers`.",
  ENOENT: "Check the path; relative ones resolve from the folder of the job file.",
};

/** The system's error code, e.g. `ENOENT`; empty where the error has none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** What the system refused, with the way out of that very refusal; errors that are ours already pass unchanged. */
export function fileError(error: unknown, action: "read" | "written", title: string): Error {
  if (error instanceof TableferryError || (error instanceof Error && error.name === "AbortError")) return error;
  const code = systemCode(error);
  if (code === "ENOENT" && action === "read") {
    return new TableferryError("TF_SOURCE_MISSING", { message: `there is no file ${title}`, place: title, cause: error });
  }
  const wayOut = wayOuts[code];
  return new TableferryError("TF_IO", {
    message: `${title} cannot be ${action}: ${toError(error).message}`,
    place: title,
    cause: error,
    ...(wayOut === undefined ? {} : { wayOut }),
  });
}

/** A file whose structure cannot be followed any further; unlike a refused row it stops the job. */
export function formatError(place: string, message: string, wayOut?: string): TableferryError {
  return new TableferryError("TF_SOURCE_FORMAT", { message, place, ...(wayOut === undefined ? {} : { wayOut }) });
}
