// Everything can be reached and done without a mouse, and links lead back.

"use strict";

const { assert, open, panel, shows, test } = require("./common.js");

/** What has the focus, in a word or two; and whether one can see that it has. */
const FOCUSED = () => {
  const at = document.activeElement;
  if (at === document.body) return { name: "", seen: true };
  const name = at.ariaLabel ?? at.labels?.[0]?.textContent ?? at.textContent;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return { name: name.trim().replace(/\s+/g, " ").slice(0, 30), seen };
};

test(async ({ browser, url }) => {
  const { page, wrong } = await open(browser, url);
  const key = (name) => page.keyboard.press(name);

  const walk = [];
  for (let steps = 0; steps < 40; steps += 1) {
    await key("Tab");
    const { name, seen } = await page.evaluate(FOCUSED);
    if (!name || name === walk[0]) break; // Out of the page at its end: no trap.
    assert.ok(seen, `the focus on ${name} is not visible`);
    walk.push(name);
  }
  assert.deepEqual(walk, [
    "Skip to the content",
    ...["sockdemo", "News", "AJAX", "Chat", "Lessons"],
    ...["News", "Post", "Start all", "Stop all"],
    ...["Start short polling", "every 0.5 s 1 s 2 s 5 s 15 s", "Calls: Short polling"],
    ...["Start long polling", "Calls: Long polling"],
    ...["Start server-sent events", "Calls: Server-sent events"],
    ...["Start WebSocket", "Calls: WebSocket", "News to post over the WebSocket"],
  ].map((name) => name.slice(0, 30)));

  // The skip link leads past the links; a way is started and a piece of news posted.
  await page.reload();
  await shows(panel(page, "stream").state, "stopped");
  await key("Tab");
  await key("Enter");
  await key("Tab");
  assert.equal((await page.evaluate(FOCUSED)).name, "News");
  await page.keyboard.type("by hand");
  await key("Enter");
  await shows(page.locator("output"), "Posted as number 1.");
  await panel(page, "stream").switch.focus();
  await key("Space");
  await shows(panel(page, "stream").news, "by hand");

  // A lesson, the next one by the link at its end, and back.
  await page.getByRole("link", { name: "Lessons" }).focus();
  await key("Enter");
  await page.getByRole("link", { name: "Bytes, not messages" }).focus();
  await key("Enter");
  await page.getByRole("heading", { name: "5. Bytes, not messages" }).waitFor();
  await page.waitForFunction(() => document.activeElement.textContent.startsWith("5. "));
  await page.waitForFunction(() => document.title.startsWith("5. Bytes"));
  await page.locator("#lesson-text").getByRole("link", { name: "Framing" }).focus();
  await key("Enter");
  await page.getByRole("heading", { name: "6. Framing" }).waitFor();
  assert.equal(await page.locator("#lesson-text a:not([href^='#'])").count(), 0);
  await page.goBack();
  await page.getByRole("heading", { name: "5. Bytes, not messages" }).waitFor();
  await late(page);
  await page.goBack();
  await page.getByText("Choose a lesson from the list.").waitFor();
  await page.goBack();
  await shows(panel(page, "stream").news, "by hand"); // The way has gone on meanwhile.

  // A form without a script loads the page anew.
  await page.getByRole("link", { name: "AJAX" }).click();
  await page.locator("#scripted").fill("by a script");
  await key("Enter");
  await shows(page.locator("output:visible"), "Posted as number 2.");
  await shows(page.locator("#post-ladder li"), "201 Created");
  await page.locator("#plain").fill("by a form");
  await key("Enter");
  await shows(panel(page, "stream").state, "stopped");
  await panel(page, "stream").switch.click();
  await shows(panel(page, "stream").news, "by a form");
  assert.deepEqual(wrong, []);
});

/** An answer that comes late does not take the place of a newer one. */
async function late(page) {
  let goOn;
  const held = new Promise((done) => (goOn = done));
  await page.route("**/lessons/01", async (route) => {
    await held;
    await route.continue();
  });
  const asked = page.waitForRequest("**/lessons/01");
  await page.evaluate(() => location.replace("#lesson-01"));
  await asked;
  await page.evaluate(() => location.replace("#lesson-02"));
  await page.getByRole("heading", { name: /^2\./ }).waitFor();
  const answered = page.waitForEvent("requestfinished");
  goOn();
  await answered;
  await page.evaluate(() => fetch("lessons/03")); // Answers in the order in which they came.
  assert.match(await page.locator("#lesson-text h1").textContent(), /^2\./);
  assert.match(await page.title(), /^2\./);
}
