const TAG = /<(\/?)think(?:ing)?>/i;

/** The start of a tag at the end of a text, whose rest is still to come. */
const TAG_START = /<\/?(?:t(?:h(?:i(?:n(?:k(?:i(?:ng?)?)?)?)?)?)?)?$/i;

/** Most characters that are held while a closing tag may come. An answer has fewer. */
const MAX_HELD = 8000;

export interface Shown {
  /** Whether everything shown before was a thought. */
  readonly takeBack: boolean;
  readonly text: string;
}

/**
 * Separates `<think>…</think>` from an answer that arrives in arbitrary parts. Some prompt
 * templates open the thought themselves, and then the answer only has the closing tag.
 */
export class Thoughts {
  /** The start of a tag, perhaps. */
  #rest = "";
  #held = "";
  #waiting: boolean;
  #inside = false;
  #closed = false;
  #unopened = false;
  #anyShown = false;

  /**
   * @param unopened - Whether the answer is expected to begin within a thought. It is then held
   *   until the closing tag, or the end.
   */
  constructor(unopened: boolean) {
    this.#waiting = unopened;
  }

  /** Whether a thought ended that had not begun. */
  get unopened(): boolean {
    return this.#unopened;
  }

  /** Whether a thought has begun and not ended. */
  get inside(): boolean {
    return this.#inside;
  }

  /** Whether the last text belongs to a thought, or may belong to one. */
  get thinking(): boolean {
    return this.#inside || this.#waiting;
  }

  push(part: string): Shown {
    this.#rest += part;
    let text = "";
    let takeBack = false;
    for (let tag = TAG.exec(this.#rest); tag !== null; tag = TAG.exec(this.#rest)) {
      const before = this.#rest.slice(0, tag.index);
      this.#rest = this.#rest.slice(tag.index + tag[0].length);
      const closes = tag[1] === "/";
      if (closes && !this.#inside && !this.#closed) {
        takeBack = this.#anyShown;
        text = "";
        this.#unopened = true;
      } else if (!this.#inside) {
        text += this.#held + before;
      }
      this.#held = "";
      this.#waiting = false;
      this.#inside = !closes;
      this.#closed ||= closes;
    }
    const cut = TAG_START.exec(this.#rest)?.index ?? this.#rest.length;
    const whole = this.#rest.slice(0, cut);
    this.#rest = this.#rest.slice(cut);
    if (this.#waiting) this.#held = (this.#held + whole).slice(0, MAX_HELD);
    else if (!this.#inside) text += whole;
    if (text !== "") this.#anyShown = true;
    return { takeBack, text };
  }

  /**
   * Stops waiting for a closing tag.
   *
   * @returns The held text.
   */
  release(): string {
    const text = this.#held;
    this.#held = "";
    this.#waiting = false;
    if (text !== "") this.#anyShown = true;
    return text;
  }

  /** The rest of the text at its end. */
  end(): string {
    const text = this.release() + (this.#inside ? "" : this.#rest);
    this.#rest = "";
    return text;
  }
}
