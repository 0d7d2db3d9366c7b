/**
 * What one tap may hold in memory for all its exchanges together.
 * BB1. `take` never overdraws: who is refused holds nothing and must end its exchange.
 * BB2. A loan is given back once, whole, however its exchange ended.
 */
export class ByteBudget {
  #free: number;

  constructor(bytesMax: number) {
    this.#free = bytesMax;
  }

  get freeBytes(): number {
    return this.#free;
  }

  /** A loan that grows with what is read. */
  open(): ByteLoan {
    let taken = 0;
    return {
      take: (bytes) => {
        if (bytes > this.#free) return false;
        this.#free -= bytes;
        taken += bytes;
        return true;
      },
      give: (bytes) => {
        const given = Math.min(bytes, taken);
        this.#free += given;
        taken -= given;
      },
      close: () => {
        this.#free += taken;
        taken = 0;
      },
    };
  }
}

export interface ByteLoan {
  take(bytes: number): boolean;
  give(bytes: number): void;
  close(): void;
}
