/** Puts the focus on a headline, and scrolls there. */
export function goTo(row: HTMLElement | null | undefined): void {
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}
