import { render } from "solid-js/web";
import "./style/theme.css";
import "./style/page.css";
import "./style/parts.css";
import "./style/pictures.css";
import { App } from "./app";
import { applyTheme } from "./draw/palette";
import { openSource } from "./source/source";
import { takeToken } from "./source/token";

takeToken();
applyTheme();
const source = openSource();
render(() => <App source={source} />, document.getElementById("app")!);
