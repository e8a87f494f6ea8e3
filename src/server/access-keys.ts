/** An access key as clients sign with it. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** The only instance it opens; absent: every instance. */
  readonly instance?: string | undefined;
}

/** The keys a server accepts. The first one is the root key: it opens every instance and administers the server. */
export class AccessKeys {
  readonly root: AccessKey;
  readonly #byId = new Map<string, AccessKey>();

  constructor(keys: readonly [AccessKey, ...AccessKey[]]) {
    this.root = keys[0];
    for (const key of keys) this.add(key);
  }

  add(key: AccessKey): void {
    this.#byId.set(key.id, key);
  }

  find(id: string): AccessKey | undefined {
    return this.#byId.get(id);
  }

  /** The first key made for this instance only. */
  ofInstance(instance: string): AccessKey | undefined {
    return this.all().find((key) => key.instance === instance);
  }

  /** Forgets the keys of a dropped instance; false when there were none. */
  removeInstance(instance: string): boolean {
    const own = this.all().filter((key) => key.instance === instance);
    for (const { id } of own) this.#byId.delete(id);
    return own.length > 0;
  }

  all(): readonly AccessKey[] {
    return [...this.#byId.values()];
  }
}
