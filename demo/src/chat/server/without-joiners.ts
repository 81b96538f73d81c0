const JOINERS = /[\u200C\u200D]/g;

/** A name as a reader compares it. Joiners only change the shapes of letters. */
export function withoutJoiners(name: string): string {
  return name.replace(JOINERS, "");
}
