/** How far a sync has come; the engine that applies changes answers. */
export interface AppliedPosition {
  /**
   * Resolves once everything that was committed at the source before this moment has been applied to the target: acknowledged there, or
   * durably parked as a reject. By what holds now: where a worker was taken over and changes are applied once more, only when these too
   * have come past it, since until then the target may show older rows again.
   * @param momentMs wall clock of the asker, milliseconds since 1970: taken when what was read had been read
   * @throws the signal's reason; whatever ends the sync
   */
  passed(momentMs: number, signal: AbortSignal): Promise<void>;
}
