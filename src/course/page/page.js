// The page: its views, the four panels, and what happens when nobody looks.

import { whenNumbered, post } from "./news.js";
import { Ladder } from "./ladder.js";
import { showLessons } from "./lessons.js";
import { Panel } from "./panel.js";
import { Listening } from "./server.js";
import { LongPolling, ShortPolling, Socket, Stream } from "./ways.js";

const WORDS = {
  there: "",
  gone: "The server does not answer. This page goes on when it is back.",
  quiet: "This server was started with --quiet, so it does not tell what it does: the right " +
    "side of the ladders stays empty.",
};
const ways = { short: ShortPolling, long: LongPolling, stream: Stream, socket: Socket };
const panels = Object.entries(ways).map(([name, Way]) => {
  return new Panel(document.querySelector(`[data-way=${name}]`), Way);
});
const ladder = new Ladder(document.querySelector("#post-ladder"));
const listening = new Listening([ladder, ...panels.map((panel) => panel.ladder)], (how) => {
  const banner = document.querySelector("#server");
  banner.textContent = WORDS[how];
  banner.hidden = how === "there";
});

whenNumbered((id) => panels.forEach((panel) => panel.measure(id)));
forms();
views();
watchers();
listening.start();

/** Both forms post by a script. Without one they would still work, as forms do. */
function forms() {
  for (const form of document.querySelectorAll("form[data-posts]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const field = form.elements.text;
      const text = field.value;
      if (!text.trim()) return;
      field.value = ""; // The next piece may be typed while this one is under way.
      const says = (words) => (form.querySelector("output").textContent = words);
      try {
        says(`Posted as number ${await post(text, ladder)}.`);
      } catch (error) {
        field.value ||= text;
        const why = error instanceof TypeError ? "the server does not answer" : error.message;
        says(`Not posted: ${why}`);
      }
    });
  }
  for (const what of ["start", "stop"]) {
    document.querySelector(`#${what}-all`).addEventListener("click", () => {
      for (const { way } of panels) way[what]();
    });
  }
  document.querySelector("#loaded").textContent = new Date().toLocaleTimeString();
}

/** Each view has an address of its own, so links and the back button work. */
function views() {
  addEventListener("hashchange", () => show(true));
  // The link that skips is no view, and no step to go back to.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector("main").focus();
  });
  show(false);
}

async function show(moved) {
  const hash = location.hash.slice(1);
  const lesson = /^lesson-(\d\d)$/.exec(hash)?.[1];
  const views = Array.from(document.querySelectorAll("main > section"));
  const known = views.find((view) => view.dataset.view === hash);
  const view = lesson ? views.at(-1) : (known ?? views[0]);
  for (const other of views) other.hidden = other !== view;
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.hash === `#${view.dataset.view}`) link.ariaCurrent = "page";
    else link.removeAttribute("aria-current");
  }
  const found = view === views.at(-1) && (await showLessons(lesson));
  if (location.hash.slice(1) !== hash) return; // Somebody was faster than the server.
  const title = found || view.querySelector("h1").textContent;
  document.title = `${title} · sockdemo`;
  if (!moved) return;
  scrollTo(0, 0);
  const heading = view.querySelector("#lesson-text h1") ?? view.querySelector("h1");
  heading.tabIndex = -1; // So that reading begins here, not where the link was.
  heading.focus({ preventScroll: true });
}

/** A tab that nobody sees holds nothing. */
function watchers() {
  document.addEventListener("visibilitychange", () => {
    const seen = document.visibilityState === "visible";
    if (seen) listening.start();
    else listening.stop();
    for (const { way } of panels) {
      if (seen) way.resume();
      else way.pause();
    }
  });
}
