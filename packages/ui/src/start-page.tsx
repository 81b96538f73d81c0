import { Component, render, type ComponentChildren, type VNode } from "preact";
import { tellFailure, watchStart } from "./no-start.ts";

/** Shows nothing of a page whose code has thrown: the rest would look alive. */
class WholeOrNothing extends Component<{ readonly children: ComponentChildren }, { readonly failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(error: unknown): void {
    tellFailure();
    // The browser's console tells developers.
    reportError(error);
  }

  override render(): ComponentChildren {
    return this.state.failed ? null : this.props.children;
  }
}

/** Puts a page on the screen. When its code throws, the reader is told instead: see no-start.html. */
export function startPage(page: VNode): void {
  const root = document.getElementById("app");
  if (root === null) throw new TypeError("The page has no element #app.");
  render(<WholeOrNothing>{page}</WholeOrNothing>, root);
  watchStart.end();
}
