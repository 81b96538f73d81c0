/** An event as a page gets it. */
export interface ParsedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/**
 * Parses an event stream, written from the HTML Standard alone (9.2.6, "Interpreting an event stream") and as
 * plainly as it is there, to judge the hub and the parsers that people use by.
 */
export class StandardParser {
  // "Streams must be decoded using the UTF-8 decode algorithm", which takes off one leading byte order mark.
  readonly #decoder = new TextDecoder();
  readonly #onEvent: (event: ParsedEvent) => void;
  #text = "";
  #data = "";
  #type = "";
  #lastEventId = "";

  constructor(onEvent: (event: ParsedEvent) => void) {
    this.#onEvent = onEvent;
  }

  feed(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#text);
      if (end === null) return;
      const line = this.#text.slice(0, end.index);
      this.#text = this.#text.slice(end.index + end[0].length);
      this.#line(line);
    }
  }

  #line(line: string): void {
    const colon = line.indexOf(":");
    if (line === "") this.#dispatch();
    else if (colon === -1) this.#field(line, "");
    else if (colon > 0) this.#field(line.slice(0, colon), line.slice(colon + (line[colon + 1] === " " ? 2 : 1)));
  }

  #field(name: string, value: string): void {
    if (name === "event") this.#type = value;
    else if (name === "data") this.#data += `${value}\n`;
    else if (name === "id" && !value.includes("\0")) this.#lastEventId = value;
  }

  #dispatch(): void {
    // "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return."
    if (this.#data !== "")
      this.#onEvent({ id: this.#lastEventId, type: this.#type === "" ? "message" : this.#type, data: this.#data.slice(0, -1) });
    this.#data = "";
    this.#type = "";
  }
}
