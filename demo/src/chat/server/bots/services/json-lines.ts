/** A JSON object of unknown shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Longest event, or JSON outside a stream, in characters. */
const MAX_PENDING = 4 * 1024 * 1024;

/**
 * Finds the JSON objects in a text that arrives in parts: an event stream, lines of JSON, or one
 * JSON over many lines. An event parser would emit events after a blank line only. Services leave
 * blank lines out, between events and at the end.
 */
export class JsonLines {
  /** Whether blank lines end events. Undefined until the first visible character. */
  #stream: boolean | undefined;
  #rest = "";
  /** Lines of an incomplete JSON. */
  #pending: string[] = [];
  #pendingLength = 0;
  #done = false;
  #objects: JsonObject[] = [];

  /** Whether `[DONE]` came. */
  get done(): boolean {
    return this.#done;
  }

  /** @throws Error for a line or an event beyond its bound. */
  push(part: string): JsonObject[] {
    let text = this.#rest + part;
    if (this.#stream === undefined) {
      text = text.trimStart();
      if (text === "") return [];
      this.#stream = !/^[[{]/.test(text);
    }
    // A carriage return at the end may be half of a line's end.
    const complete = text.endsWith("\r") ? text.length - 1 : text.length;
    const lines = text.slice(0, complete).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? "") + text.slice(complete);
    for (const line of lines) this.#line(line);
    if (this.#rest.length + this.#pendingLength > MAX_PENDING) throw new Error(`An event is longer than ${MAX_PENDING} characters.`);
    return this.#take();
  }

  /** Treats the end of the text as the end of the last event. */
  end(): JsonObject[] {
    for (const line of this.#rest.split("\r")) this.#line(line);
    this.#rest = "";
    this.#dispatch();
    return this.#take();
  }

  #take(): JsonObject[] {
    const objects = this.#objects;
    this.#objects = [];
    return objects;
  }

  #line(line: string): void {
    if (this.#done) return;
    if (line.startsWith("data:")) this.#data(line.slice(5));
    // Errors come without a prefix too, even within a stream.
    else if (this.#stream === false || line.startsWith("{")) this.#data(line);
    else if (line === "") this.#dispatch();
  }

  #data(data: string): void {
    const text = data.trim();
    if (text === "") return;
    if (text === "[DONE]") {
      this.#dispatch();
      this.#done = true;
      return;
    }
    if (this.#pending.length > 0 || (!this.#add(text) && /^[[{]/.test(text))) {
      this.#pending.push(data);
      this.#pendingLength += data.length;
    }
  }

  #dispatch(): void {
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingLength = 0;
    // A broken line must not drop the following lines.
    if (lines.length > 0 && !this.#add(lines.join("\n"))) for (const line of lines) this.#add(line);
  }

  /** @returns Whether the text is JSON. */
  #add(text: string): boolean {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // Not JSON, or only a part of it.
      return false;
    }
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === "object" && one !== null && !Array.isArray(one)) this.#objects.push(one as JsonObject);
    }
    return true;
  }
}
