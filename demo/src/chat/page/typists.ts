import { type ChatVisitor, TYPING_MS } from "../server/wire.ts";

/** Most people whose typing is remembered. */
const MAX_TYPISTS = 10;

/** Shortest time between two signs of this page, in milliseconds. */
const TELL_MS = TYPING_MS * 0.6;

/** The people who type, each until their message comes or nothing was heard for a while. */
export class Typists {
  readonly #onChange: () => void;
  #people: readonly ChatVisitor[] = [];
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #toldAt = -Infinity;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get people(): readonly ChatVisitor[] {
    return this.#people;
  }

  /** Whether the page is to tell its own visitor's typing now. */
  mayTell(): boolean {
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) return false;
    this.#toldAt = now;
    return true;
  }

  /** The visitor's message is sent, so that the next key begins another. */
  sent(): void {
    this.#toldAt = -Infinity;
  }

  add(person: ChatVisitor): void {
    this.#drop(person.visitor);
    this.#people = [...this.#people, person].slice(-MAX_TYPISTS);
    this.#timers.set(
      person.visitor,
      setTimeout(() => this.remove(person.visitor), TYPING_MS),
    );
    this.#onChange();
  }

  remove(visitor: string | undefined): void {
    if (this.#drop(visitor)) this.#onChange();
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #drop(visitor: string | undefined): boolean {
    const others = this.#people.filter((other) => other.visitor !== visitor);
    if (others.length === this.#people.length) return false;
    clearTimeout(this.#timers.get(visitor ?? ""));
    this.#timers.delete(visitor ?? "");
    this.#people = others;
    return true;
  }
}
