// The group of Pattern's pages: what a peer puts behind its own guard.
const http = require("node:http");

const environment = process.env;
const clients = ["", "SECOND_", "BARRED_"]
  .filter((name) => environment[`LOCUM_${name}CLIENT_ID`])
  .map((name) => ({ id: environment[`LOCUM_${name}CLIENT_ID`], secret: environment[`LOCUM_${name}CLIENT_SECRET`], barred: name === "BARRED_" }));

// Serves the group's calls behind `guard`; groups.py answers them, for all peers alike.
function serveGroup(app, guard) {
  const answered = (request, response) => {
    const options = { method: request.method, headers: { host: request.headers.host } };
    const asked = http.request(environment.PEER_GROUPS + request.originalUrl, options, (reply) => {
      response.status(reply.statusCode).type("json").set("Content-Length", reply.headers["content-length"]);
      reply.pipe(response);
    });
    asked.on("error", () => response.status(502).end());
    asked.end();
  };
  app.get("/api/v1/groups/:group/:kind", guard, answered);
  app.post("/api/v1/groups/:group/:kind", guard, answered);
  app.get("/api/v1/groups/:group/:kind/:id", guard, answered);
}

module.exports = { clients, serveGroup };
