/** A time limit that stands still while a person is asked. */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private cleared = false;

  /** Starts at once. */
  constructor(
    private readonly seconds: number,
    private readonly expire: () => void,
  ) {
    this.start();
  }

  /** Starts anew once the work is done. */
  async pauseFor<T>(work: Promise<T>): Promise<T> {
    clearTimeout(this.timer);
    try {
      return await work;
    } finally {
      this.start();
    }
  }

  clear(): void {
    this.cleared = true;
    clearTimeout(this.timer);
  }

  private start(): void {
    clearTimeout(this.timer);
    if (!this.cleared) this.timer = setTimeout(this.expire, this.seconds * 1_000);
  }
}
