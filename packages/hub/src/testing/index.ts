// For authors of journals.
export type { ContractCase, JournalHarness } from "./contract-case.ts";
export { journalContract } from "./journal-contract.ts";
