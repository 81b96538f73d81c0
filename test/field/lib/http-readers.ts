import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { Heard, type StartReader } from "./heard.ts";
import type { AtEnd } from "./programs.ts";

/** How a hub is spoken to: `fetch` speaks HTTP/1.1 alone. */
export interface Speech {
  publish(url: string, topic: string, data: string): Promise<void>;
  /** @returns The lines of a stream, as they come. @throws If the stream is not encoded as asked for. */
  readLines(url: string, encoding: Encoding, atEnd: AtEnd): Promise<AsyncIterable<string>>;
}

export type Encoding = "identity" | "gzip";

/** Longest wait for the answer to a publish. */
const PUBLISH_MS = 20_000;

export const overFetch: Speech = {
  async publish(url, topic, data) {
    const response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams({ topic, data }),
      signal: AbortSignal.timeout(PUBLISH_MS),
    });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  },
  async readLines(url, encoding, atEnd) {
    const controller = new AbortController();
    atEnd(async () => controller.abort());
    const response = await fetch(url, { headers: { "Accept-Encoding": encoding }, signal: controller.signal });
    const used = response.headers.get("content-encoding") ?? "identity";
    if (response.status !== 200 || used !== encoding) throw new Error(`The stream is ${response.status}, ${used}.`);
    return linesOf(response.body ?? []);
  },
};

export const overHttp2: Speech = {
  async publish(url, topic, data) {
    const { origin, pathname } = new URL(url);
    const session = connect(origin);
    const stream = session.request({
      ":method": "POST",
      ":path": pathname,
      "content-type": "application/x-www-form-urlencoded",
    });
    stream.end(new URLSearchParams({ topic, data }).toString());
    const answer = await text(stream);
    session.close();
    if (answer === "") throw new Error("A publish over HTTP/2 has no answer.");
  },
  async readLines(url, _encoding, atEnd) {
    const { origin, pathname, search } = new URL(url);
    const session = connect(origin);
    session.on("error", () => undefined);
    atEnd(async () => session.destroy());
    const stream = session.request({ ":path": pathname + search });
    stream.on("error", () => undefined);
    return linesOf(stream);
  },
};

/** Reads in this process. */
export function inProcess(speech: Speech, encoding: Encoding): StartReader {
  return async (url, atEnd) => {
    const heard = new Heard();
    heard.add("asks");
    const began = performance.now();
    const read = async (): Promise<void> => {
      for await (const line of await speech.readLines(url, encoding, atEnd)) {
        if (line.startsWith("data: ")) heard.add(`${Math.round(performance.now() - began)} ${line.slice("data: ".length)}`);
      }
    };
    // The end of the test is an error of the stream; what was not heard fails the test with its own words.
    read().catch((error: unknown) => heard.add(String(error)));
    return heard;
  };
}

async function* linesOf(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of parts) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
