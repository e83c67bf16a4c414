// The lists of a group in the shape of Pattern's paging page: what a peer puts behind its own guard.
const environment = process.env;
const clients = ["", "SECOND_", "BARRED_"]
  .filter((name) => environment[`LOCUM_${name}CLIENT_ID`])
  .map((name) => ({ id: environment[`LOCUM_${name}CLIENT_ID`], secret: environment[`LOCUM_${name}CLIENT_SECRET`], barred: name === "BARRED_" }));
const sortedBy = { members: ["NAME", "LAST_NAME", "FIRST_NAME", "GENDER"], tasks: ["NAME"], measurements: ["NAME", "START"] };
const entries = [1, 2, 3, 4, 5, 6, 7].map((number) => ({ href: `/api/v1/groups/${environment.LOCUM_GROUP_ID}/members/${number}`, title: `Member ${number}` }));

// An Express handler of GET /api/v1/groups/:group/:kind.
function listed(request, response) {
  const { group, kind } = request.params;
  const { limit = "200", offset = "0", sortBy = "NAME", sortDirection = "ASC" } = request.query;
  const refused = (message) => response.status(422).json({ message });
  if (group !== environment.LOCUM_GROUP_ID || !sortedBy[kind]) return response.status(404).json({ message: "there is no such group or list" });
  if (!/^-?\d+$/.test(limit) || !/^-?\d+$/.test(offset)) return refused("limit and offset are whole numbers");
  if (Number(limit) < 1 || Number(offset) < 0) return refused("limit begins at 1 and offset at 0");
  if (!sortedBy[kind].includes(sortBy)) return refused("sortBy names no column of this list");
  if (!["ASC", "DESC"].includes(sortDirection)) return refused("sortDirection is ASC or DESC");
  const size = Math.min(Number(limit), 200);
  const first = Number(offset);
  const body = { totalCount: entries.length, limit: size, offset: first, results: entries.slice(first, first + size) };
  const page = (offset) => `http://${request.headers.host}${request.path}?${new URLSearchParams({ ...request.query, offset, limit: size })}`;
  if (first + size < entries.length) body.nextPage = page(first + size);
  if (first > 0) body.previousPage = page(Math.max(0, first - size));
  return response.json(body);
}

module.exports = { clients, listed };
