// Bodies for reading: indented, never changed otherwise.

/** JSON with line ends and spaces between its tokens: numbers, order and repeated members stay. */
export function indented(text) {
  let [out, depth, inside] = ["", 0, false];
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inside) {
      out += char;
      if (char === "\\") out += text[(at += 1)] ?? "";
      else if (char === '"') inside = false;
    } else if (char === '"') {
      inside = true;
      out += char;
    } else if ("{[".includes(char)) {
      const close = /^\s*[}\]]/.exec(text.slice(at + 1));
      if (close) {
        out += char + close[0].trim();
        at += close[0].length;
      } else {
        depth += 1;
        out += char + line();
      }
    } else if ("}]".includes(char)) {
      depth = Math.max(depth - 1, 0);
      out += line() + char;
    } else if (char === ",") out += char + line();
    else if (char === ":") out += ": ";
    else if (!/\s/.test(char)) out += char;
  }
  return out;
}

function isJson(text) {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

const header = (headers, name) => headers.find(([have]) => have.toLowerCase() === name)?.[1] ?? "";

/** A body for reading, and what it was read as; `text` where it is shown as it is. */
export function pretty(body, headers) {
  if (isJson(body)) return { kind: "JSON", text: indented(body) };
  if (header(headers, "content-type").toLowerCase().startsWith("application/x-www-form-urlencoded")) {
    const pairs = body.split("&").map((pair) => {
      const [name, ...value] = pair.split("=").map(decoded);
      return `${name} = ${value.join("=")}`;
    });
    return { kind: "form", text: pairs.join("\n") };
  }
  return { kind: "text", text: body };
}

function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
