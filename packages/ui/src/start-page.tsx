import { Component, render, type ComponentChildren, type ComponentType } from "preact";
import { language, loadTexts, onLanguage } from "./language.ts";
import { tellFailure, watchStart } from "./no-start.ts";

/** Shows nothing of a page whose code has thrown, because the rest would look alive. */
class WholeOrNothing extends Component<{ readonly children: ComponentChildren }, { readonly failed: boolean }> {
  override state = { failed: false };

  override componentDidCatch(error: unknown): void {
    this.setState({ failed: true });
    tellFailure();
    // The browser's console informs developers.
    reportError(error);
  }

  override render(): ComponentChildren {
    return this.state.failed ? null : this.props.children;
  }
}

/**
 * Puts a page on the screen, and draws it again in another language. If its code throws,
 * no-start.html informs the reader instead.
 *
 * @param ready - Resolves when the page has what it shows first. It must be bounded.
 */
export function startPage(Page: ComponentType, ready?: Promise<unknown>): void {
  // Each page's HTML has it.
  const root = document.getElementById("app") as HTMLElement;
  const draw = async (): Promise<void> => {
    await Promise.all([loadTexts(), ready]);
    document.documentElement.lang = language();
    render(
      <WholeOrNothing>
        <Page />
      </WholeOrNothing>,
      root,
    );
  };
  // Without the words of another language, the page stays in the one that it has.
  onLanguage(() => void draw().catch(reportError));
  draw().then(
    () => watchStart.end(),
    (error: unknown) => {
      tellFailure();
      reportError(error);
    },
  );
}
