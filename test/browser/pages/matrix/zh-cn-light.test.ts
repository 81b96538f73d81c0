import { testEveryPage } from "./matrix.ts";

testEveryPage("zh-CN", "light");
