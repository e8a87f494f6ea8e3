import { TableferryError } from "../base/error.ts";

/** What a target is opened with by those who must not write to it: the first write stops them. */
export function lookOnly(): never {
  throw new TableferryError("TF_INTERNAL", { message: "a write was sent by something that only looks" });
}
