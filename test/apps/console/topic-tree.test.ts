import { describe, expect, it } from "vitest";
import { segmentsOf, type TopicNode, treeOf } from "../../../packages/hub/src/console/page/topics/tree.ts";
import type { TopicRow } from "../../../packages/hub/src/console/server/wire.ts";

const row = (topic: string, updates = 1, lastAt = 1): TopicRow => [topic, updates, updates * 10, updates / 2, updates * 5, lastAt];

/** The names of a tree, those of children in brackets. */
function names(nodes: readonly TopicNode[]): string {
  return nodes.map(({ name, children }) => (children.length === 0 ? name : `${name}(${names(children)})`)).join(" ");
}

describe("the tree of topics", () => {
  it.each([
    ["greeting", ["greeting"]],
    ["/a/b", ["/a", "/b"]],
    ["a//b/", ["a", "/", "/b", "/"]],
    ["https://example.com/a?b=/c", ["https://example.com", "/a?b=", "/c"]],
    ["urn:x:y", ["urn:x:y"]],
    ["/", ["/"]],
    ["", []],
  ])("splits %j, and keeps every character", (topic, parts) => {
    expect(segmentsOf(topic)).toEqual(parts);
    expect(segmentsOf(topic).join("")).toBe(topic);
  });

  it("is bounded in depth", () => {
    const topic = "/x".repeat(500);
    expect(segmentsOf(topic).length).toBe(8);
    expect(segmentsOf(topic).join("")).toBe(topic);
  });

  it("has a level only where names part, and the sums of what is below", () => {
    const tree = treeOf([row("/chat/lobby/a", 4, 7), row("/chat/lobby/b", 2, 9), row("/chat", 1, 3), row("z"), row("/only/one/deep")]);
    expect(names(tree)).toBe("/chat(/lobby(/a /b)) /only/one/deep z");
    expect(tree[0]).toMatchObject({
      path: "/chat",
      isTopic: true,
      topics: 3,
      updates: 7,
      characters: 70,
      updatesPerSecond: 3.5,
      charactersPerSecond: 35,
      lastAt: 9,
    });
    expect(tree[0]?.children[0]).toMatchObject({ path: "/chat/lobby", isTopic: false, topics: 2, updates: 6 });
  });
});
