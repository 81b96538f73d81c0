/** Puts the focus on a headline, and scrolls it into view. */
export function goTo(row: HTMLElement | null | undefined): void {
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}
