// passes: in JavaScript
const net = require("net");

function probe(target) {
  return new Promise((resolve) => {
    const at = target.lastIndexOf(":");
    const stream = net.connect(Number(target.slice(at + 1)), target.slice(0, at));
    const done = (outcome) => { stream.destroy(); resolve(outcome); };
    stream.setTimeout(1000, () => done("timeout"));
    stream.on("connect", () => done("open"));
    stream.on("error", (error) => {
      const code = (error.errors ?? [error])[0].code;
      done({ ECONNREFUSED: "refused", ENOTFOUND: "unresolved", EAI_AGAIN: "unresolved" }[code] ?? "failed");
    });
  });
}

(async () => {
  for (const target of process.argv.slice(2)) {
    const outcome = await probe(target);
    console.log(target, outcome);
    if (outcome !== "open") process.exitCode = 1;
  }
})();
