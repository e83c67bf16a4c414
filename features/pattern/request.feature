@judge:vendor
Feature: Pattern Health serves API calls

  Rule: The access token is a Bearer token in the Authorization header

    @id:BRR-01 @must
    Scenario: A call with the token is served
      Given the caller has logged in
      When the caller calls the API
      And the caller calls the API
      And the caller calls the API
      And the caller calls the API
      Then the API accepts the token each time

    @id:BRR-08 @must
    Scenario: A token in the query is not accepted
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with the token in the query          |
        | with the token in the query as token |
      Then the vendor refuses each of these calls with 401

  Rule: The bearer token is needed for all other API endpoints

    @id:VEN-18 @must
    Scenario: A call without a token is refused
      Given the API has accepted the caller's token
      When the caller calls each of these endpoints without a token
        | members      |
        | tasks        |
        | measurements |
        | register     |
      And the caller calls the first entry of the list, and then without a token
      And the caller calls the API in each of these ways
        | by HEAD, and without a token |
      Then the vendor refuses each of these calls with 401 or 403

  Rule: A token without the needed permission gets 403

    @id:BRR-14 @should
    Scenario: A token without permission is told so
      Given the API has accepted the caller's token
      When a caller without permission calls the API
      Then the vendor refuses it with 403

  Rule: Who calls is checked before what is asked for

    @id:BRR-21 @should
    Scenario: An invalid call without a token
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | at /api/v1/groups/00000000-0000-4000-8000-000000000000/members                      |
        | at /api/v1/groups/00000000-0000-4000-8000-000000000000/members, and without a token |
        | at /api/v1/groups/{group}/members?limit=0                                           |
        | at /api/v1/groups/{group}/members?limit=0, and without a token                      |
        | at /api/v1/groups/{group}/members?limit=many                                        |
        | at /api/v1/groups/{group}/members?limit=many, and without a token                   |
      Then the vendor refuses each call without a token for that

    @id:BRR-21 @should
    Scenario: A registration of nobody without a token
      Given leave to create something
      And the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | by POST, and at /api/v1/groups/{group}/members                      |
        | by POST, and at /api/v1/groups/{group}/members, and without a token |
      Then the vendor refuses each call without a token for that

  Rule: A list comes in pages that link to each other

    @id:VEN-10 @must
    Scenario: The pages hold the whole list
      Given the caller has logged in
      When the caller reads the list with limit=50 as far as nextPage leads
      Then each page has its members and links to pages of the vendor's host alone
      And all pages together hold as many different entries as the first one says

    @id:VEN-10 @must
    Scenario: A limit above the largest is refused or clamped
      Given the API has accepted the caller's token
      When the caller calls the API with limit=500
      Then the vendor refuses the limit or keeps to its own

  Rule: limit sets the size of a page, and offset its starting point

    @id:VEN-36 @must
    Scenario: A page is the part of the list that was asked for
      Given the caller has logged in
      When the caller calls the API in each of these ways
        | at /api/v1/groups/{group}/members?limit=2                    |
        | at /api/v1/groups/{group}/members?limit=1&offset=1           |
        | at /api/v1/groups/{group}/members?limit=1&offset=1000000     |
        | at /api/v1/groups/{group}/members?limit=1&sortDirection=DESC |
        | at /api/v1/groups/{group}/members?limit=200                  |
      And the caller calls the API
      Then each page says what was asked for and is that part of the list

  Rule: Without includeSubgroups a list is of the group that was asked for

    @id:VEN-37 @must
    Scenario: No entry is of another group
      Given the caller has logged in
      When the caller reads each of these
        | members      |
        | tasks        |
        | measurements |
      Then each entry is of the group that was asked for

    @id:VEN-63 @must
    Scenario: The entries of groups below are there where they are asked for
      Given the caller has logged in
      When the caller reads each of these with the groups below, without them, and of a group below
        | members |
        | tasks   |
      Then the lists with the groups below have their entries

  Rule: A filter limits the result to what it names

    @id:VEN-38 @must
    Scenario: Each filter leaves what it names, and nothing else
      Given the caller has logged in
      When the caller reads each of these
        | members      |
        | tasks        |
        | measurements |
      And the caller limits each list to what some of its entries have
        | members | gender        |
        | members | tagValue      |
        | members | attribute     |
        | tasks   | status        |
        | tasks   | type          |
        | tasks   | taskDateStart |
        | tasks   | taskDateEnd   |
        | tasks   | progress      |
        | measurements | startDate |
        | measurements | endDate   |
      Then each list has the entries that the filter names, and no others

    @id:VEN-39 @must
    Scenario: The sort direction turns the list around
      Given the caller has logged in
      When the caller calls the API in each of these ways
        | at /api/v1/groups/{group}/members?sortBy=LAST_NAME&sortDirection=ASC  |
        | at /api/v1/groups/{group}/members?sortBy=LAST_NAME&sortDirection=DESC |
      Then the second list is the first one backwards

    @id:VEN-62 @must
    Scenario: A list is in the order that was asked for
      Given the caller has logged in
      When the caller calls the API in each of these ways
        | at /api/v1/groups/{group}/members?sortBy=FIRST_NAME&sortDirection=ASC |
        | at /api/v1/groups/{group}/members?sortBy=LAST_NAME&sortDirection=ASC  |
        | at /api/v1/groups/{group}/members?sortBy=GENDER&sortDirection=ASC     |
        | at /api/v1/groups/{group}/measurements?sortBy=START&sortDirection=ASC |
      Then each list is in its order

  Rule: An entry has the members that the page shows, and its href leads to it

    @id:VEN-40 @should
    Scenario: The entries of lists are as the pages show them
      Given the caller has logged in
      When the caller reads each of these
        | members      |
        | tasks        |
        | measurements |
      Then each entry has the members of the page

    @id:VEN-42 @must
    Scenario: The href of an entry leads to it
      Given the caller has logged in
      When the caller reads each of these
        | members |
        | tasks   |
      And the caller follows the href of the first entry of each list
      Then each is the entry that the list has

  Rule: What does not exist is answered with 404

    @id:VEN-41 @must
    Scenario: Nobody has such an id
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | on a path that nobody knows                                            |
        | at /api/v1/locum-nowhere                                               |
        | at /api/v1/groups/00000000-0000-4000-8000-000000000000/members         |
        | at /api/v1/groups/{group}/members/00000000-0000-4000-8000-000000000000 |
        | at /api/v1/groups/{group}/tasks/00000000-0000-4000-8000-000000000000   |
      Then the vendor answers each of these calls with 404

    @id:VEN-41 @must
    Scenario: Another group has no such member or task
      Given the caller has logged in
      When the caller reads each of these
        | members |
        | tasks   |
      And the caller looks for an entry of each list in a group below, which does not list it
      Then the vendor answers each of these calls with 404

  Rule: A 422 is accompanied by a more specific error message

    @id:VEN-11 @must
    Scenario: A bad query value is answered with a specific message
      Given the caller has logged in
      When the caller reads each of these
        | members |
      And the caller calls the API in each of these ways
        | at /api/v1/groups/{group}/members?limit=0                   |
        | at /api/v1/groups/{group}/members?limit=many                |
        | at /api/v1/groups/{group}/members?offset=-1                 |
        | at /api/v1/groups/{group}/members?sortDirection=SIDEWAYS    |
        | at /api/v1/groups/{group}/members?gender=locum              |
        | at /api/v1/groups/{group}/members?sortBy=LOCUM              |
        | at /api/v1/groups/{group}/members?includeSubgroups=perhaps  |
        | at /api/v1/groups/{group}/members?enrollmentDate=yesterday  |
        | at /api/v1/groups/{group}/members?enrollmentDate=2999-01-01 |
        | at /api/v1/groups/{group}/members?enrollmentDate=2020-13-45 |
      Then the vendor says what is wrong

    @id:VEN-11 @must
    Scenario: A bad value of a filter is answered with a specific message
      Given the caller has logged in
      When the caller reads each of these
        | tasks        |
        | measurements |
      And the caller calls the API in each of these ways
        | at /api/v1/groups/{group}/tasks?status=locum                                    |
        | at /api/v1/groups/{group}/tasks?type=locum                                      |
        | at /api/v1/groups/{group}/tasks?taskDateStart=2026-02-02&taskDateEnd=2026-02-01 |
        | at /api/v1/groups/{group}/measurements?startDate=2026-02-02&endDate=2026-02-01  |
        | at /api/v1/groups/{group}/measurements?endDate=yesterday                        |
      Then the vendor says what is wrong

    @id:VEN-66 @must
    Scenario: A registration without what is mandatory registers nobody
      Given leave to create something
      And the API has accepted the caller's token
      When the caller creates one of /api/v1/groups/{group}/members
        """
        {"groupMember": {"user": {"firstName": "Lo", "lastName": "Cum", "email": "locum@example.com"}}}
        """
      And the caller creates one of /api/v1/groups/{group}/members
        """
        {"inviteCode": "LOCUM-1", "groupMember": {"tags": []}}
        """
      Then the vendor registers nobody and says 422
