// The server goes, and comes back on the same port: the page says so, and goes on.

"use strict";

const { WAYS, assert, open, panel, please, post, shows, test } = require("./common.js");

test(async ({ browser, url }) => {
  const { page } = await open(browser, url);
  const gone = page.getByText("The server does not answer. This page goes on");
  await page.getByLabel("every").selectOption("0.5");
  await page.getByRole("button", { name: "Start all" }).click();
  for (const text of ["one", "two"]) {
    await post(page, text);
    for (const way of WAYS) await shows(panel(page, way).news, text);
  }
  await page.getByRole("link", { name: "Chat" }).click();
  await page.getByLabel("Your name").fill("ann");
  await page.getByRole("button", { name: "Join" }).click();
  await shows(page.locator(".lines .answer"), "you are ann");
  await page.getByRole("link", { name: "News" }).click();
  assert.equal(await gone.isVisible(), false);

  await shows(page.locator("[data-way=long] .now"), /server, connection \d+: parked/);

  await please("stop the server");
  await gone.waitFor();
  assert.equal((await page.locator(".now").allTextContents()).join(""), "");
  for (const way of WAYS) await shows(panel(page, way).state, /no answer|no connection/);
  const over = panel(page, "socket").root.getByLabel("News to post over the WebSocket");
  await over.fill("over the socket");
  await over.press("Enter");
  assert.equal(await over.inputValue(), "over the socket", "nothing takes it");
  await post(page, "into nothing");
  await shows(page.locator("output"), "Not posted: the server does not answer");

  await please("start the server");
  await gone.waitFor({ state: "hidden" });
  await post(page, "after all"); // It is number 1 again.
  await shows(page.locator("output"), "Posted as number 1.");
  for (const way of WAYS) {
    await shows(panel(page, way).news, /^1after all\d/);
    await shows(panel(page, way).rows, /after all|1 piece/);
  }
  // The new server's calls are told, too.
  await shows(panel(page, "long").rows.last(), "parked");
  await page.getByRole("link", { name: "Chat" }).click();
  await page.waitForFunction(() => {
    const lines = Array.from(document.querySelectorAll(".lines .answer .shown"));
    return lines.filter((line) => line.textContent === "you are ann").length === 2;
  });

  await please("stop the server");
  await gone.waitFor();
  await please("start a quiet server");
  await page.getByText("This server was started with --quiet").waitFor();
  await page.getByRole("link", { name: "News" }).click();
  // A number that this page knows already may be from before, so it takes two.
  for (const text of ["quietly", "and again"]) await post(page, text);
  for (const way of WAYS) await shows(panel(page, way).news, "and again");

  // What could not be sent then leaves now: that is when its delay begins.
  const pressed = Date.now();
  await over.press("Enter");
  const { news, last } = panel(page, "socket");
  await shows(news, "over the socket");
  const elapsed = Date.now() - pressed;
  const [, number, unit] = /^([\d.]+) (m?s)$/.exec(await last.textContent());
  const delay = Number(number) * (unit === "s" ? 1000 : 1);
  assert.ok(delay <= elapsed + 10, `${delay} of ${elapsed} ms`);
});
