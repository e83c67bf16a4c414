// @node-oauth/oauth2-server behind Express, in the shape of Pattern's page.
const express = require("express");
const OAuth2Server = require("@node-oauth/oauth2-server");
const { clients, serveGroup } = require("./groups.cjs");

const tokens = new Map();
const server = new OAuth2Server({
  model: {
    getClient: async (id, secret) => {
      const found = clients.find((one) => one.id === id && (secret === null || one.secret === secret));
      return found && { id, grants: [found.barred ? "authorization_code" : "client_credentials"] };
    },
    getUserFromClient: async (client) => ({ id: client.id }),
    saveToken: async (token, client, user) => {
      const saved = { ...token, client, user };
      tokens.set(token.accessToken, saved);
      return saved;
    },
    getAccessToken: async (token) => tokens.get(token),
    getAuthorizationCode: async () => undefined,
    saveAuthorizationCode: async () => undefined,
    revokeAuthorizationCode: async () => false,
  },
});
const { Request, Response } = OAuth2Server;

// What @node-oauth/express-oauth-server does with an answer and with an error.
const answered = (work) => async (request, response, next) => {
  const reply = new Response(response);
  try {
    await work(new Request(request), reply);
    if (!reply.body?.access_token) return next();
    return response.set(reply.headers).status(reply.status).json(reply.body);
  } catch (error) {
    response.set(reply.headers).status(error.code ?? 500);
    if (error.name === "unauthorized_request") return response.end();
    return response.json({ error: error.name, error_description: error.message });
  }
};

const app = express();
app.use(express.urlencoded({ extended: false }), express.json());
app.post("/api/auth/token", answered((request, reply) => server.token(request, reply)));
serveGroup(app, answered((request, reply) => server.authenticate(request, reply)));
app.listen(Number(process.argv[2]), "127.0.0.1");
