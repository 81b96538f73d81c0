import { gunzipSync, constants } from "node:zlib";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Frame } from "../../../packages/hub/src/core/update/encoded-frame.ts";
import { GZIP_HEADER } from "../../../packages/hub/src/core/update/gzip-blocks.ts";
import { Wire } from "../../../packages/hub/src/core/update/wire.ts";
import { gzipCompression } from "../../../packages/hub/src/http/reply/gzip.ts";

const text = fc.oneof(
  fc.string({ unit: fc.oneof(fc.string(), fc.constantFrom("é", "日", "😀", "\ud800", "\0", "\n")) }),
  fc.nat(70_000).map((length) => "x".repeat(length)),
);
const bytesOf = (one: string): Buffer => Buffer.from(one.toWellFormed());

/** The content of chunks, by another reading than the hub's writing. */
function unchunked(bytes: Uint8Array): Buffer {
  let rest = Buffer.from(bytes);
  const parts: Buffer[] = [];
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n");
    const length = Number(`0x${rest.subarray(0, end).toString("latin1")}`);
    parts.push(rest.subarray(end + 2, end + 2 + length));
    expect(rest.subarray(end + 2 + length, end + 4 + length).toString()).toBe("\r\n");
    rest = rest.subarray(end + 4 + length);
  }
  return Buffer.concat(parts);
}

describe("a frame", () => {
  test.prop([text, fc.array(text, { maxLength: 3 })], { seed: Number(process.env["SEED"] ?? 2026) })(
    "has the same bytes in every form, alone and joined",
    (one, others) => {
      const frame = Frame.ofText(one);
      expect(bytesOf(one).equals(frame.content)).toBe(true);
      expect(frame.length).toBe(frame.content.length);
      expect(unchunked(frame.chunk).equals(frame.content)).toBe(true);
      expect(bytesOf(one).equals(Frame.ofBytes(frame.content.subarray(0, 3), frame.content.subarray(3)).content)).toBe(true);

      const wire = new Wire(gzipCompression(1));
      const frames = [frame, ...others.map((other) => Frame.ofText(other))];
      const wanted = Buffer.concat(frames.map(({ content }) => content));
      for (const encoding of ["identity", "gzip"] as const) {
        const plain = Buffer.from(wire.join(frames, { encoding, framing: "none" }));
        const chunked = unchunked(wire.join(frames, { encoding, framing: "chunked" }));
        expect(plain.equals(chunked)).toBe(true);
        const content =
          encoding === "identity" ? plain : gunzipSync(Buffer.concat([GZIP_HEADER, plain]), { finishFlush: constants.Z_SYNC_FLUSH });
        expect(content.equals(wanted)).toBe(true);
      }
      // Made once for all subscribers.
      for (const encoding of ["identity", "gzip"] as const) {
        for (const framing of ["none", "chunked"] as const) {
          expect(wire.encode(frame, { encoding, framing })).toBe(wire.encode(frame, { encoding, framing }));
        }
      }
    },
  );
});
