import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { encodeMetrics } from "../../../packages/hub/src/http/routes/prometheus.ts";
import { parsePrometheus } from "../../support/prometheus.ts";

describe("the text for Prometheus", () => {
  it("follows the format's description", () => {
    const text = encodeMetrics([
      { name: "a_total", type: "counter", help: "A \\ and\na line.", samples: [{ value: 12 }] },
      { name: "empty", type: "gauge", help: "Left out.", samples: [] },
      {
        name: "b",
        type: "gauge",
        help: "B.",
        samples: [
          { labels: { x: "1", y: 'a "quoted" \\ \n text' }, value: 0.5 },
          { labels: { x: "2", y: "" }, value: -1e-9 },
        ],
      },
    ]);
    expect(text).toBe(
      "# HELP a_total A \\\\ and\\na line.\n# TYPE a_total counter\na_total 12\n" +
        '# HELP b B.\n# TYPE b gauge\nb{x="1",y="a \\"quoted\\" \\\\ \\n text"} 0.5\nb{x="2",y=""} -1e-9\n',
    );
  });

  test.prop([fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.double())), fc.string({ unit: "binary", minLength: 1 })], { seed: 5 })(
    "is read as it was written, whatever it says",
    (values, help) => {
      const samples = values.map(([text, value], i) => ({ labels: { i: String(i), text }, value }));
      const scrape = parsePrometheus(encodeMetrics([{ name: "a", type: "gauge", help, samples: [{ labels: {}, value: 1 }, ...samples] }]));
      expect(scrape.helps.get("a")).toBe(help);
      expect(scrape.series.slice(1).map(({ labels }) => labels)).toEqual(samples.map(({ labels }) => labels));
      expect(scrape.series.slice(1).map(({ value }) => value)).toEqual(samples.map(({ value }) => (value === 0 ? 0 : value)));
    },
  );

  it.each([
    "a 1\n",
    "# HELP a A.\n# TYPE a gauge\na 1",
    "# HELP a A.\n# TYPE a gauge\na{} 1\n",
    "# HELP a A.\n# TYPE a gauge\na 1\na 2\n",
    "# HELP a A.\n# TYPE a counter\na 1\n",
    '# HELP a A.\n# TYPE a gauge\na{x="1"y="2"} 1\n',
    '# HELP a A.\n# TYPE a gauge\na{x="\\t"} 1\n',
    "# HELP a A.\n# TYPE a gauge\na one\n",
    "# HELP a A.\n# TYPE a gauge\n\n",
  ])("%j would be noticed", (text) => {
    expect(() => parsePrometheus(text)).toThrow();
  });
});
