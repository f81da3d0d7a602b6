// What the browser tests have in common: a browser that knows no other host, and pages
// whose every error and every request is noticed.
//
// Nothing here sleeps: each wait is for something that the page shows, with a limit that
// only a hang can reach.

"use strict";

const assert = require("node:assert/strict");
const readline = require("node:readline");
const { chromium } = require("playwright-core");

const HANG = 25_000;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
];

/** Runs one test; `url` is the page's, from the command line. */
async function test(body) {
  const url = process.argv[2];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  try {
    await body({ browser, url });
    console.log("all is well");
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await browser.close();
    lines.close();
  }
}

/** A window; what is wrong with any of its pages is collected in `wrong`. */
async function open(browser, url, options = {}) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(HANG);
  const wrong = [];
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) wrong.push(message.text());
  });
  context.on("weberror", (error) => wrong.push(`${error.error()}`));
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) wrong.push(request.url());
  });
  const page = await context.newPage();
  await visit(page, url);
  return { context, page, wrong };
}

/** Opens the page, and waits until its scripts have begun. */
async function visit(page, url) {
  await page.goto(url);
  await page.locator(".state:visible", { hasText: /stopped|not in the room/ }).first().waitFor();
}

/** A way's panel. */
function panel(page, name) {
  const root = page.locator(`[data-way=${name}]`);
  return {
    root,
    switch: root.locator(".switch"),
    state: root.locator(".state"),
    news: root.locator(".news li"),
    rows: root.locator(".ladder li"),
    last: root.locator(".last"),
    count: (what) => root.locator(`[data-count=${what}]`),
  };
}

const WAYS = ["short", "long", "stream", "socket"];

async function post(page, text) {
  const field = page.getByLabel("News", { exact: true }).first();
  await field.fill(text);
  await field.press("Enter");
}

/** Waits until a locator's text is what we want. */
async function shows(locator, text) {
  await locator.filter({ hasText: text }).first().waitFor();
}

const lines = readline.createInterface({ input: process.stdin });
const answers = lines[Symbol.asyncIterator]();

/** Asks whoever runs this test to do something, and waits until it is done. */
async function please(what) {
  console.log(what);
  await answers.next();
}

module.exports = { HANG, WAYS, assert, open, panel, please, post, shows, test, visit };
