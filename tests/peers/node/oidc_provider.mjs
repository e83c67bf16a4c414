// oidc-provider's token endpoint, and Auth0's express-oauth2-jwt-bearer before the API, in the shape of Pattern's page.
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import { Provider } from "oidc-provider";
import groups from "./groups.cjs";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const audience = "urn:peers:pattern";
const provider = new Provider(issuer, {
  routes: { token: "/api/auth/token" },
  clients: groups.clients.map(({ id, secret, barred }) => ({
    client_id: id,
    client_secret: secret,
    grant_types: [barred ? "authorization_code" : "client_credentials"],
    redirect_uris: barred ? ["https://app.example.org/"] : [],
    response_types: barred ? ["code"] : [],
  })),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    // Access tokens as JWTs, for the resource server beside it; ten minutes is the library's own lifetime.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({ scope: "", audience, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
    },
  },
});

const app = express();
groups.serveGroup(app, auth({ issuerBaseURL: issuer, audience }));
app.use(provider.callback());
app.listen(port, "127.0.0.1");
