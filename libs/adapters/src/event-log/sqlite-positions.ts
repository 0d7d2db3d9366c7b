/**
 * Where groups stand, until it is written.
 * PO1. What is known here is newer than what the file says.
 * PO2. A position stays until a transaction that carried it is committed.
 */
import type { Topic } from '@countersign/contracts';

export interface Position {
  readonly topic: Topic;
  readonly group: string;
  readonly next: number;
}

export class UnwrittenPositions {
  readonly #positions = new Map<string, Position>();

  get size(): number {
    return this.#positions.size;
  }

  keep(position: Position): void {
    this.#positions.set(`${position.topic}\0${position.group}`, position);
  }

  next(topic: Topic, group: string): number | undefined {
    return this.#positions.get(`${topic}\0${group}`)?.next;
  }

  all(): readonly Position[] {
    return [...this.#positions.values()];
  }

  written(positions: readonly Position[]): void {
    for (const position of positions) {
      const name = `${position.topic}\0${position.group}`;
      if (this.#positions.get(name) === position) this.#positions.delete(name);
    }
  }
}
