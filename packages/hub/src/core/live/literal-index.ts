/** Longest literal that the index distinguishes. A look-up below one node takes at most that many steps. */
const LONGEST_LITERAL = 64;
/** Most literals of a value that the index distinguishes. */
const MOST_LITERALS = 8;

/**
 * Values by the literal parts of their texts, so that a text is compared only with the values whose
 * literals fit. The first literal is the start of the text. Each further one begins with a `/`, and
 * stands at the first `/` after the literal before.
 */
export class LiteralIndex<Value> {
  readonly #root = new Node<Value>();

  add(literals: readonly string[], value: Value): void {
    let node = this.#root;
    for (const literal of distinguished(literals)) node = node.childFor(literal);
    node.values.add(value);
  }

  delete(literals: readonly string[], value: Value): void {
    const path: { readonly parent: Node<Value>; readonly literal: string }[] = [];
    let node = this.#root;
    for (const literal of distinguished(literals)) {
      const child = node.children.get(literal);
      if (child === undefined) return;
      path.push({ parent: node, literal });
      node = child;
    }
    node.values.delete(value);
    for (const { parent, literal } of path.toReversed()) parent.dropIfEmpty(literal);
  }

  /** Finds the values whose literals, as far as they are distinguished, fit the text. */
  *candidates(text: string): Generator<Value, undefined> {
    // Nodes whose literals fit, and where these end. Both grow meanwhile.
    const nodes = [this.#root];
    const ends = [0];
    for (let i = 0; i < nodes.length; i++) {
      const { values, children, lengths } = nodes[i] as Node<Value>;
      yield* values;
      const start = i === 0 ? 0 : text.indexOf("/", ends[i]);
      if (start < 0) continue;
      for (let length = 0; length < lengths.length && start + length <= text.length; length++) {
        if ((lengths[length] ?? 0) === 0) continue;
        const child = children.get(text.slice(start, start + length));
        if (child === undefined) continue;
        nodes.push(child);
        ends.push(start + length);
      }
    }
  }
}

class Node<Value> {
  readonly values = new Set<Value>();
  /** By the literal that comes next. */
  readonly children = new Map<string, Node<Value>>();
  /** Number of children for each length of their literals. */
  readonly lengths: number[] = [];

  childFor(literal: string): Node<Value> {
    let child = this.children.get(literal);
    if (child === undefined) {
      child = new Node();
      this.children.set(literal, child);
      this.lengths[literal.length] = (this.lengths[literal.length] ?? 0) + 1;
    }
    return child;
  }

  dropIfEmpty(literal: string): void {
    const child = this.children.get(literal);
    if (child === undefined || child.values.size + child.children.size > 0) return;
    this.children.delete(literal);
    this.lengths[literal.length] = (this.lengths[literal.length] ?? 1) - 1;
  }
}

/** The literals up to the bounds. None follows a literal that is cut, because its end is not known. */
function distinguished(literals: readonly string[]): readonly string[] {
  const long = literals.findIndex(({ length }) => length > LONGEST_LITERAL);
  const kept = literals.slice(0, Math.min(MOST_LITERALS, long < 0 ? Infinity : long + 1));
  return kept.map((literal) => literal.slice(0, LONGEST_LITERAL));
}
