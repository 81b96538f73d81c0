import type { TopicRow } from "../../server/wire.ts";

/** A part of topics' names, and the sums of all topics below it. */
export interface TopicNode {
  /** The part of the name that this node adds. */
  readonly name: string;
  /** The name from its beginning. It is a topic itself if `isTopic`. */
  readonly path: string;
  readonly isTopic: boolean;
  readonly topics: number;
  readonly updates: number;
  readonly characters: number;
  readonly updatesPerSecond: number;
  readonly charactersPerSecond: number;
  readonly lastAt: number;
  readonly children: readonly TopicNode[];
}

/** Deepest level of the tree. Deeper parts stay together. */
const DEEPEST = 8;

/** Splits a topic before each slash, and after the origin of a URL. */
export function segmentsOf(topic: string): readonly string[] {
  const origin = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i.exec(topic)?.[0] ?? "";
  const parts = topic.slice(origin.length).split(/(?=\/)/);
  const all = [...(origin === "" ? [] : [origin]), ...parts.filter(Boolean)];
  return all.length <= DEEPEST ? all : [...all.slice(0, DEEPEST - 1), all.slice(DEEPEST - 1).join("")];
}

interface Branch {
  row: TopicRow | undefined;
  readonly branches: Map<string, Branch>;
}

/** Makes the tree of topics, in the order of their names. */
export function treeOf(rows: readonly TopicRow[]): readonly TopicNode[] {
  const root: Branch = { row: undefined, branches: new Map() };
  for (const row of rows) {
    let at = root;
    for (const part of segmentsOf(row[0])) {
      let next = at.branches.get(part);
      if (next === undefined) at.branches.set(part, (next = { row: undefined, branches: new Map() }));
      at = next;
    }
    at.row = row;
  }
  return childrenOf(root, "");
}

function childrenOf({ branches }: Branch, path: string): readonly TopicNode[] {
  return [...branches].map(([name, branch]) => nodeOf(name, `${path}${name}`, branch)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function nodeOf(name: string, path: string, branch: Branch): TopicNode {
  const [only, ...others] = branch.branches;
  // A part with one child and without own updates would be a level for nothing.
  if (branch.row === undefined && only !== undefined && others.length === 0) return nodeOf(name + only[0], path + only[0], only[1]);
  const children = childrenOf(branch, path);
  const [, updates = 0, characters = 0, updatesPerSecond = 0, charactersPerSecond = 0, lastAt = 0] = branch.row ?? [];
  const sum = (of: "topics" | "updates" | "characters" | "updatesPerSecond" | "charactersPerSecond"): number =>
    children.reduce((before, child) => before + child[of], 0);
  return {
    name,
    path,
    isTopic: branch.row !== undefined,
    topics: sum("topics") + (branch.row === undefined ? 0 : 1),
    updates: updates + sum("updates"),
    characters: characters + sum("characters"),
    updatesPerSecond: updatesPerSecond + sum("updatesPerSecond"),
    charactersPerSecond: charactersPerSecond + sum("charactersPerSecond"),
    lastAt: Math.max(lastAt, ...children.map((child) => child.lastAt)),
    children,
  };
}
