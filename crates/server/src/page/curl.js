// The same request once more, as a line for a shell.

/** Written by curl itself, or by the connection. */
const LEFT_OUT = new Set(["host", "content-length", "transfer-encoding", "connection", "expect"]);

/** Quoted so that a shell and a terminal obey nothing in it. */
export function quoted(text) {
  if (!/[\u0000-\u001f\u007f-\u009f]/.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = text.replace(/[\\']/g, "\\$&").replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    const bytes = new TextEncoder().encode(char);
    return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  });
  return `$'${escaped}'`;
}

/** The line for `entry`, whose target is below `base`. */
export function curl(entry, base) {
  const parts = ["curl", "--include", "--globoff", "--path-as-is"];
  if (entry.method === "HEAD") parts.push("--head");
  else parts.push("--request", /^[A-Z]+$/.test(entry.method) ? entry.method : quoted(entry.method));
  for (const [name, value] of entry.headers) {
    if (!LEFT_OUT.has(name.toLowerCase())) parts.push("--header", quoted(value === "" ? `${name};` : `${name}: ${value}`));
  }
  if (entry.body !== undefined) parts.push("--data-raw", quoted(entry.body));
  parts.push(quoted(base + entry.target));
  return parts.join(" ");
}
