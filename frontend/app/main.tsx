import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/controls.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.tsx";
import { createClient } from "./client.ts";
import { totalUnread } from "./features/chat-list/row-view.ts";
import { watchForUpdates } from "./features/update/updates.ts";
import { createApp } from "./state/app.ts";
import { applyTheme, createPreferences, tryLocalStorage } from "./state/preferences.ts";
import { createRouter } from "./state/router.ts";
import { showUnread, trackViewport } from "./window.ts";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");

const preferences = createPreferences(tryLocalStorage());
const app = createApp({ client: createClient(), router: createRouter(window), preferences });

trackViewport();
effect(() => applyTheme(preferences.theme.value, document.documentElement));
effect(() => showUnread(totalUnread(app.conversations.value ?? [])));
render(<App app={app} updates={watchForUpdates()} />, root);
