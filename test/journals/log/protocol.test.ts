import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { ERROR_CODES, HubError } from "../../../packages/hub/src/core/errors.ts";
import { frame, FrameReader, KIND, MalformedFrame } from "../../../packages/hub/src/journals/log/processes/frames.ts";
import type { LogPlace } from "../../../packages/hub/src/journals/log/files/log-access.ts";
import {
  decodeAppended,
  decodeEntries,
  decodeEntriesRequest,
  decodeError,
  decodeHello,
  decodeKeyRequest,
  decodeKnown,
  decodeOffsets,
  decodePlace,
  encodeAppended,
  encodeError,
  encodeHello,
  encodeJson,
  encodePlace,
} from "../../../packages/hub/src/journals/log/processes/messages.ts";
import { appendRequest, entriesRequest, placeRequest } from "../../../packages/hub/src/journals/log/processes/requests.ts";
import type { WriterLink } from "../../../packages/hub/src/journals/log/processes/writer-link.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { FakeStore } from "./fake-store.ts";
import { openLink } from "./link-support.ts";

const SOON = { timeout: 20_000, interval: 5 };
const HELLO = frame(KIND.hello, 0, encodeHello());
const NOTHING = Buffer.alloc(0);

type Frame = readonly [kind: number, number: number, content: Buffer];

/** A follower that speaks the protocol by hand. */
class RawFollower {
  readonly frames: Frame[] = [];
  readonly socket: Socket;
  isClosed = false;

  constructor(directory: string, number = 1) {
    this.socket = connect(join(directory, `writer-${number}`));
    const reader = new FrameReader((...one) => this.frames.push(one));
    this.socket.on("data", (chunk) => reader.push(chunk));
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => (this.isClosed = true));
    onTestFinished(() => void this.socket.destroy());
  }

  static async greeted(directory: string): Promise<RawFollower> {
    const follower = new RawFollower(directory);
    follower.socket.write(HELLO);
    await expect.poll(() => follower.frames.map(([kind]) => kind), SOON).toContain(KIND.moved);
    follower.frames.splice(0, follower.frames.length - 1);
    return follower;
  }
}

async function openWriter(): Promise<{ readonly directory: string; readonly writer: WriterLink; readonly store: FakeStore }> {
  const directory = temporaryDirectory("protocol");
  let store: FakeStore | undefined;
  const writer = await openLink(directory, { openStore: () => Promise.resolve((store = new FakeStore(directory))) });
  onTestFinished(() => writer.close());
  return { directory, writer, store: store as FakeStore };
}

const append = (text: string) => appendRequest(Buffer.from(text), false);

