// Two tabs of one browser share its connections, and hear each other.
//
// One of them is behind the other, where the browser draws once a second: so keys are
// pressed, for a click would wait until the button has been drawn twice.

"use strict";

const { assert, open, panel, post, shows, test, visit } = require("./common.js");

const STRANGE = "<img src=x onerror=\"document.title='hacked'\">";

test(async ({ browser, url }) => {
  const { context, page: one, wrong } = await open(browser, url);
  const two = await context.newPage();
  await visit(two, url);
  for (const page of [one, two]) {
    await panel(page, "stream").switch.press("Enter");
    await shows(panel(page, "stream").rows, "more to come");
  }
  await panel(one, "long").switch.press("Enter");
  await shows(panel(one, "long").rows, "parked");

  // Five wait now; a sixth would leave no connection to post with.
  await panel(two, "long").switch.press("Enter");
  await shows(panel(two, "long").state, "at most 6 connections");
  await post(one, "from one");
  await shows(panel(two, "stream").news, "from one");
  await shows(panel(two, "stream").news, "elsewhere");
  await post(two, "from two");
  await shows(panel(one, "stream").news, "from two");
  await shows(panel(one, "long").news, "from two");
  await panel(one, "long").switch.press("Enter");
  await panel(two, "long").switch.press("Enter");
  await shows(panel(two, "long").news, "from two");
  // The calls of the other tab are not told as ours.
  const marks = (page) =>
    page.locator(".ladder .label").evaluateAll((labels) => {
      const found = labels.map((label) => /from=(\w+)\./.exec(label.textContent)?.[1]);
      return Array.from(new Set(found.filter(Boolean)));
    });
  const [mine, theirs] = [await marks(one), await marks(two)];
  assert.equal(mine.length, 1);
  assert.equal(theirs.length, 1);
  assert.notEqual(mine[0], theirs[0]);

  await chats(one, two);
  assert.deepEqual(wrong, []);
});

async function chats(one, two) {
  const room = (page) => page.getByRole("log", { name: "What is said" });
  for (const [page, name] of [[one, "ann"], [two, "bob"]]) {
    await page.getByRole("link", { name: "Chat" }).press("Enter");
    await page.getByLabel("Your name").fill(name);
    await page.getByRole("button", { name: "Join" }).press("Enter");
    await shows(room(page).locator(".answer"), `you are ${name}`);
  }
  const say = async (page, line) => {
    await page.getByLabel("Say something").fill(line);
    await page.keyboard.press("Enter");
  };
  await say(one, "hello, bob");
  await shows(room(one).locator(".mine .shown"), "you hello, bob");
  await shows(room(two).locator(".said .shown"), "ann hello, bob");
  await say(two, STRANGE);
  await shows(room(one).locator(".said .shown"), `bob ${STRANGE}`);
  assert.equal(await room(one).locator("img").count(), 0);
  await say(two, "/msg ann psst");
  await shows(room(one).locator(".private"), "psst");
  await two.getByRole("button", { name: "Who is here?" }).press("Enter");
  await shows(room(two).locator(".answer .shown"), "in lobby: ann, bob");
  await two.getByLabel("as they were sent").press("Space");
  await room(two).getByText("<ann> hello, bob").waitFor();
  await two.getByRole("button", { name: "Leave" }).press("Enter");
  await shows(room(one).locator(".event"), "bob left");
}
