// @corti/sdk as published, in each of its versions: only its environment object points it here.
const assert = require("node:assert");
const sdk = process.env.CORTI_SDK ?? "@corti/sdk";
const { CortiClient, CortiAuth } = require(sdk);
// Version 0.5 adds the path by itself, and cannot flush.
const wss = (url) => (sdk.endsWith("0.5") ? new URL(url).origin : url);

const flushes = (socket) => typeof socket.sendFlush === "function";
const assertSeen = (types, seen) => types.forEach((type) => assert.ok(seen.includes(type), `${type} in ${seen}`));

const control = process.env.CONTROL;

async function vendor() {
    const reply = await fetch(`${control}/stages`, { method: "POST", body: JSON.stringify({ listen: true }) });
    assert.strictEqual(reply.status, 201);
    return (await reply.json()).vendors.corti;
}

function options({ urls, credentials }) {
    return {
        tenantName: credentials.tenant,
        environment: { base: urls.api, wss: wss(urls.ws), login: urls.login, agents: urls.api.replace(/\/v2$/, "") },
        auth: { clientId: credentials.client_id, clientSecret: credentials.client_secret },
    };
}

const encounter = { identifier: "e1", status: "planned", type: "first_consultation" };

/** Plays a session to its end: configuration, audio, flush, end; resolves with the message types. */
function session(socket, ended) {
    return new Promise((resolve, reject) => {
        const seen = [];
        const limit = setTimeout(() => reject(new Error(`no end, seen ${seen}`)), 20000);
        const done = (error) => {
            clearTimeout(limit);
            socket.close();
            error ? reject(error) : resolve(seen);
        };
        socket.on("error", (error) => done(error));
        socket.on("message", (message) => {
            seen.push(message.type);
            if (message.type === "CONFIG_ACCEPTED") {
                for (let frame = 0; frame < 4; frame += 1) socket.sendAudio(new Uint8Array(8000));
                if (flushes(socket)) socket.sendFlush({ type: "flush" });
                else socket.sendEnd({ type: "end" });
            }
            if (message.type === "flushed") socket.sendEnd({ type: "end" });
            if (message.type === ended) done();
        });
    });
}

const steps = {
    async token() {
        const place = await vendor();
        const token = await new CortiAuth(options(place)).getToken({
            clientId: place.credentials.client_id,
            clientSecret: place.credentials.client_secret,
        });
        assert.strictEqual(token.expiresIn, 300);
        assert.ok(token.accessToken.split(".").length === 3);
        const wrong = { clientId: place.credentials.client_id, clientSecret: "wrong" };
        await assert.rejects(new CortiAuth(options(place)).getToken(wrong), (error) => error.statusCode === 401);
    },
    async interactions() {
        const client = new CortiClient(options(await vendor()));
        const made = await client.interactions.create({ encounter });
        assert.ok(made.interactionId && made.websocketUrl.includes("tenant-name="));
        const listed = [];
        for await (const item of await client.interactions.list()) listed.push(item.id);
        assert.ok(listed.includes(made.interactionId));
        assert.strictEqual((await client.interactions.get(made.interactionId)).id, made.interactionId);
    },
    async stream() {
        const client = new CortiClient(options(await vendor()));
        const { interactionId } = await client.interactions.create({ encounter });
        const socket = await client.stream.connect({ id: interactionId });
        const over = session(socket, "ENDED");
        await socket.waitForOpen();
        socket.sendConfiguration({
            type: "config",
            configuration: {
                transcription: {
                    primaryLanguage: "en",
                    isDiarization: false,
                    isMultichannel: false,
                    participants: [{ channel: 0, role: "multiple" }],
                },
                mode: { type: "facts", outputLocale: "en" },
            },
        });
        assertSeen(["CONFIG_ACCEPTED", ...(flushes(socket) ? ["flushed"] : []), "usage", "ENDED"], await over);
    },
    async transcribe() {
        const client = new CortiClient(options(await vendor()));
        const socket = await client.transcribe.connect();
        const over = session(socket, "ended");
        await socket.waitForOpen();
        socket.sendConfiguration({ type: "config", configuration: { primaryLanguage: "en" } });
        assertSeen(["CONFIG_ACCEPTED", ...(flushes(socket) ? ["flushed"] : []), "usage", "ended"], await over);
    },
};

steps[process.argv[2]]().then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
