import { testEveryPage } from "./matrix.ts";

testEveryPage("en-US", "light");
