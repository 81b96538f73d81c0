// For authors of journals.
export { type ContractCase, journalContract, type JournalHarness } from "./journal-contract.ts";
