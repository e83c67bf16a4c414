// Auth0's express-oauth2-jwt-bearer before an API in Corti's shape, for tokens of the realm at the address that it is told.
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";

const [port, issuerBaseURL] = process.argv.slice(2);
const app = express();
app.use("/v2", auth({ issuerBaseURL, audience: "account" }));
app.get("/v2/interactions/", (request, response) => response.json({ interactions: [] }));
// A 401 without a body, as Corti has it.
app.use((error, request, response, next) => response.status(error.status ?? 500).set(error.headers ?? {}).end());
app.listen(Number(port), "127.0.0.1");
