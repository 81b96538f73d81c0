/** A place in the journal from which a part of a room is read. */
export interface Chapter {
  /** The event id before the chapter's first message. */
  readonly after: string;
  /** The time of the first message. */
  readonly at: number;
}

/** Messages between two chapters at the beginning. */
const SPACING = 100;

/** Most chapters of a room. Then every second one is dropped, and the spacing doubles. */
const MAX_CHAPTERS = 200;

/** Where the parts of a room begin in the journal, so that an old part is read without the rest. */
export class Chapters {
  #chapters: Chapter[] = [];
  #spacing = SPACING;
  #since = 0;

  /** @param after - The event id before the message. Undefined if it is not known. */
  add(at: number, after: string | undefined): void {
    const isDue = this.#chapters.length === 0 || this.#since >= this.#spacing;
    this.#since += 1;
    if (!isDue || after === undefined) return;
    this.#chapters.push({ after, at });
    this.#since = 1;
    if (this.#chapters.length > MAX_CHAPTERS) {
      this.#chapters = this.#chapters.filter((_, index) => index % 2 === 0);
      this.#spacing *= 2;
    }
  }

  /** The chapter to begin with for a number of messages before a time. Undefined if all are needed. */
  before(at: number, count: number): Chapter | undefined {
    const next = this.#chapters.findIndex((chapter) => chapter.at >= at);
    const index = (next === -1 ? this.#chapters.length : next) - 1 - Math.ceil(count / this.#spacing);
    return index <= 0 ? undefined : this.#chapters[index];
  }
}
