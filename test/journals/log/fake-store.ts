import { appendFileSync, closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deposed } from "../../../packages/hub/src/journals/log/files/failure.ts";
import type { LogOutcome, LogPlace, OpenStore } from "../../../packages/hub/src/journals/log/files/log-access.ts";

/**
 * A store of lines in one file, for tests of the election and the protocol. A request is a text. A
 * text `key=K ...` is appended once. Two stores that write at once make an offset appear twice.
 */
export class FakeStore implements OpenStore {
  readonly #path: string;
  readonly #fd: number;
  readonly #listeners = new Set<(place: LogPlace) => void>();
  readonly #keys = new Map<string, number>();
  #tail = 0;
  #chain: Promise<unknown> = Promise.resolve();
  #queue: (() => void)[] = [];
  closed = false;
  /** Number of pages that were asked for. */
  asked = 0;

  readonly #isDeposed: () => boolean;

  constructor(directory: string, isDeposed: () => boolean = () => false) {
    this.#isDeposed = isDeposed;
    this.#path = join(directory, "lines");
    writeFileSync(this.#path, "", { flag: "a" });
    const text = readFileSync(this.#path, "utf8");
    // A torn line is cut.
    const sound = text.slice(0, text.lastIndexOf("\n") + 1);
    if (sound.length < text.length) writeFileSync(this.#path, sound);
    for (const line of sound.split("\n").slice(0, -1)) this.#note(++this.#tail, line);
    this.#fd = openSync(this.#path, "a");
  }

  static lines(directory: string): string[] {
    return readFileSync(join(directory, "lines"), "utf8").split("\n").slice(0, -1);
  }

  get place(): LogPlace {
    return { epoch: "FakeEpoc", restoredUpTo: 0, head: 1, tail: this.#tail, bytes: 0, segment: 1, position: 0 };
  }

  readonly failure = undefined;

  watchFailure(): () => void {
    return () => undefined;
  }

  onMoved(listener: (place: LogPlace) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  append(request: Buffer): Promise<LogOutcome> {
    return new Promise((resolve, reject) => {
      if (this.closed) reject(new Error("closed"));
      this.#queue.push(() => {
        if (this.#isDeposed()) return reject(deposed());
        const text = request.toString();
        const key = keyOf(text);
        const known = key === undefined ? undefined : this.#keys.get(key);
        if (known !== undefined) {
          resolve({ kind: "repeated", offsets: [known], answer: undefined });
          return;
        }
        const first = this.#tail + 1;
        appendFileSync(this.#fd, `${first} ${process.pid} ${text}\n`);
        this.#tail = first;
        this.#note(first, `${first} ${process.pid} ${text}`);
        for (const listener of this.#listeners) listener(this.place);
        resolve({ kind: "appended", first, count: 1 });
      });
      this.#chain = this.#chain.then(() => new Promise<void>((resolve) => setImmediate(() => resolve(this.#queue.shift()?.()))));
    });
  }

  /** A prefix `big/N` gets a value of so many characters. */
  entries(prefix: string): Promise<{ key: string; value: string }[]> {
    this.asked++;
    const [, length = "0"] = /^big\/(\d+)/.exec(prefix) ?? [];
    return Promise.resolve([{ key: `${prefix}key`, value: "x".repeat(Number(length)) }]);
  }

  findId(id: string): Promise<readonly number[]> {
    return Promise.resolve(id === "missing" ? [] : [this.#tail]);
  }

  findKey(digest: string): ReturnType<OpenStore["findKey"]> {
    const offset = this.#keys.get(digest);
    return Promise.resolve(offset === undefined ? undefined : { kind: "repeated", offsets: [offset], answer: "a" });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.#chain;
    closeSync(this.#fd);
  }

  #note(offset: number, line: string): void {
    const key = keyOf(line);
    if (key !== undefined) this.#keys.set(key, offset);
  }
}

function keyOf(text: string): string | undefined {
  return /key=(\S+)/.exec(text)?.[1];
}
