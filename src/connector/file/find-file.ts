import { stat } from "node:fs/promises";
import { TableferryError } from "../../base/error.ts";
import { fileError, systemCode } from "./file-error.ts";

export interface FoundFile {
  readonly ino: bigint;
  readonly birthtimeNs: bigint;
  readonly size: bigint;
}

/** A file's identity and size; undefined where there is none. @throws TF_IO for a folder, or where it cannot be found out */
export async function findFile(path: string, title: string): Promise<FoundFile | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    if (found.isDirectory()) throw new TableferryError("TF_IO", { message: `${title} is a folder`, place: title, wayOut: "Name a file." });
    return found;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw fileError(error, "written", title);
  }
}