const MALFORMED: Readonly<Record<string, readonly Buffer[]>> = {
  "a request before the greeting": [frame(KIND.place, 1, NOTHING)],
  "a greeting of another program": [frame(KIND.hello, 0, Buffer.from("GET / HTTP/1.1"))],
  "a request for HTTP": [Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n")],
  "a frame that announces more than any has": [HELLO, Buffer.from([0xff, 0xff, 0xff, 0xff, KIND.append, 0, 0, 0, 1])],
  "a frame of an unknown kind": [HELLO, frame(99, 1, NOTHING)],
  "a second greeting": [HELLO, HELLO],
  "a frame that only a writer sends": [HELLO, frame(KIND.moved, 0, NOTHING)],
  "a page that is no JSON": [HELLO, frame(KIND.entries, 1, Buffer.from("{"))],
  "a page without a prefix": [HELLO, frame(KIND.entries, 1, Buffer.from('{"limit":1}'))],
  "a page that is null": [HELLO, frame(KIND.entries, 1, Buffer.from("null"))],
  "a key that is no pair": [HELLO, frame(KIND.findKey, 1, Buffer.from('["a"]'))],
};

describe("the writer's side of the protocol", { timeout: 60_000 }, () => {
  it.each(Object.keys(MALFORMED))("closes a connection with %s, and no other", async (name) => {
    const { directory, writer } = await openWriter();
    const follower = await openLink(directory);
    const raw = new RawFollower(directory);
    for (const bytes of MALFORMED[name] ?? []) raw.socket.write(bytes);
    await expect.poll(() => raw.isClosed, SOON).toBe(true);
    expect(await follower.ask(append("x"))).toMatchObject({ first: 1 });
    expect(writer.isWriter).toBe(true);
    await follower.close();
  });

  it("tells a process of another version why it can't follow", async () => {
    const { directory } = await openWriter();
    const raw = new RawFollower(directory);
    raw.socket.write(frame(KIND.hello, 0, Buffer.from("artesian-log 999999")));
    await expect.poll(() => raw.isClosed, SOON).toBe(true);
    const [kind, number, content] = raw.frames.at(-1) as Frame;
    expect([kind, number]).toEqual([KIND.error, 0]);
    expect(decodeError(content)).toMatchObject({
      code: "journal_unavailable",
      message: expect.stringContaining("another version") as string,
    });
  });

  it("answers requests that came in pieces, each by its number, with the place before", async () => {
    const { directory } = await openWriter();
    const raw = await RawFollower.greeted(directory);
    const bytes = Buffer.concat([frame(KIND.append, 7, Buffer.from("x")), frame(KIND.place, 9, NOTHING)]);
    for (const byte of bytes) raw.socket.write(Buffer.from([byte]));
    await expect.poll(() => raw.frames.length, SOON).toBe(4);
    const places = raw.frames.filter(([kind]) => kind === KIND.moved).map(([, , content]) => decodePlace(content).tail);
    expect(places).toEqual([0, 1]);
    const moved = raw.frames.findLastIndex(([kind]) => kind === KIND.moved);
    const appended = raw.frames.findIndex(([kind]) => kind === KIND.appended);
    expect(moved).toBeLessThan(appended);
    expect(raw.frames[appended]?.[1]).toBe(7);
    expect(raw.frames.find(([kind]) => kind === KIND.result)?.[1]).toBe(9);
  });

  it("keeps one place for a follower that does not read, and it gets the newest in the end", async () => {
    const { directory, writer } = await openWriter();
    const raw = await RawFollower.greeted(directory);
    raw.socket.pause();
    const COUNT = 5000;
    for (let i = 0; i < COUNT; i += 500) await Promise.all(Array.from({ length: 500 }, () => writer.ask(append("x"))));
    raw.socket.resume();
    const last = (): number | undefined =>
      raw.frames
        .filter(([kind]) => kind === KIND.moved)
        .map(([, , content]) => decodePlace(content).tail)
        .at(-1);
    await expect.poll(last, SOON).toBe(COUNT);
    expect(raw.frames.length).toBeLessThan(COUNT / 4);
  });

  it("reads no further from a follower that does not read its answers", async () => {
    const { directory, store } = await openWriter();
    const raw = await RawFollower.greeted(directory);
    raw.socket.pause();
    const COUNT = 500;
    const { content } = entriesRequest({ prefix: `big/100000/${"x".repeat(50_000)}`, limit: 1 });
    for (let i = 0; i < COUNT; i++) raw.socket.write(frame(KIND.entries, i + 1, content));
    await expect.poll(() => store.asked, SOON).toBeGreaterThan(10);
    let before = -1;
    // All that it will ask for.
    await expect.poll(() => before === (before = store.asked), { timeout: 20_000, interval: 300 }).toBe(true);
    expect(store.asked).toBeLessThan(COUNT);
    raw.socket.resume();
    await expect.poll(() => raw.frames.filter(([kind]) => kind === KIND.result).length, SOON).toBe(COUNT);
  });

  it("closes without a follower that is suspended", async () => {
    const { directory, writer } = await openWriter();
    const raw = await RawFollower.greeted(directory);
    raw.socket.pause();
    await writer.close();
    const next = await openLink(directory);
    expect(next.isWriter).toBe(true);
    await next.close();
  });

  it("tells a follower that heard of the close too late which requests it did not carry out", async () => {
    const { directory, writer, store } = await openWriter();
    const raw = await RawFollower.greeted(directory);
    raw.socket.pause();
    const request = (number: number): Buffer => frame(KIND.append, number, Buffer.from(`request ${number}`));
    const close = store.close.bind(store);
    store.close = async () => {
      raw.socket.write(request(2));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await close();
      setTimeout(() => raw.socket.write(request(3)), 100);
    };
    raw.socket.write(request(1));
    await writer.close();
    raw.socket.resume();
    await expect.poll(() => raw.isClosed, SOON).toBe(true);
    expect(raw.frames.filter(([kind]) => kind === KIND.appended).map(([, number]) => number)).toEqual([1]);
    expect(raw.frames.at(-1)).toEqual([KIND.again, 0, NOTHING]);
    expect(FakeStore.lines(directory)).toHaveLength(1);
  });
});

describe("a follower's side of the protocol", { timeout: 60_000 }, () => {
  /** A writer that speaks the protocol by hand. */
  async function fakeWriter(directory: string, onConnection: (socket: Socket) => void): Promise<() => Promise<void>> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      onConnection(socket);
    });
    server.listen(join(directory, "writer-1"));
    await once(server, "listening");
    return async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
  }
  const place: LogPlace = { epoch: "FakeEpoc", restoredUpTo: 0, head: 1, tail: 0, bytes: 0, segment: 1, position: 0 };
  const greeting = frame(KIND.moved, 0, encodePlace(place));

  it("leaves a writer that sends nonsense, with its requests in doubt", async () => {
    const directory = temporaryDirectory("protocol");
    const answers = [
      Buffer.from("nonsense, and much of it"),
      frame(KIND.appended, 1, NOTHING),
      frame(KIND.error, 1, Buffer.from("{}")),
      frame(77, 1, NOTHING),
    ];
    let connections = 0;
    const stop = await fakeWriter(directory, (socket) => {
      socket.write(greeting);
      socket.on("data", (chunk) => {
        const answer = answers[connections];
        if (chunk.includes("request") && answer !== undefined && ++connections > 0) socket.write(answer);
      });
    });
    const link = await openLink(directory);
    for (const _ of answers) await expect(link.ask(append("request"))).rejects.toMatchObject({ code: "outcome_unknown" });
    await stop();
    expect(await link.ask(append("x"))).toMatchObject({ first: 1 });
    await link.close();
  });

  it("keeps a request that the writer did not carry out for the next writer", async () => {
    const directory = temporaryDirectory("protocol");
    const stop = await fakeWriter(directory, (socket) => {
      socket.write(greeting);
      const reader = new FrameReader((kind) => {
        if (kind === KIND.append) socket.write(frame(KIND.again, 0, NOTHING));
      });
      socket.on("data", (chunk) => reader.push(chunk));
    });
    const link = await openLink(directory);
    const first = link.ask(append("first"));
    // The second request is not sent, because the writer leaves.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const second = link.ask(append("second"));
    await stop();
    expect([await first, await second]).toMatchObject([{ first: 1 }, { first: 2 }]);
    await link.close();
  });

  it("does not open a journal whose writer is of another version", async () => {
    const directory = temporaryDirectory("protocol");
    const refusal = new HubError("journal_unavailable", "another version");
    const stop = await fakeWriter(directory, (socket) => socket.end(frame(KIND.error, 0, encodeError(refusal))));
    await expect(openLink(directory)).rejects.toMatchObject({ code: "journal_unavailable", message: "another version" });
    await stop();
  });

  it("waits for a writer that says that it opens the journal", async () => {
    const directory = temporaryDirectory("protocol");
    let isSound = false;
    const stop = await fakeWriter(directory, (socket) => {
      const timer = setInterval(() => socket.write(isSound ? greeting : frame(KIND.opening, 0, NOTHING)), 100);
      socket.on("close", () => clearInterval(timer));
    });
    const opening = openLink(directory);
    setTimeout(() => (isSound = true), 1000);
    const link = await opening;
    expect([isSound, link.isWriter]).toEqual([true, false]);
    await link.close();
    await stop();
  });

  it("refuses a writer whose journal has another epoch, or lost what was there", async () => {
    const directory = temporaryDirectory("protocol");
    let told = place;
    const stop = await fakeWriter(directory, (socket) => socket.write(frame(KIND.moved, 0, encodePlace(told))));
    await expect(openLink(directory, { epoch: "Another1" })).rejects.toMatchObject({ code: "journal_unavailable" });
    told = { ...place, tail: 5 };
    let failures = 0;
    const link = await openLink(directory, { epoch: "FakeEpoc", onFailure: () => failures++ });
    await stop();
    const lost = await fakeWriter(directory, (socket) => socket.write(frame(KIND.moved, 0, encodePlace({ ...place, tail: 4 }))));
    await expect
      .poll(() => link.failure, SOON)
      .toMatchObject({ code: "journal_unavailable", message: expect.stringContaining("gone") as string });
    await expect(link.ask(placeRequest())).rejects.toBe(link.failure);
    expect(failures).toBe(1);
    await lost();
    const back = await fakeWriter(directory, (socket) => socket.write(frame(KIND.moved, 0, encodePlace(told))));
    await expect.poll(() => link.failure, SOON).toBeUndefined();
    expect(failures).toBe(2);
    await link.close();
    await back();
  });

  it("holds no more than its bound for a writer that takes nothing", async () => {
    const directory = temporaryDirectory("protocol");
    const stop = await fakeWriter(directory, (socket) => {
      socket.write(greeting);
      socket.once("data", () => socket.pause());
    });
    const link = await openLink(directory);
    const requests = Array.from({ length: 70 }, () =>
      link.ask(appendRequest(Buffer.alloc(1024 * 1024), false)).catch((error: HubError) => error),
    );
    expect(await requests.at(-1)).toMatchObject({ code: "journal_unavailable", message: expect.stringContaining("Too many") as string });
    await stop();
    const outcomes = (await Promise.all(requests)).map((outcome) => (outcome instanceof HubError ? outcome.code : outcome.kind));
    // Those in the socket are in doubt. The others were not sent, and go to the next writer.
    expect(new Set(outcomes)).toEqual(new Set(["outcome_unknown", "appended", "journal_unavailable"]));
    await link.close();
  });
});

