// The page can be read: by axe's rules in light and dark, and on a narrow screen.
//
// The arguments: the page, the chat's own page, and light, dark or narrow.

"use strict";

const { assert, open, panel, post, shows, test } = require("./common.js");
const axe = require("axe-core");

const NARROW = { viewport: { width: 360, height: 640 } };
const VIEWS = ["#news", "#ajax", "#chat", "#lessons", "#lesson-05"];

test(async ({ browser, url }) => {
  const [chat, how] = process.argv.slice(3);
  const options = how === "narrow" ? NARROW : { colorScheme: how };
  const check = how === "narrow" ? fits : looksGood;

  const { page, wrong } = await open(browser, url, options);
  await check(page, `${how}, at first`);
  await fill(page, url);
  for (const view of VIEWS) {
    await show(page, url, view);
    await check(page, `${how} ${view}`);
  }
  assert.deepEqual(wrong, []);

  const alone = await open(browser, chat, options);
  await alone.page.getByRole("button", { name: "Join" }).click();
  await shows(alone.page.locator(".lines .event"), "welcome");
  await check(alone.page, `${how}, the chat's own page`);
  assert.deepEqual(alone.wrong, []);
});

/** Something to look at in every corner. */
async function fill(page, url) {
  await page.goto(`${url}#news`);
  await page.getByRole("button", { name: "Start all" }).click();
  await post(page, `hello ${"w".repeat(200)}`);
  for (const way of ["long", "stream", "socket"]) await shows(panel(page, way).news, "hello");
  await shows(panel(page, "long").rows, "parked");
}

async function show(page, url, view) {
  await page.goto(`${url}${view}`);
  if (view === "#chat") {
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("button", { name: "All commands" }).click();
    await shows(page.locator(".lines .answer"), "/msg");
    await page.getByLabel("Say something").fill("w".repeat(300));
    await page.keyboard.press("Enter");
    await shows(page.locator(".lines .mine"), "www");
  }
  if (view === "#lesson-05") await page.getByRole("heading", { name: /^5\./ }).waitFor();
  if (view === "#lessons") await page.getByRole("link", { name: "Framing" }).waitFor();
}

async function looksGood(page, where) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const told = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
  assert.deepEqual(told, [], where);
}

async function fits(page, where) {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(beyond <= 0, `${where} is ${beyond} px too wide`);
}
