@judge:vendor
Feature: Athelas refuses in JSON and keeps secrets

  Rule: All error responses include a JSON body

    @id:ERR-13 @must
    Scenario: Refusals have a JSON body
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with another password |
        | without the username  |
        | by GET                |
      And the caller calls the API in each of these ways
        | without a token             |
        | on a path that nobody knows |
      Then the error replies have a JSON body

  Rule: Errors have detail, too many requests have details

    @id:VEN-05 @must
    Scenario: Refusals have detail as text or list
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with another password |
        | without the username  |
      And the caller calls the API in each of these ways
        | without a token             |
        | on a path that nobody knows |
      Then each error reply has detail as text or list

    @id:VEN-05 @must @id:HTT-07 @may
    Scenario: Too many requests have details
      Given the vendor's setting rate_limit is 1
      And the API has accepted the caller's token
      When the caller calls the API
      Then the error reply has details as text or list

  Rule: No reply repeats a secret, password or refused token that the request contained

    @id:ERR-12 @must
    Scenario: Refusals repeat nothing
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | without the username                   |
        | with the credentials in a Basic header |
        | with everything in the query           |
        | as JSON                                |
      And the caller calls the API in each of these ways
        | with the token altered in its last letter |
        | with the token in the query               |
        | with the token in quotes                  |
        | with the scheme Basic                     |
      Then no reply repeats a secret or token of its request
      And no token tells a secret
