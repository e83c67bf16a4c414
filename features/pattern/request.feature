@judge:vendor
Feature: Pattern Health serves API calls

  Rule: The access token is a Bearer token in the Authorization header

    @id:BRR-01 @must
    Scenario: A call with the token is served
      Given the caller has logged in
      When the caller calls the API
      Then the API accepts the token

    @id:BRR-08 @must
    Scenario: A token in the query is not accepted
      Given the API has accepted the caller's token
      When the caller calls the API with the token in the query
      Then the vendor refuses each of these calls with 401

  Rule: The bearer token is needed for all other API endpoints

    @id:VEN-18 @must
    Scenario: A call without a token is refused
      Given the API has accepted the caller's token
      When the caller calls each of these endpoints without a token
        | members      |
        | tasks        |
        | measurements |
      Then the vendor refuses each of these calls with 401 or 403

  Rule: A list comes in pages that link to each other

    @id:VEN-10 @should
    Scenario: The pages hold the whole list
      Given the caller has logged in
      When the caller reads the list with limit=50 as far as nextPage leads
      Then each page contains
        | totalCount | number |
        | limit      | number |
        | offset     | number |
        | results    | list   |
      And these links stay on the vendor's host, or are absent
        | nextPage     |
        | previousPage |
      And all results together are as many as totalCount says

    @id:VEN-10 @should
    Scenario: A limit above 200 is refused or clamped
      Given the caller has logged in
      When the caller calls the API with limit=500
      Then the vendor answers with 422 or with at most 200 results

  Rule: A 422 is accompanied by a more specific error message

    @id:VEN-11 @should
    Scenario: A bad query value is answered with a specific message
      Given the API has accepted the caller's token
      When the caller calls the API with limit=0
      Then the vendor says what is wrong
