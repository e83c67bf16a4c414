// Calls of the control API. Whatever goes wrong is a `Failure` in words, never another exception.

const BASE = new URL("_locum/", document.baseURI);
const TOKEN = "locum control token";
const TIMEOUT_MS = 15_000;

/** A call that failed: what happened, and what to do about it. */
export class Failure extends Error {
  constructor(message, hint = "", status = 0) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

/** The tab's storage, or the memory of the page where a browser has none for it. */
const storage = (() => {
  try {
    sessionStorage.getItem(TOKEN);
    return sessionStorage;
  } catch {
    const kept = new Map();
    return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
  }
})();

export const hasToken = () => storage.getItem(TOKEN) !== null;

/** Keeps the control API's token for this tab; returns what is wrong with it, else nothing. */
export function setToken(text) {
  const token = text.trim();
  if (token === "") return "the token is empty";
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return "a token has letters, digits and signs of ASCII only: copy it again from CONTROL-TOKEN, which `locum serve` printed";
  }
  storage.setItem(TOKEN, token);
  return "";
}

export const dropToken = () => storage.removeItem(TOKEN);

/** The path of `rest` below a stage. */
export const below = (stage, rest) => `stages/${encodeURIComponent(stage)}${rest}`;

/** Sends a request and returns its response, whose status is one of success. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  const all = { ...headers };
  const token = storage.getItem(TOKEN);
  if (token !== null) all.Authorization = `Bearer ${token}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(new URL(path, BASE), {
      method, headers: all, signal, cache: "no-store", credentials: "omit", redirect: "error",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw worded(error, signal);
  }
  if (response.ok) return response;
  throw await refused(response);
}

function worded(error, signal) {
  if (error instanceof Failure) return error;
  if (signal?.aborted) {
    return signal.reason instanceof Failure ? signal.reason : new Failure("the call was given up");
  }
  return new Failure("the server does not answer", "is `locum serve` still running?");
}

async function refused(response) {
  let told = {};
  try {
    told = await response.json();
  } catch {
    // A proxy's page says nothing that could be shown.
  }
  const message = typeof told?.error === "string" ? told.error : `the server answered ${response.status}`;
  return new Failure(message, typeof told?.hint === "string" ? told.hint : "", response.status);
}

/** Runs `work` with a signal that gives up after so many milliseconds. */
export async function within(milliseconds, work) {
  const control = new AbortController();
  const late = new Failure(`the server did not answer within ${milliseconds / 1000} s`, "it may be busy, or stopped: the page goes on trying");
  const timer = setTimeout(() => control.abort(late), milliseconds);
  try {
    return await work(control.signal);
  } catch (error) {
    throw worded(error, control.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function answer(method, path, body, read, timeout = TIMEOUT_MS) {
  return within(timeout, async (signal) => {
    const response = await send(method, path, { body, signal });
    try {
      return await read(response);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Failure("the answer of the server broke off or cannot be read", "is something else than `locum serve` at this address?");
    }
  });
}

/** A call that answers JSON. */
export const call = (method, path, body, timeout) => answer(method, path, body, (response) => response.json(), timeout);

/** A call that answers text. */
export const text = (path) => answer("GET", path, undefined, (response) => response.text());
