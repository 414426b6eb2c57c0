/**
 * Child: the command `aquila link A B --out PAIRS` as its user runs it; times from the start of the process.
 */
const [a = "", b = "", out = ""] = process.argv.slice(2);
process.argv = [process.execPath, "aquila", "link", a, b, "--out", out];
await import("#client/main.ts");
const { userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(
  JSON.stringify({
    timesS: [performance.now() / 1000],
    cpuS: (userCPUTime + systemCPUTime) / 1e6,
    versions: { node: process.versions.node },
  }),
);
