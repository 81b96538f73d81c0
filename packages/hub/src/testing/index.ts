// For tests of applications.
export { createTestHub, type PublishedUpdate, type TestHub, type Wanted } from "./test-hub.ts";
// For authors of journals.
export type { ContractCase, JournalHarness } from "./contract-case.ts";
export { journalContract } from "./journal-contract.ts";
