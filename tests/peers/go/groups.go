package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
)

var sortedBy = map[string][]string{
	"members":      {"NAME", "LAST_NAME", "FIRST_NAME", "GENDER"},
	"tasks":        {"NAME"},
	"measurements": {"NAME", "START"},
}

const total = 7

// listed is the list of a group in the shape of Pattern's paging page: its status and body.
func listed(r *http.Request) (int, map[string]any) {
	message := func(status int, text string) (int, map[string]any) { return status, map[string]any{"message": text} }
	group, kind, query := r.PathValue("group"), r.PathValue("kind"), r.URL.Query()
	given := func(name, otherwise string) string {
		if query.Has(name) {
			return query.Get(name)
		}
		return otherwise
	}
	if group != os.Getenv("LOCUM_GROUP_ID") || sortedBy[kind] == nil {
		return message(404, "there is no such group or list")
	}
	limit, wrong := strconv.Atoi(given("limit", "200"))
	offset, wrongToo := strconv.Atoi(given("offset", "0"))
	switch {
	case wrong != nil || wrongToo != nil:
		return message(422, "limit and offset are whole numbers")
	case limit < 1 || offset < 0:
		return message(422, "limit begins at 1 and offset at 0")
	case !slices.Contains(sortedBy[kind], given("sortBy", "NAME")):
		return message(422, "sortBy names no column of this list")
	case !slices.Contains([]string{"ASC", "DESC"}, given("sortDirection", "ASC")):
		return message(422, "sortDirection is ASC or DESC")
	}
	limit = min(limit, 200)
	results := []map[string]string{}
	for number := offset + 1; number <= min(offset+limit, total); number++ {
		results = append(results, map[string]string{
			"href": fmt.Sprintf("/api/v1/groups/%s/members/%d", group, number), "title": fmt.Sprint("Member ", number),
		})
	}
	body := map[string]any{"totalCount": total, "limit": limit, "offset": offset, "results": results}
	page := func(offset int) string {
		query.Set("offset", strconv.Itoa(offset))
		query.Set("limit", strconv.Itoa(limit))
		return "http://" + r.Host + r.URL.Path + "?" + query.Encode()
	}
	if offset+limit < total {
		body["nextPage"] = page(offset + limit)
	}
	if offset > 0 {
		body["previousPage"] = page(max(0, offset-limit))
	}
	return 200, body
}
