import type { UpdateInput } from "artesian";
import type { UpdateInput as ClientUpdateInput } from "artesian-client";
import { expectTypeOf, test } from "vitest";

test("the client and the hub mean the same by an update", () => {
  // Checked by `npm run types`.
  expectTypeOf<ClientUpdateInput>().toEqualTypeOf<UpdateInput>();
});
