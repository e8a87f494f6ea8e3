/** The part of dynalite that the benches use; it comes without types. */
declare module "dynalite" {
  import type { Server } from "node:http";
  export default function dynalite(options?: { readonly createTableMs?: number }): Server;
}
