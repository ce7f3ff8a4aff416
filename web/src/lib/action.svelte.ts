// Something that the reader does: busy while the hub works on it, with its failure kept for showing.

export class Action {
  busy = $state(false);
  failure = $state.raw<Error | null>(null);

  /** True when it went well. A second click while it runs does nothing. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.failure = null;
    try {
      await work();
      return true;
    } catch (error) {
      this.failure = error as Error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