describe("frames and messages", () => {
  it("are the same however the bytes are split", () => {
    const frames = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.uint8Array({ maxLength: 300 })),
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(([kind, number, content]) => frame(kind, number, Buffer.from(content))));
        const found: [number, number, number[]][] = [];
        const reader = new FrameReader((kind, number, content) => found.push([kind, number, [...content]]));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = cuts[i % cuts.length] as number;
          reader.push(bytes.subarray(at, at + length));
          at += length;
        }
        expect(found).toEqual(sent.map(([kind, number, content]) => [kind, number, [...content]]));
      }),
    );
  });

  it("that are nonsense are refused as such, and as nothing else", () => {
    const decoders = [
      decodeHello,
      decodePlace,
      decodeAppended,
      decodeError,
      decodeEntriesRequest,
      decodeKeyRequest,
      decodeOffsets,
      decodeEntries,
      decodeKnown,
    ];
    const contents = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(contents, fc.constantFrom(...decoders), (content, decode) => {
        try {
          decode(Buffer.from(content));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFrame);
        }
      }),
    );
    expect(() => new FrameReader(() => undefined, 10).push(Buffer.from([0, 0, 0, 11, 0, 0, 0, 0, 0]))).toThrow(MalformedFrame);
  });

  it("come out as they went in", () => {
    const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 });
    fc.assert(
      fc.property(offset, offset, offset, offset, offset, (tail, bytes, segment, position, restoredUpTo) => {
        const one: LogPlace = { epoch: "aZ09aZ09", restoredUpTo, head: 1 + Math.floor(tail / 2), tail, bytes, segment, position };
        expect(decodePlace(encodePlace(one))).toEqual(one);
      }),
    );
    expect(decodeAppended(encodeAppended({ kind: "appended", first: 2 ** 52, count: 3 }))).toEqual({
      kind: "appended",
      first: 2 ** 52,
      count: 3,
    });
    for (const known of [
      undefined,
      { kind: "reused" },
      { kind: "repeated", offsets: [1, 2], answer: undefined },
      { kind: "repeated", offsets: [], answer: "é" },
    ]) {
      expect(decodeKnown(encodeJson(known))).toEqual(known);
    }
    for (const code of Object.keys(ERROR_CODES)) {
      const error = new HubError(code as keyof typeof ERROR_CODES, "why", { cause: new Error("secret"), retryAfterMs: 5 });
      expect(decodeError(encodeError(error))).toMatchObject({ code, message: "why", retryAfterMs: 5, cause: { message: "secret" } });
    }
    expect(decodeError(encodeError(new TypeError("bug")))).toMatchObject({ code: "internal" });
  });
});
