/** Where `tableferry serve` writes down how to reach it, relative to the folder it was started in; gone when it stops. */
export const serverFile = ".tableferry/server.json";

export interface ServerNote {
  readonly endpoint: string;
  readonly instances: readonly string[];
  /** JSON file with the access key; absent where the keys came from the environment. */
  readonly keysFile?: string | null | undefined;
}
