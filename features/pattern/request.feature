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
        | with limit=0                                                                        |
        | with limit=0, and without a token                                                   |
        | by POST                                                                             |
        | by POST, and without a token                                                        |
      Then the vendor refuses each call without a token for that

  Rule: A list comes in pages that link to each other

    @id:VEN-10 @should
    Scenario: The pages hold the whole list
      Given the caller has logged in
      When the caller reads the list with limit=50 as far as nextPage leads
      Then each page has its members and links to pages of the vendor's host alone
      And all pages together hold as many different entries as the first one says

    @id:VEN-10 @should
    Scenario: A limit above the largest is refused or clamped
      Given the API has accepted the caller's token
      When the caller calls the API with limit=500
      Then the vendor refuses the limit or keeps to its own

  Rule: A 422 is accompanied by a more specific error message

    @id:VEN-11 @should
    Scenario: A bad query value is answered with a specific message
      Given the API has accepted the caller's token
      When the caller calls the API with limit=0
      Then the vendor says what is wrong
