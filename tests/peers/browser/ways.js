// A piece of news is heard in four ways, and the ladders tell how.

"use strict";

const { WAYS, assert, open, panel, post, shows, test } = require("./common.js");

const STRANGE = "<img src=x onerror=\"document.title='hacked'\"> & <b>bold</b>";

test(async ({ browser, url }) => {
  const { page, wrong } = await open(browser, url);
  const panels = Object.fromEntries(WAYS.map((name) => [name, panel(page, name)]));
  await page.getByLabel("every").selectOption("15");
  await page.getByRole("button", { name: "Start all" }).click();
  await shows(panels.short.rows, "0 pieces");
  // Requests of nobody's, over connections that the ways use, too.
  for (let n = 0; n < 4; n += 1) await page.evaluate(() => fetch("news").then((it) => it.text()));
  await page.getByLabel("every").selectOption("0.5"); // It holds at once.

  await page.getByLabel("News", { exact: true }).first().fill("tea at five");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await shows(page.locator("output"), "Posted as number 1.");
  for (const [name, { news, last, rows }] of Object.entries(panels)) {
    await shows(news, "tea at five");
    await shows(last, /^\d+(\.\d+)? m?s$/);
    // Both ends of the arrow that carried it, and in words for whoever cannot see it.
    await shows(rows, /send \d+ B/);
    await shows(rows.locator(".spoken"), /to this page\. The server: send \d+ B\. This page: /);
    const told = (await rows.locator(".spoken").allTextContents()).join("\n");
    const asked = new RegExp(`GET /news\\S*from=\\S+, to the server\\. This page: .*recv \\d+ B`);
    assert.match(told, asked, name);
    assert.doesNotMatch(told, /GET .*× recv/, `${name}: bytes of other requests`);
  }
  await shows(panels.long.rows, "parked: this request waits for news");
  await shows(panels.socket.rows, "101");
  assert.equal(await panels.stream.count("requests").textContent(), "1");
  assert.equal(await panels.socket.count("news").textContent(), "1");
  await shows(panels.short.count("answers"), /^[3-9]|\d\d/);

  // Over the WebSocket the page can speak, too.
  await panels.socket.root.getByLabel("News to post over the WebSocket").fill("from a frame");
  await panels.socket.root.getByRole("button", { name: "Send over it" }).click();
  for (const { news } of Object.values(panels)) await shows(news, "from a frame");
  await shows(panels.socket.rows.locator(".spoken"), /^from a frame, to the server.*recv/);
  await shows(panels.socket.last, /^\d+(\.\d+)? m?s$/);

  // What strangers write stays text.
  await post(page, STRANGE);
  for (const { news } of Object.values(panels)) await shows(news.locator(".text"), STRANGE);
  assert.equal(await page.locator(".panels img, .panels b").count(), 0);
  assert.notEqual(await page.title(), "hacked");

  // A ladder is bounded.
  for (let n = 0; n < 32; n += 1) await post(page, `number ${n}`);
  for (const { news, rows } of Object.values(panels)) {
    await shows(news, "number 31");
    assert.equal(await news.count(), 3);
    assert.ok((await rows.count()) <= 30);
  }

  await hidden(page, panels);
  await stops(page, panels);
  assert.deepEqual(wrong, []);
  await refused(page, panels.stream); // From here on the browser tells of errors.
});

/** A tab that nobody sees gives its connections back, and goes on when it is seen. */
async function hidden(page, panels) {
  const turn = (state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await turn("hidden");
  for (const { state } of Object.values(panels)) await shows(state, "paused while this tab");
  await turn("visible");
  await post(page, "seen again");
  for (const { news } of Object.values(panels)) await shows(news, "seen again");
}

async function stops(page, panels) {
  await page.getByRole("button", { name: "Stop all" }).click();
  for (const { state } of Object.values(panels)) await shows(state, "stopped");
  await shows(panels.long.rows, "fetch is given up");
  await shows(panels.socket.rows, "closed, code 1000");
  const before = await panels.short.count("requests").textContent();
  await post(page, "nobody listens");
  await shows(page.locator("output"), /Posted as number/);
  assert.equal(await panels.short.count("requests").textContent(), before);
  for (const { news } of Object.values(panels)) {
    assert.equal(await news.filter({ hasText: "nobody listens" }).count(), 0);
  }
}

/** Each attempt has an EventSource of its own, and only the last one is closed by Stop. */
async function refused(page, stream) {
  await page.route("**/news/stream*", (route) => route.fulfill({ status: 503 }));
  await stream.switch.click();
  await shows(stream.state, "next attempt in 1 s"); // The second one has failed, too.
  await stream.switch.click();
  await shows(stream.state, "stopped");
  const rows = await stream.rows.locator(".spoken").allTextContents();
  const latest = rows.slice(rows.findLastIndex((row) => row.startsWith("GET ")));
  assert.equal(latest.filter((row) => row.includes("EventSource closed")).length, 1);
}
