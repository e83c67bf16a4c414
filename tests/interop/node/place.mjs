// What every step in JavaScript needs: a stage of its own, a browser's part of a login, a refusal.
import assert from "node:assert";

const control = process.env.CONTROL;

/** A call of the control API; its answer is JSON. */
export async function call(method, path, body) {
    const reply = await fetch(control + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
    return reply.json();
}

/** A fresh stage with ports of its own; `settings` by their full names. */
export async function stage(settings = {}) {
    return call("POST", "/stages", { listen: true, settings });
}

/** Lets time pass on a stage. */
export async function pass(stage, seconds) {
    await call("POST", `/stages/${stage.name}/clock`, { advance_s: seconds });
}

/** The realm as an OpenID provider whose issuer is where it answers. */
export async function provider() {
    const made = await stage({ "corti.iss": "{base}/realms/{tenant}" });
    const { urls, credentials, principals } = made.vendors.corti;
    const user = principals.realms[0].users[0];
    return { stage: made, urls, credentials, user, redirect: principals.realms[0].clients[0].redirect_uris[0] };
}

/** Logs in at an authorization URL as a browser does: the form, its cookies, the redirect that ends it. */
export async function login(url, { username, password }) {
    const page = await fetch(url, { redirect: "manual" });
    assert.strictEqual(page.status, 200, `the login page: ${page.status}`);
    const cookie = page.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    const action = /<form[^>]*action="([^"]+)"/.exec(await page.text())[1].replaceAll("&amp;", "&");
    const reply = await fetch(new URL(action, url), {
        method: "POST",
        redirect: "manual",
        headers: { cookie },
        body: new URLSearchParams({ username, password }),
    });
    assert.strictEqual(reply.status, 302, `the login: ${reply.status}`);
    return new URL(reply.headers.get("location"));
}

/** Runs the step that the command line names, and ends the process by its outcome. */
export function run(steps) {
    const step = steps[process.argv[2]];
    Promise.resolve()
        .then(step)
        .then(
            () => process.exit(0),
            (error) => {
                console.error(error);
                process.exit(1);
            },
        );
}
