"""The lists of a group in the shape of Pattern's paging page: what a peer puts behind its own guard."""

import os
from urllib.parse import urlencode

CLIENTS = {os.environ[f"LOCUM_{name}CLIENT_ID"]: os.environ[f"LOCUM_{name}CLIENT_SECRET"]
           for name in ("", "SECOND_", "BARRED_") if f"LOCUM_{name}CLIENT_ID" in os.environ}
BARRED = os.environ.get("LOCUM_BARRED_CLIENT_ID")
GROUP = os.environ.get("LOCUM_GROUP_ID")
ENTRIES = [{"href": f"/api/v1/groups/{GROUP}/members/{number}", "title": f"Member {number}"} for number in range(1, 8)]
SORTED_BY = {"members": ("NAME", "LAST_NAME", "FIRST_NAME", "GENDER"), "measurements": ("NAME", "START")}


def listed(url, group, kind, query):
    """(status, body) of GET /api/v1/groups/{group}/{kind}; `url` is the call's own, without its query."""
    if group != GROUP or kind not in ("members", "tasks", "measurements"):
        return 404, {"message": "there is no such group or list"}
    try:
        limit, offset = int(query.get("limit", 200)), int(query.get("offset", 0))
    except ValueError:
        return 422, {"message": "limit and offset are whole numbers"}
    if limit < 1 or offset < 0:
        return 422, {"message": "limit begins at 1 and offset at 0"}
    if query.get("sortBy", "NAME") not in SORTED_BY.get(kind, ("NAME",)):
        return 422, {"message": "sortBy names no column of this list"}
    if query.get("sortDirection", "ASC") not in ("ASC", "DESC"):
        return 422, {"message": "sortDirection is ASC or DESC"}
    limit = min(limit, 200)
    body = {"totalCount": len(ENTRIES), "limit": limit, "offset": offset, "results": ENTRIES[offset : offset + limit]}
    for name, other, there in (
        ("nextPage", offset + limit, offset + limit < len(ENTRIES)),
        ("previousPage", max(0, offset - limit), offset > 0),
    ):
        if there:
            body[name] = f"{url}?{urlencode({**query, 'offset': other, 'limit': limit})}"
    return 200, body
