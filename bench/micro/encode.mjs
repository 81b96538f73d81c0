// encode: an update becomes the bytes that all its subscribers share, and the gzip block of them.
import { gunzipSync, constants } from "node:zlib";

import { importInner } from "../lib/artesian.mjs";
import { jsonText } from "../lib/json-data.mjs";
import { verifyThat } from "../lib/measure.mjs";
import { figure } from "../lib/table.mjs";

const ID = "#abcdefgh:1z";
const PREAMBLE = ":\n";

/**
 * @param {number} bytes
 * @param {number} lines
 */
function dataOf(bytes, lines) {
  const text = jsonText().slice(0, bytes);
  const each = bytes / lines;
  return Array.from({ length: lines }, (_, line) => text.slice(line * each, (line + 1) * each - (line + 1 < lines ? 1 : 0))).join("\n");
}

/** @param {string} data */
const update = (data) => ({ topics: ["bench"], data, id: undefined, type: undefined, retry: undefined, private: false });

/**
 * The frame as the standard has it, put together in another way.
 *
 * @param {string} data
 */
const expectedFrame = (data) => [`id: ${ID}`, ...data.split("\n").map((line) => `data: ${line}`), "", ""].join("\n");

/** @type {import("../micro.mjs").Benchmark} */
export const encode = {
  name: "encode",
  title: "encode",
  unit: "ns",
  method: `An update of JSON becomes a frame, once for all its subscribers; and a frame of 1 kB its gzip block, once for all who take gzip,
after which the block is only looked up.`,
  bars: [{ what: "a gzip block that is known, to making it", of: "gzip block of 1 kB, known", to: "gzip block of 1 kB, new", most: 0.5 }],
  async prepare() {
    const { encodeFrame } = /** @type {typeof import("../../packages/hub/src/core/update/frame.ts")} */ (
      await importInner("core/update/frame")
    );
    const { Frame } = /** @type {typeof import("../../packages/hub/src/core/update/encoded-frame.ts")} */ (
      await importInner("core/update/encoded-frame")
    );
    const { Wire } = /** @type {typeof import("../../packages/hub/src/core/update/wire.ts")} */ (await importInner("core/update/wire"));
    const { gzipCompression } = /** @type {typeof import("../../packages/hub/src/http/reply/gzip.ts")} */ (
      await importInner("http/reply/gzip")
    );
    const shapes = [100, 1000].flatMap((bytes) => [1, 10].map((lines) => ({ bytes, lines, data: dataOf(bytes, lines) })));
    const frame = encodeFrame(update(dataOf(1000, 1)), ID);
    const wire = new Wire(gzipCompression(1));
    const format = /** @type {const} */ ({ encoding: "gzip", framing: "chunked" });
    const unframed = /** @type {const} */ ({ encoding: "gzip", framing: "none" });
    // The same bytes, but not the same object, so that the block is made anew.
    const again = () => Frame.ofBytes(frame.content);
    const makeBlock = () => wire.encode(again(), format);
    const findBlock = () => wire.encode(frame, format);
    return {
      cases: [
        ...shapes.map(({ bytes, lines, data }) => {
          const encoded = update(data);
          return { name: `${figure(bytes)} B in ${lines === 1 ? "a line" : `${lines} lines`}`, run: () => encodeFrame(encoded, ID) };
        }),
        { name: "gzip block of 1 kB, new", run: makeBlock },
        { name: "gzip block of 1 kB, known", run: findBlock },
      ],
      verify() {
        for (const { bytes, lines, data } of shapes) {
          verifyThat(
            data.length === bytes && data.split("\n").length === lines,
            `${data.length} bytes of data in ${data.split("\n").length} lines`,
          );
          const encoded = Buffer.from(encodeFrame(update(data), ID).content).toString();
          verifyThat(encoded === expectedFrame(data), `the frame ${JSON.stringify(encoded)}`);
        }
        verifyThat(findBlock() === findBlock() && findBlock() !== makeBlock(), "a block that is not shared, or shared by mistake");
        const stream = Buffer.concat([wire.begin(PREAMBLE, unframed), wire.encode(again(), unframed), wire.encode(frame, unframed)]);
        // The member has no end, as the stream has none.
        const inflated = gunzipSync(stream, { finishFlush: constants.Z_SYNC_FLUSH });
        verifyThat(
          inflated.equals(Buffer.concat([Buffer.from(PREAMBLE), frame.content, frame.content])),
          "a gzip stream that is something else when it is inflated",
        );
        verifyThat(findBlock().length < frame.length / 2, `a gzip block of ${findBlock().length} bytes for ${frame.length}`);
      },
    };
  },
};
