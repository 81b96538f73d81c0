import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./not-found.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { NotFound } from "./not-found.tsx";

const { pathname } = location;
startPage(() => <NotFound path={pathname} />);
