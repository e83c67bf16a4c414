// amazon-cognito-identity-js as published, which logs in by SRP: `srp.cjs STEP`.
const assert = require("node:assert");
const { createHmac } = require("node:crypto");
const { AuthenticationDetails, CognitoUser, CognitoUserPool } = require("amazon-cognito-identity-js");

const control = process.env.CONTROL;

async function call(method, path, body) {
  const headers = { "content-type": "application/json" };
  const reply = await fetch(control + path, { method, headers, body: body && JSON.stringify(body) });
  return reply.json();
}

let vendor;
let stage;

function account(username) {
  const { user_pool_id, client_id } = vendor.credentials;
  const pool = new CognitoUserPool({ UserPoolId: user_pool_id, ClientId: client_id, endpoint: vendor.urls.cognito });
  return new CognitoUser({ Username: username, Pool: pool });
}

// What a login leads to: `[callback, its arguments]`.
function login(user, username, password) {
  return outcome((callbacks) =>
    user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), callbacks));
}

function outcome(start) {
  return new Promise((done) => {
    const names = ["onSuccess", "onFailure", "newPasswordRequired", "totpRequired", "mfaRequired"];
    start(Object.fromEntries(names.map((name) => [name, (...given) => done([name, ...given])])));
  });
}

function user(test) {
  return vendor.principals.users.find(test);
}

async function signedIn(username, password) {
  const one = account(username);
  const [name, session] = await login(one, username, password);
  assert.equal(name, "onSuccess", session && session.message);
  assert.ok(session.getAccessToken().getJwtToken() && session.getRefreshToken().getToken());
  return [one, session];
}

async function refused(username, password, code) {
  const [name, fault] = await login(account(username), username, password);
  assert.deepEqual([name, fault.code], ["onFailure", code]);
}

// RFC 6238 with RFC 4226.
function totp(secret, seconds) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
  const mac = createHmac("sha1", key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
}

const steps = {
  async sign_in() {
    const { username, password } = vendor.credentials;
    const [one, session] = await signedIn(username, password);
    await signedIn(user(() => true).email, password);
    await refused(username, "Wrong-1x", "NotAuthorizedException");
    await refused("nobody", "Wrong-1x", "NotAuthorizedException");
    const renewed = await new Promise((done, fail) =>
      one.refreshSession(session.getRefreshToken(), (fault, next) => (fault ? fail(fault) : done(next))));
    assert.notEqual(renewed.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
  },

  async states() {
    for (const [state, code] of [
      ["disabled", "NotAuthorizedException"],
      ["unconfirmed", "UserNotConfirmedException"],
      ["reset_required", "PasswordResetRequiredException"],
    ]) {
      const one = user((one) => one.state === state);
      await refused(one.username, one.password, code);
    }
  },

  async temporary_password() {
    const { username, password } = user((one) => one.state === "temporary");
    await refused(username, "Wrong-1x", "NotAuthorizedException");
    const answer = async (attributes) => {
      const one = account(username);
      const [name, given] = await login(one, username, password);
      assert.equal(name, "newPasswordRequired");
      return outcome((callbacks) => one.completeNewPasswordChallenge("Chosen-1-password", { ...given, ...attributes }, callbacks));
    };
    // What the challenge named is sent back, as the library's own example did for years.
    const [name, fault] = await answer({});
    assert.deepEqual([name, fault.message], ["onFailure", "Cannot modify an already provided email"]);
    const frozen = await answer({ email_verified: "true" });
    assert.equal(frozen[0], "onFailure");
    const one = account(username);
    await login(one, username, password);
    const [last, session] = await outcome((callbacks) =>
      one.completeNewPasswordChallenge("Chosen-1-password", { name: "Ann" }, callbacks));
    assert.equal(last, "onSuccess", session.message);
    assert.equal(session.getIdToken().payload.name, "Ann");
    await signedIn(username, "Chosen-1-password");
  },

  async totp() {
    const { username, password, totp_secret } = user((one) => one.totp_secret);
    const one = account(username);
    const [name] = await login(one, username, password);
    assert.equal(name, "totpRequired");
    const { clock } = await call("GET", `/stages/${stage}`);
    const now = Date.parse(clock.now) / 1000;
    const answer = (code) => outcome((callbacks) => one.sendMFACode(code, callbacks, "SOFTWARE_TOKEN_MFA"));
    const [wrong, fault] = await answer("000000");
    assert.deepEqual([wrong, fault.code], ["onFailure", "CodeMismatchException"]);
    const [right, session] = await answer(totp(totp_secret, now));
    assert.equal(right, "onSuccess", session.message);
  },
};

(async () => {
  const document = await call("POST", "/stages", { listen: true });
  stage = document.name;
  vendor = document.vendors.scribe;
  await steps[process.argv[2]]();
})().catch((fault) => {
  console.error(fault);
  process.exit(1);
});
